"""What two long texts have in common at their beginning and end is left out: what lies between decides.

Taking a text apart costs time for each letter, and most long texts that are near each other are copies with one edit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

SHORTEST: Final = 600  # characters; two texts below that are compared whole
_PIECE: Final = re.compile(r"[^\n]*?[.?!](?=\s)\s*|[^\n]*\n\s*|[^\n]+$")
_ENDS: Final = re.compile(r"[.?!]\s+|\n\s*")  # behind which a piece begins, whatever stands before
BESIDE: Final = 3  # pieces that are left beside the difference when letters are compared: enough for comparing pieces
NEAR: Final = 400  # characters in which that many pieces are looked for first


@lru_cache(8)
def differing(stored: str, asked: str) -> tuple[str, str]:
    """Cut sentences and lines off that begin or end both texts, all but the one beside the difference; asked for twice a pair."""
    if max(len(stored), len(asked)) < SHORTEST:
        return stored, asked
    folded = any(text.islower() or text.isupper() for text in (stored, asked))
    left, right = (_PIECE.findall(text) for text in _cut(stored, asked))
    one, other = ([_key(piece, folded=folded) for piece in pieces] for pieces in (left, right))
    head = _common(one, other)
    tail = min(_common(one[::-1], other[::-1]), min(len(one), len(other)) - head)
    first, last = max(0, head - 1), max(0, tail - 1)
    return "".join(left[first : len(left) - last]), "".join(right[first : len(right) - last])


def _cut(stored: str, asked: str) -> tuple[str, str]:
    """Cut off what both have to the letter, but for some pieces beside the difference: comparing letters takes no time."""
    begin = _start(stored, _shared(stored, asked))
    stored, asked = stored[begin:], asked[begin:]
    end = _shared(stored[::-1], asked[::-1])
    if end == 0:
        return stored, asked
    ends = [found.end() for found in _ENDS.finditer(stored, len(stored) - end)]
    left_out = len(stored) - ends[BESIDE] if len(ends) > BESIDE else 0
    return (stored[:-left_out], asked[:-left_out]) if left_out else (stored, asked)


def _start(text: str, shared: int) -> int:
    """Find where the third last piece begins that ends within what is shared."""
    for begin in (max(0, shared - NEAR), 0):
        ends = [found.end() for found in _ENDS.finditer(text, begin, shared)]
        if len(ends) > BESIDE or not begin:
            return ends[-1 - BESIDE] if len(ends) > BESIDE else 0
    return 0


def _shared(one: str, other: str) -> int:
    """Count the letters with which both begin."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _key(piece: str, *, folded: bool) -> str:
    plain = " ".join(piece.split())
    return plain.lower() if folded else plain


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Count the pieces with which both begin."""
    found = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        found += 1
    return found
