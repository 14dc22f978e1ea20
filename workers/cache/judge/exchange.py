"""One little word in the place of another, or one more of them: the commonest way in which a near copy asks something else.

The guards over little words refuse all of this; here it is seen without taking the texts apart. What may stand for another
in some frame (how can I, how do I; what, which) is left to them.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from fractions import Fraction
from itertools import combinations
from typing import Final

from workers.cache.judge.align import contrary
from workers.cache.judge.numbers import COUNTED, name
from workers.cache.judge.words import CONJUNCTIONS, CURRENCIES, NEGATORS, UNITS, listed

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
    (
        "modality",
        "the modality differs",
        _across("should", "would", "must", "may might", "will") | _between("can must", "do must"),
    ),
    (
        "tense",
        "the tense differs",
        _across("do does", "did") | _across("is are am", "was were") | _between("have had", "has had"),
    ),
    ("person", "the person differs", _across("i me my", "he him his she her they them their") | _across("my", "your")),
    (
        "direction",
        "direction",
        _between("in out", "up down", "off up", "out up", "over under", "above below", "to from", "for from")
        | _across(
            "before",
            "after",
            "until till",
            "since",
            "within",
            "against",
            "without",
            "into",
            "in at on for by to with from",
        ),
    ),
    ("condition", "a condition or choice differs", _across("and", "or", "than", "not", "without", "but", "except")),
    (
        "quantifier",
        "the amount differs",
        _across("all", "any", "every") | _across("most", "some", "more", "few"),
    ),
)
_MORE: Final = (
    ("negation", "negation", frozenset(["not", "never"])),
    ("question", "the questions differ", frozenset(["when", "where"])),
    ("numbers", "the numbers differ", frozenset(["first", "second", "third", "twice"])),
    (
        "quantifier",
        "the amount differs",
        frozenset(listed(
            "most every only many always few last next other except whole sometimes already again seldom rarely once almost less"
        )),
    ),
)  # fmt: skip
_UNITS: Final = {
    written: unit
    for written, unit in (
        *UNITS.items(),
        *((f"{unit}{many}", unit) for unit in (*UNITS.values(), *CURRENCIES.values(), "percent") for many in ("", "s")),
    )
    if written not in {"in", "am", "pm"}  # mostly other words
}
_HALVES: Final = frozenset(["am", "pm"])


def refusal(alone_left: Words, alone_right: Words) -> tuple[str, str] | None:
    """Say which guard refuses two texts that have all words in common but one of each, or one more on one side; and why."""
    if len(alone_left) == 1 == len(alone_right):
        return _exchanged(*alone_left, *alone_right)
    if len(alone_left) + len(alone_right) == 1:
        (word,) = alone_left | alone_right
        return next(
            (_graver(guard, {word}) or (guard, f"{why}: {word}") for guard, why, words in _MORE if word in words), None
        )
    return None


def _exchanged(one: str, other: str) -> tuple[str, str] | None:
    left, right = named(one), named(other)
    alike = left.endswith("th") == right.endswith("th")  # the world war two is the second one
    if left != right and (alike if left and right else not _ORDERED.isdisjoint((one, other))):
        return "numbers", f"the numbers differ: {one} and {other}"
    both = frozenset((one, other))
    for guard, why, pairs in _APART:
        if both in pairs:
            return _graver(guard, both) or (guard, f"{why}: {one} and {other}")
    units = (_UNITS.get(one, ""), _UNITS.get(other, ""))
    if both == _HALVES:
        return "time", f"the time differs: {one} and {other}"
    if all(units) and units[0] != units[1] and min(len(one), len(other)) > 1:
        return "numbers", f"the units differ: {one} and {other}"
    return ("antonym", f"opposites: {one} and {other}") if contrary(one, other) else None


def _graver(guard: str, words: AbstractSet[str]) -> tuple[str, str] | None:
    """Name the guard that comes before one that is about places and amounts: seldom denies, since is a condition."""
    if guard in {"condition", "direction", "quantifier"} and (denying := words & NEGATORS):
        return "negation", f"negation: {min(denying)}"
    if guard == "direction" and (conditions := words & CONJUNCTIONS):
        return "condition", f"a condition or choice differs: {min(conditions)}"
    return None


def named(word: str) -> str:
    """Name a number in plain digits, or in one word, so that equal ones are named equally; empty when it is neither."""
    if word in COUNTED:
        return COUNTED[word]
    if word.isdigit() and word.isascii():
        return f"#{word.lstrip('0') or '0'}"
    return name(Fraction(word.replace(",", ""))) if word[0].isdigit() and _PLAIN.fullmatch(word) else ""
