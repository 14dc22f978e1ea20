"""A text cut into sentences of words, numbers and marks; and the amounts that it tells."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Final

from workers.cache.judge import numbers
from workers.cache.judge.normalise import surface

# The first alternative finds nothing that a later one would not: it is how most words end, so that the rest is seldom tried.
TOKEN: Final = re.compile(
    r"""[a-z]++(?!\S)|https?://\S+|www\.\S+
    |[$€£¥₹]\s?\d[\d,]*(?:\.\d+)?[a-z]*
    |\d+(?:[:/.-]\d+){2,}|\d{1,2}:\d{2}|\d+/\d+
    |v?\d[\d,]*(?:\.\d+)*\s?%|\.\d+
    |[a-z]\+\+|[a-z]\#|\.net\b
    |[^\W\d_]{1,3}&[^\W\d_]{1,3}
    |[^\W_]+(?:_[^\W_]+)*_(?![^\W_])
    |[^\W_]+(?:[._][^\W_]+)+|\d[\d,]*\d(?![^\W_])|[^\W_]+|_+
    |[.?!;:]+(?=\s|$)|[,()"]|[^\w\s]""",
    re.VERBOSE,
)
OPERATORS: Final = frozenset("+*=<>^%&|@#~\\{}[]$€£")
_BLANK_INSIDE: Final = re.compile(r"[$€£¥₹]\s|\s%")
_SENTENCE_END: Final = frozenset(".?!;:")


def sentences(core: str) -> list[list[str]]:
    """Cut a text into sentences of words, numbers and marks; none but the last is empty."""
    last: list[str] = []
    found = [last]
    for chunk in (core,) if has_blank_inside(core) else core.split():
        if chunk.isalpha():  # mostly, and then it is one word
            last.append(chunk)
            continue
        for piece in TOKEN.findall(chunk):
            if piece.isalpha():
                last.append(piece)
            elif piece[0] in _SENTENCE_END and not piece.strip(".?!;:"):
                if last:
                    last = []
                    found.append(last)
            elif any(map(str.isdigit, piece)) and (parts := numbers.split(piece)):
                last.extend(parts)
            else:
                last.append(piece)
    return found


def has_blank_inside(core: str) -> bool:
    """Tell whether a blank may be a part of a token."""
    return ("$" in core or "%" in core or not core.isascii()) and _BLANK_INSIDE.search(core) is not None


@lru_cache(512)
def amounts(text: str) -> tuple[str, ...]:
    """List the amounts of a text as it is written, in the order of their names; kept for the latest texts.

    They are those of `Text.amounts`, but where a rule makes another number of the words (`one hundred & five`) or of none
    (`how can one million people`).
    """
    cut = sentences(numbers.dates_alike(surface(text).lower()))
    pieces = [piece for found in cut for piece in numbers.merge(found) if is_word(piece) or piece in OPERATORS]
    return tuple(sorted(filter(None, (numbers.amount(*both) for both in pairwise([*pieces, ""])))))


def is_word(piece: str) -> bool:
    """Tell whether a piece has a letter or digit."""
    return piece.isalnum() or any(map(str.isalnum, piece))
