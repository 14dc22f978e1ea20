"""Parts a reply into prose and fenced blocks, line by line: linear whatever fences it opens and never closes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(r"^([^\n`]*?)(`{3,}|~{3,})([^\n`]*)$", re.MULTILINE)  # a line with one fence in it
_LANGUAGE = re.compile(r"[ \t]*([\w+#.-]*)[ \t]*")
MOST_FENCES = 20_000
# What a model writes its answer under; a block in a programming language shows a program.
_DATA = frozenset(
    {"", "json", "jsonc", "json5", "jsonl", "text", "txt", "plaintext", "markdown", "md", "output", "answer"}
)


class Tangled(Exception):
    """The reply has more fences or brackets than any answer would."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the reply: prose, or the inside of a fenced block."""

    start: int
    end: int
    fenced: bool = False
    code: bool = False


def blocks(text: str) -> Iterator[Block]:
    """Part a reply.

    Raises:
        Tangled: it has too many fences.
    """
    at, opened = 0, None
    for count, line in enumerate(_LINE.finditer(text)):
        if count > MOST_FENCES:
            raise Tangled
        if opened is None and _opens(line):
            yield Block(at, line.start(2))
            opened, at = line, _inside(line)
        elif opened is not None and _closes(line, opened):
            yield _block(opened, at, line.start(2))
            opened, at = None, line.end(2)
    yield Block(at, len(text)) if opened is None else _block(opened, at, len(text))


def _opens(line: re.Match[str]) -> bool:
    """Whether a block begins here: at the start of a line, or after words, with nothing but a language behind."""
    return not line[1].strip(" \t>") or (_LANGUAGE.fullmatch(line[3]) is not None and (line[3] != "" or ":" in line[1]))


def _closes(line: re.Match[str], opened: re.Match[str]) -> bool:
    """Whether a block ends here; a single word behind a fence would be the language of another block."""
    return line[2].startswith(opened[2]) and (not line[3].strip() or _LANGUAGE.fullmatch(line[3]) is None)


def _inside(opening: re.Match[str]) -> int:
    """Where a block's inside begins: after the language, since some models go on in the same line."""
    language = _LANGUAGE.match(opening[3])
    return opening.start(3) + (language.end() if language else 0)


def _block(opening: re.Match[str], start: int, end: int) -> Block:
    language = _LANGUAGE.match(opening[3])
    return Block(start, end, fenced=True, code=language is not None and language[1].lower() not in _DATA)
