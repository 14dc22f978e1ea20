"""Guards over the little words: negation, amounts, question, modality, tense, person, conditions, direction."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container
from itertools import pairwise

from workers.cache.judge.align import Match, Pair
from workers.cache.judge.guards.degree import degrees, helped, valued
from workers.cache.judge.guards.governed import governed
from workers.cache.judge.guards.likeness import lasting
from workers.cache.judge.lexicon import is_past, known, lemmas, lexicon
from workers.cache.judge.text import Text, Word
from workers.cache.judge.words import (
    AMOUNTS,
    AUXILIARIES,
    CONJUNCTIONS,
    DEMONSTRATIVES,
    MODALS,
    NEGATORS,
    PREPOSITIONS,
    QUESTIONS,
    SOFT,
    listed,
)


def _attached(text: Text, wanted: Container[str]) -> list[tuple[str, int]]:
    """List the wanted function words, each with the place of the content word after it (-1: none)."""
    found, waiting = [], []
    for word in text.words:
        if word.kind == "function":
            if word.form in wanted:
                waiting.append(word.form)
        else:
            found += [(form, word.at) for form in waiting]
            waiting = []
    return found + [(form, -1) for form in waiting]


def _surplus(left: list[str], right: list[str]) -> str:
    """Give the first that one side has more often than the other; empty when there is none."""
    one, other = Counter(left), Counter(right)
    return "" if one == other else next(iter((one - other) + (other - one)))


def differ(pair: Pair, wanted: frozenset[str]) -> str | None:
    """Compare these little words and what they belong to; returns the first that has no counterpart."""
    if wanted.isdisjoint(pair.said) or pair.same_words:
        return None
    left, right = _attached(pair.left, wanted), _attached(pair.right, wanted)
    if not left and not right:
        return None
    one, other = Counter(form for form, _ in left), Counter(form for form, _ in right)
    if one != other:
        return next(iter((one - other) + (other - one)))
    mapped = Counter((form, pair.partner.get(at, at)) for form, at in left if at < 0 or at in pair.partner)
    rest = mapped - Counter(right)
    return next(iter(rest))[0] if rest else None


def negation(pair: Pair) -> str | None:
    """Refuse when a negation stands on one side only, or over another word."""
    found = differ(pair, NEGATORS)
    return f"negation: {found}" if found else None


def quantifiers(pair: Pair) -> str | None:
    """Refuse when a word of amount, frequency or degree stands on one side only, or before another word."""
    found = differ(pair, AMOUNTS)
    if not found and "some" in pair.said and _some(pair.left) != _some(pair.right):
        found = "some"
    found = found or degrees(pair)
    return f"the amount differs: {found}" if found else None


def _some(text: Text) -> int:
    """Count `some` behind a preposition: tax on some gifts is not tax on gifts, where `some gifts` may be any."""
    words = text.words
    return sum(
        word.form == "some" and before.form in PREPOSITIONS and before.form != "of" for before, word in pairwise(words)
    )


def question(pair: Pair) -> str | None:
    """Refuse when the question words differ, or one is a yes-or-no question and the other not."""
    left, right = _asked(pair.left), _asked(pair.right)
    if not left or not right:  # a topic alone asks what it is: scope of data science
        bare = [_TOPIC.sub("", text.core) for text in (pair.left, pair.right)]
        if bare[0] == bare[1]:
            return None
    return None if left == right else f"the questions differ: {_said(left)} and {_said(right)}"


_TOPIC = re.compile(r"^(what|who) (is|are) (the |a |an )?|^(the|a|an) |[?.! ]+$")


def listing(pair: Pair) -> str | None:
    """Refuse when one asks what a thing is and the other for some of the kind: a fallacy, some fallacies."""
    kinds = [_LISTING.search(text.core) is not None for text in (pair.left, pair.right)]
    single = [_DEFINING.search(text.core) is not None for text in (pair.left, pair.right)]
    if (kinds[0] and single[1]) or (kinds[1] and single[0]):
        return "the questions differ: what it is, and some of them"
    found = valued(pair)
    return f"the questions differ: {found}" if found else None


_LISTING = re.compile(r"^what are (some|several|a few) ")
_DEFINING = re.compile(r"^what is an? ")


def _said(asked: list[str]) -> str:
    return " ".join(asked) or "a request"


def _asked(text: Text) -> list[str]:
    found, opening = [], True
    sentence = -1
    words = text.words
    for at, word in enumerate(words):
        if word.sentence != sentence:
            sentence, opening = word.sentence, True
        after = words[at + 1].form if at + 1 < len(words) else ""
        if word.form in QUESTIONS:
            found.append(
                "what"
                if word.form == "which"
                else f"how {after}"
                if word.form == "how" and _measure(words, at)
                else word.form
            )
        elif opening and word.form in _YES_NO and word.kind == "function":
            found.append("yes or no")
        opening = False
    return found


_YES_NO = {form for form, tense in AUXILIARIES.items() if tense} | {
    "can",
    "could",
    "should",
    "will",
    "would",
    "may",
    "must",
    "might",
    "shall",
}


def _measure(words: tuple[Word, ...], at: int) -> bool:
    """`How much`, `how far`: the word after `how` is neither an auxiliary nor a subject."""
    if at + 1 >= len(words):
        return False
    after = words[at + 1]
    graded = not known(after.form) or any(
        set("ar") & set(lexicon().parts.get(lemma, "")) for lemma in lemmas(after.form)
    )
    return (after.kind == "content" and graded) or after.form in {
        "many",
        "much",
        "often",
        "few",
        "less",
        "more",
        "soon",
        "late",
        "early",
    }


def modality(pair: Pair) -> str | None:
    """Refuse when may, can, should, must, will or would differ."""
    left, right = (
        [MODALS[word.form] for word in text.words if word.form in MODALS] for text in (pair.left, pair.right)
    )
    if left != right and (found := _surplus(left, right)):
        return f"the modality differs: {found}"
    framed = [_FRAMED.search(text.raw.lower()) for text in (pair.left, pair.right)]
    if framed[0] and framed[1] and MODALS.get(framed[0][1]) != MODALS.get(framed[1][1]):
        return f"the modality differs: {framed[0][1]} and {framed[1][1]}"
    return None


def manner(pair: Pair) -> str | None:
    """Refuse when one asks for the easiest way and the other for the fastest, though either may ask just how.

    A way to a place is another one when it is to be fast or easy, whatever the other side says.
    """
    said = [{_MANNERS[found] for found in _MANNER.findall(text.raw.lower())} for text in (pair.left, pair.right)]
    if said[0] != said[1] and (all(said) or any(_WAY_THERE.search(text.core) for text in (pair.left, pair.right))):
        return "the manner differs"
    return None


_WAY_THERE = re.compile(
    r"^how do (?:i|one) (?:get (?:(?:from|home|back|out|here|there|around)\b|(?:[a-z]+ )?to (?:the |my )?[a-z])"
    r"|(?:travel|reach|go|drive|fly|send|ship|commute|walk|move)\b)"
)


_MANNERS = dict.fromkeys(listed("easy easiest simple simplest"), "easy") | dict.fromkeys(
    listed("quick quickest fast fastest"), "fast"
)
_MANNER = re.compile(r"\b(" + "|".join(_MANNERS) + r")\b(?=(?: \w+)? (?:way|method|means|procedure|process|step)s?\b)")
_FRAMED = re.compile(
    r"\bwhat (?:steps )?(do|can|could|should|must|shall) \w+ (?:(?:need|have|want) to )?(?:do|take|follow)\b"
)  # a frame that is read as how do i


def tense(pair: Pair) -> str | None:
    """Refuse when one speaks of the past and the other not."""
    if pair.same_words:
        found = lasting(pair)
        return f"the tense differs: {found}" if found else None
    left, right = (sum(AUXILIARIES.get(word.form) == "past" for word in text.words) for text in (pair.left, pair.right))
    changed = [
        match for match in pair.matches if match.how == "form" and is_past(match.left.form) != is_past(match.right.form)
    ]
    if left != right and not (
        len(changed) == 1
        and left + is_past(changed[0].left.form) == right + is_past(changed[0].right.form)
        and not _perfect(pair)
    ):
        return "the tense differs"
    if left == right and changed and not (left == 1 and len(changed) == 1 and _did(pair)):
        return f"the tense differs: {changed[0].left.form} and {changed[0].right.form}"
    found = helped(pair) or lasting(pair)
    return f"the tense differs: {found}" if found else None


def _perfect(pair: Pair) -> bool:
    """Tell whether one side says has or have done: it has not gone through yet, and did not go through, differ."""
    said = [
        any(word.form in {"has", "have"} and word.kind == "function" for word in text.words)
        for text in (pair.left, pair.right)
    ]
    return said[0] != said[1]


def _did(pair: Pair) -> bool:
    """Tell whether both say did: `why did they acquired it` is a slip, the past is said already."""
    return all(any(word.form == "did" for word in text.words) for text in (pair.left, pair.right))


def condition(pair: Pair) -> str | None:
    """Refuse when or, if, because, unless, than and the like stand on one side only."""
    if CONJUNCTIONS.isdisjoint(pair.said):
        return None
    left, right = ([word.form for word in text.words if word.form in CONJUNCTIONS] for text in (pair.left, pair.right))
    if left != right and (found := _surplus(left, right)):
        return f"a condition or choice differs: {found}"
    return None


def direction(pair: Pair) -> str | None:
    """Refuse when a preposition before the same word is another one, unless both say the same place or topic."""
    for match in pair.matches:
        one, other = match.left.role, match.right.role
        if (
            one != other
            and match.left.at not in pair.turned
            and (_states(pair, match) or not any(one in soft and other in soft for soft in SOFT))
        ):
            return f"direction: {one or 'nothing'} and {other or 'nothing'} before {match.right.form}"
    if found := governed(pair):
        return f"direction: {found}"
    if lost := _lost(pair):
        return f"direction: only on one side: {lost}"
    left, right = (_directed(text) for text in (pair.left, pair.right))
    if left != right and (found := _surplus(left, right)):
        return f"direction: only on one side: {found}"
    return None


def _states(pair: Pair, match: Match) -> bool:
    """Tell whether the preposition follows a form of be on one side only: what is a kiss, what is in a kiss."""
    for text, word in ((pair.left, match.left), (pair.right, match.right)):
        before = [
            other.form
            for other in text.words[max(0, word.at - 4) : word.at]
            if other.form not in {"a", "an", "the", "my", "your"}
        ]
        if word.role and "" in {match.left.role, match.right.role} and before[-2:-1] and before[-2] in AUXILIARIES:
            return True
    return False


_PLAIN = frozenset(
    listed("""
    in at of on for to about regarding concerning within toward towards
