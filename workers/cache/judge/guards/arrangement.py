"""Guard over the places of the little words: the same words, and one of them somewhere else."""

from __future__ import annotations

from collections import Counter
from typing import Final

from workers.cache.judge.align import Pair
from workers.cache.judge.text import Text
from workers.cache.judge.words import (
    CONJUNCTIONS,
    NEGATORS,
    PERSONS,
    POSSESSIVES,
    PREPOSITIONS,
    QUANTIFIERS,
    QUESTIONS,
)

_CHAINED: Final = frozenset(
    ["supposed", "able", "ought", "need_to", "have_to", "had_to", "used_to"]
)  # the others move in a question
_TURNING: Final = frozenset().union(CONJUNCTIONS, _CHAINED, NEGATORS, PERSONS, PREPOSITIONS, QUANTIFIERS, QUESTIONS) - POSSESSIVES - {
    "also", "too", "just", "even", "still", "yet", "not",
}  # fmt: skip
_RECEIVERS: Final = frozenset(["me", "us", "him", "them"])
_DETERMINERS: Final = frozenset(["a", "an", "the", "my", "some", "any", "another", "this", "your"])


def arrangement(pair: Pair) -> str | None:
    """Refuse when the little words are the same and stand elsewhere (more than one, one than more; call me bob, call bob for me)."""
    if moved := _receiver(pair):
        return f"little words in another order: {moved}"
    if pair.turned or len(pair.left.content) != len(pair.right.content):
        return None  # phrases that may change places, or one word written as two
    places = [match.right.at for match in pair.matches]
    if places != sorted(places) or pair.alone_left or pair.alone_right:
        return None  # another guard compares the order of the content words
    left, right = (_placed(text) for text in (pair.left, pair.right))
    if left == right or Counter(form for form, _ in left) != Counter(form for form, _ in right):
        return None
    return f"little words in another order: {next(one for one, two in zip(left, right, strict=True) if one != two)[0]}"


def _placed(text: Text) -> list[tuple[str, int]]:
    """List the little words, each with how many content words stand before it."""
    found, before = [], 0
    for word in text.words:
        if word.kind != "function":
            before += 1
        elif word.form in _TURNING:
            found.append((word.form, before))
    return found


def _receiver(pair: Pair) -> str:
    """Find who gets something on one side and is called something on the other; `set me a reminder` is `set one for me`."""
    left, right = (_received(text) for text in (pair.left, pair.right))
    if left == right or Counter(form for form, _, _ in left) != Counter(form for form, _, _ in right):
        return ""
    for (form, before, gets), (_, place, receives) in zip(left, right, strict=True):
        if before != place and not (gets and receives):
            return form
    return ""


def _received(text: Text) -> list[tuple[str, int, bool]]:
    """List such pronouns: how many content words stand before each, and whether it surely receives (for me, me a)."""
    found, before = [], 0
    words = text.words
    for at, word in enumerate(words):
        if word.kind != "function":
            before += 1
        elif word.form in _RECEIVERS:
            led = at > 0 and words[at - 1].form in {"for", "to"}
            followed = at + 1 < len(words) and words[at + 1].form in _DETERMINERS
            found.append((word.form, before, led or followed))
    return found
