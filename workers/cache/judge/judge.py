"""May the stored answer to one question be given to another? Similarity proposes, guards decide.

Most pairs that differ are refused at a glance (glance.py). The others are taken apart, long ones only where they differ
(excerpt.py), and the guards run in a fixed order, cheapest and plainest first; the first that refuses is named in the
verdict. None of them needs a model. Whatever they cannot show to be the same is refused: a needless miss costs one call,
a wrong hit a user.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from workers.cache.judge import align, glance, problems, same
from workers.cache.judge.align import Pair
from workers.cache.judge.excerpt import SHORTEST, differing
from workers.cache.judge.guards import arrangement, content, exact, little, owner
from workers.cache.judge.text import KEPT, Text

Guard = Callable[[Pair], str | None]

MOST_CHARS: Final = 8_000  # of each text that is glanced at in the loop
LONGEST_PREPARED: Final = 700  # characters; copies of more than 600 are compared where they differ (excerpt.py)
LEAST_SIMILARITY: Final = (
    0.70  # below it even the same words are about something else; nothing was lost to it when tuning
)

# In this order: what must be equal to the letter, then the little words, then the content words.
GUARDS: Final[tuple[tuple[str, Guard], ...]] = (
    ("numbers", exact.numbers),
    ("code", exact.code),
    ("quotation", exact.quoted),
    ("acronym", exact.acronyms),
    ("negation", little.negation),
    ("question", little.question),
    ("question", little.listing),
    ("quantifier", little.quantifiers),
    ("modality", little.modality),
    ("manner", little.manner),
    ("person", owner.person),
    ("condition", little.condition),
    ("antonym", content.opposites),
    ("time", exact.times),
    ("language", exact.language),
    ("name", exact.names),
    ("words", content.words),
    ("order", content.order),
    ("order", arrangement.arrangement),
    ("direction", little.direction),
    ("tense", little.tense),
    ("plural", owner.plural),
    ("reference", little.reference),
    ("sense", content.sense),
)


# These look at more than the words and their places; of the others, none has anything to say of the same words.
LETTERS: Final = frozenset({
    exact.numbers, exact.code, exact.quoted, exact.acronyms, exact.language, little.question, little.listing,
    little.quantifiers, little.modality, little.manner, little.tense, owner.person, content.sense,
})  # fmt: skip
GUARDS_OF_SAME_WORDS: Final = tuple((name, guard) for name, guard in GUARDS if guard in LETTERS)


class Verdict(NamedTuple):
    """What the judge says of one pair.

    Attributes:
        similarity: the cosine of the two embeddings, -1 to 1.
        hit: the stored answer may be given.
        reason: one sentence for people; it may hold words of the two questions, so it is not for logs.
        guard: the name of the guard that refused, or of what accepted (`same`, `rephrased`, `problem`).
    """

    similarity: float
    hit: bool
    reason: str
    guard: str


class Judge:
    """Decides pairs. It holds no state, and any number of threads may use one.

    Arguments of its methods:
        stored: the question that was answered.
        asked: the question of now.
        similarity: the cosine of their embeddings, -1 to 1.
    """

    def judge(self, stored: str, asked: str, similarity: float) -> Verdict:
        """Decide whether the stored question's answer may be given to the question that is asked."""
        return self.glance(stored, asked, similarity) or self.read(stored, asked, similarity)

    def glance(self, stored: str, asked: str, similarity: float) -> Verdict | None:
        """Decide what needs no reading: equal texts and plainly different ones. None: they are to be read.

        It takes 20 to 30 us for two short questions, and 1.3 ms at the most for two of 6,000 characters; longer ones are
        left to `read`, which may run beside the loop.
        """
        if stored == asked:
            return Verdict(similarity, hit=True, reason="the same text", guard="same")
        if similarity < LEAST_SIMILARITY:
            return Verdict(similarity, hit=False, reason=f"not similar enough: {similarity:.3f}", guard="similarity")
        if same.ended_alike(stored, asked):
            return Verdict(similarity, hit=True, reason="the same text but for its end", guard="same")
        longest = max(len(stored), len(asked))
        if longest < SHORTEST:
            found = glance.seen(stored, asked)
            if found is glance.SAME:
                return Verdict(similarity, hit=True, reason=glance.SAME[1], guard=glance.SAME[0])
        else:
            found = glance.refusal(*differing(stored, asked)) if longest <= MOST_CHARS else None
        return _refused(similarity, found) if found else None

    def prepare(self, stored: str) -> None:
        """Take a stored question apart before another one is compared with it; 2 ms at the most."""
        if len(stored) <= LONGEST_PREPARED:
            glance.prepare(stored)
            Text.of(stored)

    def chars(self, stored: str, asked: str) -> int:
        """Count the letters that `read` takes apart; of long texts, those where they differ."""
        if max(len(stored), len(asked)) > MOST_CHARS:
            return len(stored) + len(asked)
        return sum(map(len, differing(stored, asked)))

    @staticmethod
    def forget() -> None:
        """Know no text any more; every one is new again."""
        glance.forget()
        align.forget()
        problems.forget()
        KEPT.clear()

    def read(self, stored: str, asked: str, similarity: float) -> Verdict:
        """Decide what a glance did not, by taking both texts apart; this takes time for each letter."""
        left, right = differing(stored, asked)
        if max(len(stored), len(asked)) > MOST_CHARS and (found := glance.refusal(left, right)):
            return _refused(similarity, found)
        pair = Pair(Text.of(left), Text.of(right))
        if max(len(stored), len(asked)) <= problems.LONGEST_PROBLEM and problems.applies(pair, similarity):
            return _problem(pair, similarity)
        for name, guard in GUARDS_OF_SAME_WORDS if pair.same_words else GUARDS:
            if reason := guard(pair):
                return _refused(similarity, (name, reason))
        return Verdict(similarity, hit=True, reason=_accepted(pair), guard=_how(pair))


def _refused(similarity: float, found: tuple[str, str]) -> Verdict:
    """Make a verdict of the guard that refuses and its reason."""
    return Verdict(similarity, hit=False, reason=f"{found[0]}: {found[1]}", guard=found[0])


def _problem(pair: Pair, similarity: float) -> Verdict:
    if found := problems.refusal(pair):
        return _refused(similarity, found)
    return Verdict(
        similarity, hit=True, reason="the same word problem: numbers, roles, names and question agree", guard="problem"
    )


def _how(pair: Pair) -> str:
    return "same" if all(match.how == "same" for match in pair.matches) else "rephrased"


def _accepted(pair: Pair) -> str:
    changed = [f"{match.left.form} = {match.right.form}" for match in pair.matches if match.how != "same"]
    return glance.SAME[1] if not changed else f"the same but for {', '.join(changed[:4])}"