""")
)


def _directed(text: Text) -> list[str]:
    """List the prepositions that turn things around and are not already the role of a content word (out of, up)."""
    found = []
    role, doing = "", False
    for word in reversed(text.words):
        if word.kind != "function":
            role, doing = word.role, not word.role and word.form.endswith("ing")
        elif word.form in PREPOSITIONS and word.form not in _PLAIN:
            if word.form != role and not (doing and word.form in {"by", "via"}):  # by writing: no role of its own
                found.append(word.form)
            role, doing = "", False
        else:
            doing = False
    return found


def _lost(pair: Pair) -> str | None:
    """Find a preposition that turns things around and stands before a word that may stand or not (out the world)."""
    alone = [word.role for word in (*pair.alone_left, *pair.alone_right)]
    return next((role for role in alone if role and role not in _PLAIN), None)


def reference(pair: Pair) -> str | None:
    """Refuse when one speaks of this or these, and the other of any, or of something else."""
    found = differ(pair, DEMONSTRATIVES)
    if not found and _pointed(pair.left) != _pointed(pair.right):
        found = "that, it or there"
    return f"what it refers to differs: {found}" if found else None


def _pointed(text: Text) -> Counter[str]:
    """Count what points to something said before: for that, of it, in there; and a statement that begins `that is`."""
    words = text.words
    found: Counter[str] = Counter()
    for at, word in enumerate(words):
        before = words[at - 1].form if at else ""
        after = words[at + 1] if at + 1 < len(words) and words[at + 1].sentence == word.sentence else None
        if (
            word.form in {"that", "it", "there"}
            and before in PREPOSITIONS
            and (after is None or after.form in CONJUNCTIONS)
        ):
            found[word.form] += 1
        elif (
            word.form == "that"
            and after
            and after.form in {"is", "was"}
            and (not at or words[at - 1].sentence != word.sentence)
        ):
            found["that is"] += 1
    return found
