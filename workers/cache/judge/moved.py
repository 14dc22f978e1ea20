"""Two texts of nearly the same words: one word in the place of another that is said elsewhere too, or two in each other's places.

Which words stand on one side only does not show these; where they stand does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from workers.cache.judge.align import answering, is_typo, shapes
from workers.cache.judge.bag import is_joined, listed
from workers.cache.judge.lexicon import american, lexicon
from workers.cache.judge.ordinary import SHORTEST, is_ordinary, is_ordinary_in, may_be_ordinary
from workers.cache.judge.words import PREPOSITIONS

FEWEST_APART: Final = 3  # words on one side only, from which on it is something else that differs
_LISTING: Final = frozenset(["and", "or", "vs", "versus", "between"])


def refusal(stored: str, asked: str) -> tuple[str, str] | None:
    """Say which guard would refuse two texts, and why; None when that is not seen."""
    left, right = listed(stored), listed(asked)
    if len(left) != len(right):
        return None
    begin, end = 0, len(left)
    while begin < end and left[begin] == right[begin]:
        begin += 1
    while begin < end and left[end - 1] == right[end - 1]:
        end -= 1
    if end - begin == 1:
        return _exchanged(left[begin], right[begin], (stored, asked))
    one, other = left[begin:end], right[begin:end]
    if end - begin < 2 or one[0] != other[-1] or one[-1] != other[0] or one[1:-1] != other[1:-1]:
        return None
    return _turned(one, left[begin - 1] if begin else "")


def _exchanged(one: str, other: str, texts: tuple[str, str]) -> tuple[str, str] | None:
    if min(len(one), len(other)) < SHORTEST or not any(is_ordinary_in(word, texts) for word in (one, other)):
        return None
    if not answering(one).isdisjoint(shapes(other)) or is_typo(american(one), american(other)):
        return None
    return None if is_joined(one, other) or is_joined(other, one) else ("words", f"only on one side: {one}, {other}")


def _turned(words: Sequence[str], before: str) -> tuple[str, str] | None:
    """Judge two words in each other's places; a list may be turned around, and phrases with the same preposition."""
    one, between, other = words[0], words[1:-1], words[-1]
    if not (is_ordinary(one) or is_ordinary(other)) or not all(map(may_be_ordinary, (one, other))):
        return None
    if any(word == "online" or lexicon().parts.get(word) == "r" for word in (one, other)):
        return None  # adverbs stand anywhere
    if not _LISTING.isdisjoint(between) and "than" not in between:
        return None
    if between and between[-1] in PREPOSITIONS and between[-1] == before:
        return None
    return "order", f"the same words in another order: {one} and {other}"
