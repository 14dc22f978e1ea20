"""The words of a text as they are written, without taking it apart."""

from __future__ import annotations

import re
from functools import lru_cache
from sys import intern
from typing import Final

LEAST_JOINED: Final = 2  # letters of a part of a joined word
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*|\d(?:[\d,.:/]*\d)?")
_ASCII_WORD: Final = re.compile(r"[a-z]++(?:'[a-z]++)*|\d(?:[\d,.:/]*\d)?")  # the same, in less time


def listed(text: str) -> list[str]:
    """List the words and numbers of a text in their order, in small letters."""
    return (_ASCII_WORD if text.isascii() else _WORD).findall(text.lower())


@lru_cache(2048)
def bag(text: str) -> frozenset[str]:
    """List them each once; kept for the latest texts, about a kilobyte each."""
    return frozenset(map(intern, listed(text)))


def is_joined(word: str, other: str) -> bool:
    """Tell whether one of two words begins or ends with the other: mindblowing, mind; years, year's; Australian, Australia's."""
    plain = other.replace("\u2019", "'").removesuffix("'s").replace("'", "")
    if len(plain) < LEAST_JOINED:
        return False
    return word.startswith(plain) or word.endswith(plain) or plain.startswith(word) or plain.endswith(word)
