"""Repairs broken JSON: its punctuation, never its content.

The library that repairs guesses where it must: of `{"total": 5 + 2}` it makes 5, of `true or false` true. So a repair
counts only when it says all that the text says and nothing more: the same words in the same order, every number as it
stood, no empty text where something was left out.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final

import json_repair

from workers.structured.parsing import NotJson, read

MOST_CHARS = 10_000  # the library's time grows with the square of some texts
MOST_CUT_CHARS = 400_000  # our own passes are linear
_STRING: Final = r'"(?:[^"\\\n]++|\\.)*+"'
_TRAILING_COMMA: Final = re.compile(rf"({_STRING})|,(\s*[}}\]])")
_COMMENT: Final = re.compile(rf"({_STRING})|//[^\n]*|/\*(?:(?!\*/)[\s\S])*+(?:\*/)?|#[^\n]*")
_WORD: Final = re.compile(r"[^\W_]+")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([bfnrt])|(.))", re.DOTALL)
_PIECE: Final = re.compile(r"""[^\s,:\[\]{}"';]+""")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_LEFT_OUT: Final = re.compile(r"\.\.\.|…|\b(?:NaN|Infinity|undefined)\b")
_EMPTY: Final = re.compile(r"""(["'`])\1""")


def repaired(text: str) -> Any:
    """Repair what was meant to be one JSON value.

    Raises:
        NotJson: it cannot be repaired without guessing.
    """
    if len(text) <= MOST_CUT_CHARS:
        try:
            return read(_TRAILING_COMMA.sub(lambda found: found[1] or found[2], text))
        except NotJson:
            pass
    if len(text) > MOST_CHARS:
        raise NotJson
    try:
        value = json_repair.loads(text, skip_json_loads=True)
        again = read(json.dumps(value))
    except (ValueError, RecursionError, IndexError, TypeError, OverflowError) as error:
        raise NotJson from error
    if not isinstance(value, dict | list) or not _faithful(text, value):
        raise NotJson
    return again


def _faithful(text: str, value: Any) -> bool:
    """Whether a value says what a text says."""
    plain = _COMMENT.sub(lambda found: found[1] or " ", text)
    unquoted = re.sub(_STRING, " ", plain)
    numbers = {float(piece): piece for piece in _PIECE.findall(unquoted) if _NUMBER.fullmatch(piece)}
    scalars = list(_scalars(value))
    said = [_spelled(scalar, numbers) for scalar in scalars]
    if None in said or _LEFT_OUT.search(unquoted) or scalars.count("") > len(_EMPTY.findall(plain)):
        return False
    return _words(_ESCAPE.sub(_unescaped, plain)) == _words(" ".join(str(word) for word in said))


def _spelled(scalar: Any, numbers: dict[float, str]) -> str | None:
    """How the text writes a value; None for a number that it does not have."""
    if isinstance(scalar, bool) or scalar is None:
        return json.dumps(scalar)
    if isinstance(scalar, int | float):
        return numbers.get(float(scalar)) if math.isfinite(scalar) else None
    return str(scalar)


def _words(text: str) -> list[str]:
    return ["null" if word == "none" else word for word in _WORD.findall(text.casefold())]


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else " " if found[2] else found[3]


def _scalars(value: Any) -> Iterator[Any]:
    """Names and values in the order in which they are written."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            left.extend(entry for name, inner in reversed(part.items()) for entry in (inner, name))
        elif isinstance(part, list):
            left.extend(reversed(part))
        else:
            yield part
