"""May the stored answer to one question be given to another? Similarity proposes, guards decide.

The guards run in a fixed order, cheapest and plainest first; the first that refuses is named in the verdict. None of them
needs a model. Whatever they cannot show to be the same is refused: a needless miss costs one call, a wrong hit a user.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.cache.judge import problems
from workers.cache.judge.align import Pair
from workers.cache.judge.guards import arrangement, content, exact, little, owner
from workers.cache.judge.text import Text

Vector = NDArray[np.float32]
Guard = Callable[[Pair], str | None]

LEAST_SIMILARITY: Final = (
    0.70  # below it even the same words are about something else; nothing was lost to it when tuning
)
LONGEST_PROBLEM: Final = 4000  # characters of a text that is read as a word problem

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


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge says of one pair.

    Attributes:
        similarity: inner product of the two vectors, -1 to 1.
        hit: the stored answer may be given.
        reason: one sentence for people; it may hold words of the two questions, so it is not for logs.
        guard: the name of the guard that refused, or of what accepted (`same`, `rephrased`, `problem`).
    """

    similarity: float
    hit: bool
    reason: str
    guard: str


class Judge:
    """Decides pairs. It holds no state, and any number of threads may use one."""

    def judge(self, stored: Text, asked: Text, vectors: tuple[Vector, Vector]) -> Verdict:
        """Decide whether the stored question's answer may be given to the question that is asked.

        Args:
            stored: the question that was answered.
            asked: the question of now.
            vectors: their embeddings in the same order, each of length one.
        """
        similarity = float(np.dot(*vectors))
        if stored.core == asked.core and stored.raw == asked.raw:
            return Verdict(similarity, hit=True, reason="the same text", guard="same")
        if similarity < LEAST_SIMILARITY:
            return Verdict(similarity, hit=False, reason=f"not similar enough: {similarity:.3f}", guard="similarity")
        pair = Pair(stored, asked)
        if max(len(stored.raw), len(asked.raw)) <= LONGEST_PROBLEM and problems.applies(pair, similarity):
            return _problem(pair, similarity)
        for name, guard in GUARDS:
            reason = guard(pair)
            if reason:
                return Verdict(similarity, hit=False, reason=f"{name}: {reason}", guard=name)
        return Verdict(similarity, hit=True, reason=_accepted(pair), guard=_how(pair))


def _problem(pair: Pair, similarity: float) -> Verdict:
    refused = problems.refusal(pair)
    if refused:
        return Verdict(similarity, hit=False, reason=f"{refused[0]}: {refused[1]}", guard=refused[0])
    return Verdict(
        similarity, hit=True, reason="the same word problem: numbers, roles, names and question agree", guard="problem"
    )


def _how(pair: Pair) -> str:
    return "same" if all(match.how == "same" for match in pair.matches) else "rephrased"


def _accepted(pair: Pair) -> str:
    changed = [f"{match.left.form} = {match.right.form}" for match in pair.matches if match.how != "same"]
    return "the same words" if not changed else f"the same but for {', '.join(changed[:4])}"
