"""The words of a text as they are written, without taking it apart."""

from __future__ import annotations

import re
from functools import lru_cache
from sys import intern
from typing import Final

from workers.cache.judge.words import listed as named

LEAST_JOINED: Final = 2  # letters of a part of a joined word
_WITH_NOT: Final = named("do does did is are was were has have had could should would must need might")
# What is written as one word and said as two.
CONTRACTED: Final[dict[str, tuple[str, ...]]] = {
    **{f"{word}{mark}t": (word, "not") for word in _WITH_NOT for mark in ("n'", "n")},
    **{f"{word}'ve": (word, "have") for word in named("i you we they could should would might must")},
    **{f"{word}'re": (word, "are") for word in named("you we they who what where")},
    **{f"{word}'ll": (word, "will") for word in named("i you he she it we they that there who what")},
    **{
        f"{word}{mark}s": (word, "is")
        for word in named("who what where how when why that there here he she")
        for mark in ("'", "")
    },
    "can't": ("can", "not"), "cannot": ("can", "not"), "won't": ("will", "not"),
    "i'm": ("i", "am"), "im": ("i", "am"), "ive": ("i", "have"), "youre": ("you", "are"), "it's": ("it", "is"),
    "let's": ("let", "us"), "lets": ("let", "us"),
}  # fmt: skip
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*|\d(?:[\d,.:/]*\d)?")
_ASCII_WORD: Final = re.compile(r"[a-z]++(?:'[a-z]++)*|\d(?:[\d,.:/]*\d)?")  # the same, in less time


def listed(text: str) -> list[str]:
    """List the words and numbers of a text in their order, in small letters."""
    return (_ASCII_WORD if text.isascii() else _WORD).findall(text.lower())


@lru_cache(2048)
def bag(text: str) -> frozenset[str]:
    """List them each once; kept for the latest texts, about a kilobyte each."""
    return frozenset(map(intern, listed(text)))


def spoken(words: frozenset[str]) -> frozenset[str]:
    """Add what contracted words say: with don't also do and not, with he's also he."""
    more: set[str] = set()
    for word in words:
        if word in CONTRACTED:
            more.update(CONTRACTED[word])
        elif "'" in word or "\u2019" in word:
            plain = word.replace("\u2019", "'")
            more.update(CONTRACTED.get(plain, (plain.partition("'")[0],)))
    return words | more if more else words


def is_joined(word: str, other: str) -> bool:
    """Tell whether one of two words begins or ends with the other: mindblowing, mind; years, year's; Australian, Australia's."""
    plain = other.replace("\u2019", "'").removesuffix("'s").replace("'", "")
    if len(plain) < LEAST_JOINED:
        return False
    return word.startswith(plain) or word.endswith(plain) or plain.startswith(word) or plain.endswith(word)
