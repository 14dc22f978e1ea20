"""One little word in the place of another, or one more of them: the commonest way in which a near copy asks something else.

The guards over little words refuse all of this; here it is seen without taking the texts apart. What may stand for another
in some frame (how can I, how do I; what, which) is left to them.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import combinations
from typing import Final

from workers.cache.judge.align import contrary
from workers.cache.judge.numbers import COUNTED, name

Words = frozenset[str]
_PLAIN: Final = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?")

_ORDERED: Final = frozenset(["last", "next", "previous"])


def _across(*groups: str) -> frozenset[Words]:
    """List all pairs of words of different groups."""
    classes = [group.split() for group in groups]
    return frozenset(
        frozenset((one, other)) for left, right in combinations(classes, 2) for one in left for other in right
    )


def _between(*pairs: str) -> frozenset[Words]:
    return frozenset(frozenset(pair.split()) for pair in pairs)


_APART: Final[tuple[tuple[str, str, frozenset[Words]], ...]] = (
    ("question", "the questions differ", _across("why", "when", "where", "who", "how") | _across("what", "why")),
    ("modality", "the modality differs", _across("should", "would", "must", "may might", "will")),
    ("tense", "the tense differs", _across("do does", "did")),
    ("person", "the person differs", _across("i me my", "he him his she they them their")),
    ("direction", "direction", _between("in out", "up down", "before after", "over under", "above below", "to from")),
)
_MORE: Final = (
    ("negation", "negation", frozenset(["not", "never"])),
    ("question", "the questions differ", frozenset(["when", "where"])),
    ("quantifier", "the amount differs", frozenset(["most", "every", "only", "many", "always", "few"])),
)


def refusal(alone_left: Words, alone_right: Words) -> tuple[str, str] | None:
    """Say which guard refuses two texts that have all words in common but one of each, or one more on one side; and why."""
    if len(alone_left) == 1 == len(alone_right):
        return _exchanged(*alone_left, *alone_right)
    if len(alone_left) + len(alone_right) == 1:
        (word,) = alone_left | alone_right
        return next(((guard, f"{why}: {word}") for guard, why, words in _MORE if word in words), None)
    return None


def _exchanged(one: str, other: str) -> tuple[str, str] | None:
    left, right = named(one), named(other)
    alike = left.endswith("th") == right.endswith("th")  # the world war two is the second one
    if left != right and (alike if left and right else not _ORDERED.isdisjoint((one, other))):
        return "numbers", f"the numbers differ: {one} and {other}"
    both = frozenset((one, other))
    for guard, why, pairs in _APART:
        if both in pairs:
            return guard, f"{why}: {one} and {other}"
    return ("antonym", f"opposites: {one} and {other}") if contrary(one, other) else None


def named(word: str) -> str:
    """Name a number in plain digits, or in one word, so that equal ones are named equally; empty when it is neither."""
    if word in COUNTED:
        return COUNTED[word]
    return name(Fraction(word.replace(",", ""))) if word[0].isdigit() and _PLAIN.fullmatch(word) else ""
