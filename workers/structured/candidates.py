"""Finds the JSON values in a verbose reply, the most final first: the whole text, the last fence, the last value.

Linear in the size of the reply: a scan goes over it once, jumps over each value that it finds, and gives up after a
fixed number of openings that led to none (code and LaTeX are full of braces).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n`]*\n(.*?)^[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE)
OPENING = re.compile(r"[{\[]")
BLANK = "\ufeff\u00a0 \t\r\n"
MOST_SCANNED_CHARS = 400_000  # from the end, where answers stand
MOST_OPENINGS = 20_000
MOST_RUN = 200  # so many openings in a row are nesting that no answer has


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def parse(text: str) -> tuple[bool, Any]:
    """Parse a text strictly; whether it is JSON, and its value. A string that holds JSON is opened once."""
    try:
        value = _DECODER.decode(text.strip(BLANK))
    except (ValueError, RecursionError):
        return False, None
    if isinstance(value, str):
        try:
            inner = _DECODER.decode(value.strip(BLANK))
        except (ValueError, RecursionError):
            return True, value
        if isinstance(inner, dict | list):
            return True, inner
    return True, value


@dataclass(frozen=True, slots=True)
class Broken:
    """A fenced block that was meant to be JSON and is none: a draft before it must not be taken for the answer."""

    text: str


def candidates(text: str) -> Iterator[Any]:
    """Give the values that may be the answer, the most final first; broken blocks stand where they are."""
    good, value = parse(text)
    if good:
        yield value
        return
    tail = text[-MOST_SCANNED_CHARS:]
    for block in reversed([found.group(2) for found in FENCE.finditer(tail)]):
        good, value = parse(block)
        if good:
            yield value
        elif block.lstrip()[:1] in ("{", "["):
            yield Broken(block)
    yield from reversed(list(_values(tail)))


def fenced(text: str) -> str | None:
    """Give the last fenced block as it is."""
    blocks = [block.group(2) for block in FENCE.finditer(text[-MOST_SCANNED_CHARS:])]
    return blocks[-1] if blocks else None


def _values(text: str) -> Iterator[Any]:
    """The outermost objects and arrays in order."""
    at, tried = 0, 0
    while tried < MOST_OPENINGS and (found := OPENING.search(text, at)):
        at, tried = found.start(), tried + 1
        run = _run(text, at)
        if run > MOST_RUN:
            at += run
            continue
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
        else:
            yield value


def _run(text: str, at: int) -> int:
    end = at
    while end < len(text) and text[end] in "[{":
        end += 1
    return end - at
