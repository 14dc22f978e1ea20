r"""Whole words that a text must have for a pattern to match in it, read from the pattern: `\blet'?s\b` needs `lets` or `s`.

A pattern is written out into the strings that it may begin to match, with marks where a word is sure to end and where
anything may follow. A run of letters between two sure ends is a whole word of every text with that match.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product
from typing import Any, Final, NamedTuple

from workers.cache.judge.words import listed

MOST: Final = 400  # strings; what would make more of them counts as anything
OPEN, EDGE = "\x02", "\x01"  # anything may stand here, the inside of a word as well; a word ends or begins here
ANY: Final = (OPEN,)
COMMON: Final = {
    word: rank
    for rank, word in enumerate(
        listed("""
            the a is what how i do to in of are my can for it you and be on if at why does or not he she they we his her was
            were has have had will would could should who when where which with that there an some any get your
        """)
    )
}
RARE: Final = frozenset(listed("s t m d ll re ve nt"))  # what is left of a word behind an apostrophe
_RUN: Final = re.compile(r"(?<=[^\w\x02])\w+(?=[^\w\x02])")


class Words(NamedTuple):
    """The words that a text with a match has.

    Attributes:
        one_of: of these one at least, as few and as rare ones as possible; none: no such words can be named.
        sure: each of these.
    """

    one_of: frozenset[str]
    sure: frozenset[str]


def words(tree: Iterable[tuple[Any, Any]]) -> Words:
    """Name the words."""
    sure = [frozenset(_RUN.findall(written)) for written in _written([("LITERAL", None), *tree, ("LITERAL", None)])]
    in_all = frozenset.intersection(*sure)
    each = frozenset(map(_rarest, sure)) if all(sure) else frozenset[str]()
    alone = frozenset({_rarest(in_all)}) if in_all else each
    return Words(min(alone, each, key=lambda words: sum(map(_share, words))), in_all)


def _rarest(words: frozenset[str]) -> str:
    return min(words, key=lambda word: (word not in RARE, word in COMMON, -COMMON.get(word, 0), -len(word), word))


def _share(word: str) -> float:
    """Guess the share of texts that have a word."""
    return 1 / (2 + COMMON[word]) if word in COMMON else 0.005


def _written(parts: Iterable[tuple[Any, Any]]) -> tuple[str, ...]:
    found: tuple[str, ...] = ("",)
    for name, argument in parts:
        more = _one(str(name), argument)
        if len(found) * len(more) > MOST:
            more = ANY
        found = tuple(dict.fromkeys(map("".join, product(found, more))))
    return found


def _one(kind: str, argument: Any) -> tuple[str, ...]:  # noqa: PLR0911 - one return a kind
    """Write one part out."""
    if kind == "LITERAL":
        return ANY if argument is None else (chr(argument),)
    if kind == "AT":
        return ANY if "NON_BOUNDARY" in str(argument) else (EDGE,)
    if kind == "IN":
        return _listed(argument)
    if kind == "BRANCH":
        found = tuple(one for parts in argument[1] for one in _written(parts))
        return found if len(found) <= MOST else ANY
    if kind == "SUBPATTERN":
        return ANY if argument[1] or argument[2] else _written(argument[3])  # flags of its own
    if kind in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        return _repeated(*argument)
    return ("",) if kind == "ASSERT_NOT" else ANY


def _listed(members: Iterable[tuple[Any, Any]]) -> tuple[str, ...]:
    """Write one of a few letters out; a list without letters is a place where a word ends."""
    found: list[str] = []
    for name, argument in members:
        kind = str(name)
        if kind == "LITERAL":
            found.append(chr(argument))
        elif kind == "CATEGORY" and str(argument) == "CATEGORY_SPACE":
            found.append(" ")
        else:
            return ANY
    if not any(map(_is_letter, found)):
        return (" ",)
    return tuple(found)


def _repeated(least: int, most: Any, parts: Iterable[tuple[Any, Any]]) -> tuple[str, ...]:
    once = _written(parts)
    if least == most == 1:
        return once
    if int(most) == 1:
        return ("", *once)
    if not any(OPEN in one or any(map(_is_letter, one)) for one in once) and all(once):
        found = once
    else:
        found = tuple(f"{_edge(one[:1])}{OPEN}{_edge(one[-1:])}" for one in once)
    return found if least else ("", *found)


def _edge(letter: str) -> str:
    """Keep what a word cannot go on with."""
    return "" if letter == OPEN or _is_letter(letter) else letter


def _is_letter(letter: str) -> bool:
    return re.match(r"\w", letter) is not None
