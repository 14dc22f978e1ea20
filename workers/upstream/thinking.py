"""Parts thinking from answer where a model writes both into one text, between `<think>` and `</think>`.

Rule: a tag opens thinking only while nothing but blanks was said, so that an answer may speak of the tag; the first
closing tag ends it. Chunks may cut a tag anywhere: what may still become a tag is held back, at most eight characters.
"""

from __future__ import annotations

from workers.contracts.calls import Delta

OPEN, CLOSE = "<think>", "</think>"


class ThinkingSplitter:
    """Fed with pieces of text, it gives back deltas; `flush` gives what was held back at the end."""

    def __init__(self, *, opens_in_thinking: bool = False) -> None:
        self._thinking = opens_in_thinking
        self._said = False
        self._held = ""

    def feed(self, text: str) -> list[Delta]:
        """Take the next piece."""
        if self._said and not self._thinking:  # the common case: nothing can open thinking any more
            return [Delta("answer", text)] if text else []
        self._held += text
        deltas: list[Delta] = []
        while self._step(deltas):
            pass
        return deltas

    def flush(self) -> list[Delta]:
        """Take the end of the text: what looked like the beginning of a tag was none."""
        rest, self._held = self._held, ""
        if not rest:
            return []
        return [Delta("thinking", rest)] if self._thinking else [Delta("answer", rest)]

    def _step(self, deltas: list[Delta]) -> bool:
        """Move what is decided out of what is held; whether more may be decided."""
        if self._thinking:
            return self._until_close(deltas)
        if self._said:
            self._emit(deltas, "answer", len(self._held))
            return False
        blank = len(self._held) - len(self._held.lstrip())
        rest = self._held[blank:]
        if rest.startswith(OPEN):
            self._held, self._thinking = rest[len(OPEN) :], True
            return True
        if OPEN.startswith(rest):  # too short to tell, or only blanks
            return False
        self._said = True
        return True

    def _until_close(self, deltas: list[Delta]) -> bool:
        at = self._held.find(CLOSE)
        if at >= 0:
            self._emit(deltas, "thinking", at)
            self._held, self._thinking = self._held[len(CLOSE) :], False
            return True
        self._emit(deltas, "thinking", len(self._held) - _tail(self._held, CLOSE))
        return False

    def _emit(self, deltas: list[Delta], kind: str, length: int) -> None:
        text, self._held = self._held[:length], self._held[length:]
        if text:
            deltas.append(Delta("thinking" if kind == "thinking" else "answer", text))


def _tail(text: str, tag: str) -> int:
    """How many characters at the end of a text may be the beginning of a tag."""
    for length in range(min(len(tag) - 1, len(text)), 0, -1):
        if tag.startswith(text[-length:]):
            return length
    return 0
