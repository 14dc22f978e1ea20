"""Reads JSON strictly.

No NaN, no number beyond a float, no property named twice with two values, no half of a character, no abyss of brackets.
Never raises RecursionError, and says how far it came where it could not read on, so that a scan need not start again.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

BLANK = "\ufeff\u200b\u00a0 \t\r\n"
FIRST_WINDOW_CHARS = 2_000
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
CUT_CHARS = 20  # so near to a window's end, a word or a number may have been cut by it
MOST_LEVELS = 100  # what stores and serialisers after us can still take


class NotJson(Exception):
    """The text is no JSON.

    `at` is how far it could be read, None where that is not known; `open` whether a string did not end.
    """

    def __init__(self, at: int | None = None, *, open_: bool = False) -> None:
        super().__init__("the text is no JSON")
        self.at = at
        self.open = open_


def read(text: str) -> Any:
    """Read a whole text, with blanks around it.

    Raises:
        NotJson: it is none.
    """
    bare = text.strip(BLANK)
    value, end = _decode(bare)
    if end != len(bare):
        raise NotJson
    return value


def read_at(text: str, at: int) -> tuple[Any, int]:
    """Read the object or array that begins at a place; the value, and where it ends.

    Looks at a window that grows as long as it may have cut the value: the decoder's errors cost time in proportion to
    the text that it is given, and a reply can hold a hundred thousand of them.

    Raises:
        NotJson: none begins there.
    """
    length = FIRST_WINDOW_CHARS
    while True:
        window = text[at : at + length]
        try:
            value, end = _decode(window)
        except NotJson as error:
            if len(window) < length or error.at is None or (error.at < length - CUT_CHARS and not error.open):
                raise NotJson(None if error.at is None else at + error.at) from error
            length *= 8
        else:
            return value, at + end


def _decode(text: str) -> tuple[Any, int]:
    try:
        value, end = _DECODER.raw_decode(text)
    except json.JSONDecodeError as error:
        raise NotJson(error.pos, open_=error.msg.startswith("Unterminated")) from error
    except (ValueError, RecursionError) as error:
        raise NotJson from error
    if _too_deep(value) or (_HALF.search(text, 0, end) and not _encodable(value)):
        raise NotJson
    return value, end


def _encodable(value: Any) -> bool:
    """Whether no string holds half of a character, as an escape may."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs) and any(made[name] != value for name, value in pairs):
        raise ValueError("a property has two values")
    return made


def _too_deep(value: Any) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MOST_LEVELS):
        level = [
            part
            for outer in level
            for part in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(part, dict | list)
        ]
        if not level:
            return False
    return True


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_unique)
