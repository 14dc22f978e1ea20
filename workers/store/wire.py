"""Reads and writes the socket of a kept connection without a turn of the event loop, where that is possible at once.

A reply that came while its caller did something else is simply there: through the loop it costs four system calls, two
callbacks and a task's waking, a third of a whole look-up. A reply that is not there yet is waited for by the loop, as ever.
redis-py makes the connection, with its password, database and encoding, and names its errors.
"""

from __future__ import annotations

import os
from asyncio import StreamReader, WriteTransport
from typing import Any, Final

from hiredis import Reader
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse

AT_ONCE_BYTES: Final = 65_536
UNFINISHED: Final = object()


class Wire:
    """One connection's socket; the loop does not read from it but while a reply is waited for.

    Args:
        stream: the connection's reader.
        transport: the connection's transport; plain, not encrypted.
        named: makes an error of an error reply's text.
    """

    def __init__(self, stream: StreamReader, transport: Any, named: Any) -> None:
        self._stream, self._transport = stream, transport
        self._file: int = transport.get_extra_info("socket").fileno()
        self._replies = Reader(
            encoding="utf-8", protocolError=InvalidResponse, replyError=named, notEnoughData=UNFINISHED
        )
        transport.pause_reading()

    @classmethod
    def of(cls, connection: Any) -> Wire | None:
        """Take a connection's socket; None when it is encrypted, or the library keeps it in another way than it did."""
        stream, writer = getattr(connection, "_reader", None), getattr(connection, "_writer", None)
        named = getattr(getattr(connection, "_parser", None), "parse_error", None)
        transport: WriteTransport | None = getattr(writer, "transport", None)
        if not isinstance(stream, StreamReader) or transport is None or named is None:
            return None
        if transport.get_extra_info("ssl_object") is not None or transport.get_extra_info("socket") is None:
            return None
        return cls(stream, transport, named)

    def send(self, command: bytes) -> None:
        """Send a command.

        Raises:
            OSError: the connection is closed.
        """
        self._check()
        try:
            sent = os.write(self._file, command)
        except BlockingIOError:
            sent = 0
        if sent < len(command):
            self._transport.write(command[sent:])

    def reply_at_once(self) -> Any:
        """Read a reply that is there; an error reply is given, not raised. UNFINISHED: it has to be waited for.

        Raises:
            OSError: the connection is closed.
            redis.exceptions.ConnectionError: the same.
            redis.exceptions.InvalidResponse: it is no reply.
        """
        self._check()
        try:
            self._replies.feed(os.read(self._file, AT_ONCE_BYTES))
        except BlockingIOError:
            return UNFINISHED
        return self._replies.gets()

    async def reply(self) -> Any:
        """Wait for a reply; an error reply is given, not raised.

        Raises:
            redis.exceptions.ConnectionError: the connection is closed.
            redis.exceptions.InvalidResponse: it is no reply.
        """
        self._transport.resume_reading()
        try:
            while (found := self._replies.gets()) is UNFINISHED:
                if not (more := await self._stream.read(AT_ONCE_BYTES)):
                    raise RedisConnectionError("closed by Redis")
                self._replies.feed(more)
        finally:
            if not self._transport.is_closing():
                self._transport.pause_reading()
        return found

    def _check(self) -> None:
        if self._transport.is_closing():  # the number of its file may be another one's by now
            raise RedisConnectionError("closed")
