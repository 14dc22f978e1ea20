"""What two long texts have in common at their beginning and end is left out: what lies between decides.

Taking a text apart costs time for each letter, and most long texts that are near each other are copies with one edit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

SHORTEST: Final = 600  # characters; two texts below that are compared whole
_PIECE: Final = re.compile(r"[^\n]*?[.?!](?=\s)\s*|[^\n]*\n\s*|[^\n]+$")


def differing(stored: str, asked: str) -> tuple[str, str]:
    """Cut sentences and lines off that begin or end both texts, all but the one beside the difference."""
    if max(len(stored), len(asked)) < SHORTEST:
        return stored, asked
    left, right = _PIECE.findall(stored), _PIECE.findall(asked)
    folded = any(text.islower() or text.isupper() for text in (stored, asked))
    one, other = ([_key(piece, folded=folded) for piece in pieces] for pieces in (left, right))
    head = _common(one, other)
    tail = min(_common(one[::-1], other[::-1]), min(len(one), len(other)) - head)
    first, last = max(0, head - 1), max(0, tail - 1)
    return "".join(left[first : len(left) - last]), "".join(right[first : len(right) - last])


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
