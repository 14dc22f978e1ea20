"""Finds what may be the answer in a verbose reply: JSON values, and what was meant to be JSON and is broken.

Goes over the reply once. Where reading stops, the search goes on from there and not from the next bracket, and what
stands inside a broken value is never taken for a value of its own: it may be a part of an answer that was cut off.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from workers.structured.fences import Block, Tangled, blocks
from workers.structured.parsing import NotJson, read, read_at

MOST_KEPT = 500  # from the end, where answers stand
MOST_OPENINGS = 150_000
MOST_LOOKED_BACK = 200  # characters
# What may begin a value: cheap to pass over the braces of code and LaTeX, bounded so that no text makes it slow.
_OPENING: Final = re.compile(
    r"""\{\s{0,200}(?:["'“}]|[A-Za-z_]\w{0,60}\s{0,20}:)|\[\s{0,200}(?:["'{\[\]\d-]|true\b|false\b|null\b)"""
)
# What was meant to be an object, or an array of objects or strings.
_MEANT: Final = re.compile(
    r"""(?:\[\s{0,20}){0,20}\{\s{0,200}(?:"[^"\n]{0,200}"|'[^'\n]{0,200}'|“[^”\n]{0,200}”|[A-Za-z_]\w{0,60})\s{0,20}:"""
    r"""|(?:\[\s{0,20}){1,20}"[^"\n]{0,2000}"\s{0,20},"""
)
_BLANKS: Final = re.compile(r"\s*+")
_TOKEN: Final = re.compile(r'"(?:[^"\\\n]++|\\.)*+"?|[{\[]+|[}\]]+')


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stretch of the reply that is JSON, or that was meant to be.

    `value` is what it says where `whole`. A broken one was perhaps not `meant` to be JSON, and is `closed` when its
    brackets are balanced. `fenced` is true for what fills a fenced block.
    """

    start: int
    end: int
    value: Any = None
    whole: bool = True
    meant: bool = True
    closed: bool = True
    fenced: bool = False


def candidates(text: str) -> list[Candidate]:
    """List the candidates in order, at most the last 500.

    Raises:
        Tangled: the reply has more brackets or fences than any answer would.
    """
    found: deque[Candidate] = deque(maxlen=MOST_KEPT)
    openings = 0
    for block in blocks(text):
        filling = _filling(text, block) if block.fenced else None
        if filling is not None:
            found.append(filling)
        elif not block.code:
            for candidate in _scan(text, block):
                openings += 1
                if openings > MOST_OPENINGS:
                    raise Tangled
                if candidate is not None:
                    found.append(candidate)
    return list(found)


def _filling(text: str, block: Block) -> Candidate | None:
    """The one value that fills a fenced block."""
    try:
        return Candidate(block.start, block.end, read(text[block.start : block.end]), fenced=True)
    except NotJson:
        return None


def _scan(text: str, block: Block) -> Iterator[Candidate | None]:
    """The outermost values of a block in order; None for each bracket that led to none."""
    at = block.start
    while opening := _OPENING.search(text, at, block.end):
        start = opening.start()
        candidate = _read(text, start, block)
        at = candidate.end
        yield candidate if candidate.whole or candidate.meant else None


def _read(text: str, start: int, block: Block) -> Candidate:
    """What begins at a bracket; what was not meant to be JSON reaches as far as it could be read."""
    try:
        value, end = read_at(text, start)
    except NotJson as stop:
        if stop.at is None or _MEANT.match(text, start, block.end):
            return _broken(text, start, block)
        return Candidate(start, max(start + 1, min(stop.at, block.end)), whole=False, meant=False)
    return Candidate(start, end, value) if end <= block.end else _broken(text, start, block)


def _broken(text: str, start: int, block: Block) -> Candidate:
    """The broken value that begins at a place, up to where its brackets are balanced."""
    depth = 0
    for token in _TOKEN.finditer(text, start, block.end):
        if token[0][0] in "{[":
            if depth and _begins_anew(text, token.start()):
                return Candidate(start, token.start(), whole=False, closed=False, fenced=block.fenced)
            depth += len(token[0])
        elif token[0][0] in "}]":
            depth -= len(token[0])
            if depth <= 0:
                end = token.end() + depth
                fills = block.fenced and _BLANKS.fullmatch(text, end, block.end) is not None
                return Candidate(start, end, whole=False, fenced=fills)
    return Candidate(start, block.end, whole=False, closed=False, fenced=block.fenced)


def _begins_anew(text: str, at: int) -> bool:
    """Whether a bracket inside an unclosed value begins another: at the start of a line, and not after a separator."""
    before = text[max(0, at - MOST_LOOKED_BACK) : at]
    return before.endswith("\n") and before.rstrip()[-1:] not in (",", "[", "{", ":", "")
