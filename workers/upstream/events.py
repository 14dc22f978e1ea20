"""Reads a stream of server-sent events, cut anywhere, into the JSON of its `data` fields."""

from __future__ import annotations

from collections.abc import Iterator

DONE = b"[DONE]"


class EventReader:
    """Fed with bytes, it gives back the data of whole events.

    Args:
        most_bytes: size of an unfinished event that is given up.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._held = b""
        self._data: list[bytes] = []

    @property
    def overfull(self) -> bool:
        """Whether an unfinished event grew past the limit."""
        return len(self._held) > self._most_bytes

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Take the next bytes; gives the data of every event that they complete."""
        *lines, self._held = (self._held + chunk).split(b"\n")
        for line in lines:
            yield from self._line(line.removesuffix(b"\r"))

    def flush(self) -> Iterator[bytes]:
        """Take the end of the stream: some servers forget the last blank line."""
        held, self._held = self._held, b""
        yield from self._line(held.removesuffix(b"\r"))
        yield from self._line(b"")

    def _line(self, line: bytes) -> Iterator[bytes]:
        if line.startswith(b"data:"):
            self._data.append(line[6:] if line[5:6] == b" " else line[5:])
        elif not line and self._data:
            data, self._data = b"\n".join(self._data), []
            yield data
