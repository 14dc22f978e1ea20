"""A connection that many calls share, written and read without a turn of the event loop where that is possible at once.

Calls are sent as they come and their replies are read in the same order, whoever waits for which. A reply that came while
its caller did something else is simply there: through the loop it costs four system calls, two callbacks and a task's
waking, a third of a whole look-up. What is not there yet is waited for by the loop. redis-py makes the connection, with its
password and database, and names its errors; where it is encrypted, calls go through redis-py altogether (line.py).
"""

from __future__ import annotations

import asyncio
import os
import select
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from hiredis import Reader
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse

from workers.cores import cores

AT_ONCE_BYTES: Final = 65_536
# A process that sleeps is woken 20 us after its reply came, and asking whether it came takes less than one. Where it has one core,
# which Redis may need meanwhile, it sleeps at once.
POLLS: Final = 40 if cores() > 1 else 0
SOON_S: Final = 0.0002  # a way through the loop takes half as long
NOT_SOON: Final = 16  # calls that go through the loop at once after one whose reply did not come so soon
MOST_DUE: Final = 64  # calls without a reply, beyond which those that nobody asks for are taken out of the way
_UNFINISHED: Final = object()


class Due:
    """Replies that a call waits for."""

    __slots__ = ("count", "future", "replies")

    def __init__(self, count: int) -> None:
        self.count = count
        self.replies: list[Any] = []
        self.future: asyncio.Future[None] | None = None


class Wire:
    """The socket of one connection; the loop never reads from it but for those who wait.

    Args:
        connection: redis-py's, taken from its pool for good.
        transport: its transport; plain, not encrypted.
        named: makes an error of an error reply's text.

    Attributes:
        connection: the same.
        proven: whether it has given a reply.
    """

    def __init__(self, connection: Any, transport: Any, named: Callable[[str], Exception]) -> None:
        self.connection = connection
        self.proven = False
        self._error: Exception | None = RedisConnectionError("not open")
        self._transport = transport
        self._parser = Reader(
            encoding="utf-8", protocolError=InvalidResponse, replyError=named, notEnoughData=_UNFINISHED
        )
        self._due: deque[Due] = deque()
        self._loop = asyncio.get_running_loop()
        self._watched = False
        self._file = os.dup(transport.get_extra_info("socket").fileno())  # uvloop lets nobody wait for its own
        self._not_soon = 0  # calls to come that are not waited for here
        self._error = None
        transport.pause_reading()

    @classmethod
    def of(cls, connection: Any) -> Wire | None:
        """Take a connection's socket; None when it is encrypted, or the library keeps it in another way than it did."""
        transport = getattr(getattr(connection, "_writer", None), "transport", None)
        named = getattr(getattr(connection, "_parser", None), "parse_error", None)
        if transport is None or named is None or transport.get_extra_info("ssl_object") is not None:
            return None
        return cls(connection, transport, named) if transport.get_extra_info("socket") is not None else None

    def __del__(self) -> None:
        """Leave no file open."""
        self.close(RedisConnectionError("closed"))

    @property
    def is_closed(self) -> bool:
        """Whether no more can be sent."""
        return self._error is not None or self._transport.is_closing()

    def send(self, commands: bytes, count: int) -> Due:
        """Send commands that give so many replies.

        Raises:
            redis.exceptions.ConnectionError: the connection is closed.
        """
        if len(self._due) >= MOST_DUE and not self.is_closed:
            self._read()
        if self.is_closed:
            raise RedisConnectionError("closed")
        try:
            sent = os.write(self._file, commands) if not self._transport.get_write_buffer_size() else 0
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self.close(RedisConnectionError(type(error).__name__))
            raise RedisConnectionError(type(error).__name__) from error
        if sent < len(commands):
            self._transport.write(commands[sent:])
        due = Due(count)
        self._due.append(due)
        return due

    def now(self, due: Due) -> list[Any] | None:
        """Give the replies to a call that are there, or come in a moment; None when they are not."""
        if len(due.replies) < due.count and self._error is None and not self._watched:
            self._read()
            if len(due.replies) < due.count and self._error is None and self._comes_soon():
                self._read()
        return due.replies if len(due.replies) == due.count else None

    async def wait(self, due: Due, limit_s: float) -> list[Any]:
        """Give the replies to a call that are not there `now`: so many seconds are waited; error replies are given, not raised.

        Raises:
            redis.exceptions.ConnectionError: the connection is closed.
            redis.exceptions.InvalidResponse: what came is no reply.
            TimeoutError: they did not come; the connection is closed, since nobody would read them.
        """
        if len(due.replies) < due.count:
            if self._error is not None:
                raise self._error
            due.future = self._loop.create_future()
            self._watch()
            try:
                async with asyncio.timeout(limit_s):
                    await due.future
            except TimeoutError:
                self.close(RedisConnectionError("a reply did not come"))
                raise
        return due.replies

    def close(self, error: Exception) -> None:
        """Close the socket; all who wait get the error."""
        if self._error is not None:
            return
        self._error = error
        self._watch()
        os.close(self._file)
        while self._due:
            future = self._due.popleft().future
            if future is not None and not future.done():
                future.set_exception(error)

    def _comes_soon(self) -> bool:
        """Wait a moment without the loop, unless that was in vain lately."""
        if self._not_soon:
            self._not_soon -= 1
            return False
        try:
            for _ in range(POLLS):
                if select.select((self._file,), (), (), 0)[0]:
                    return True
            came, _, _ = select.select((self._file,), (), (), SOON_S)
        except ValueError:  # the system's select knows no file of so high a number
            came = []
        if not came:
            self._not_soon = NOT_SOON
        return bool(came)

    def _read(self) -> None:
        """Take what is there, and give it to those whose it is, in their order."""
        try:
            came = os.read(self._file, AT_ONCE_BYTES)
            self._parser.feed(came)
            while self._due and (found := self._parser.gets()) is not _UNFINISHED:
                self._give(found)
            if not came:
                self.close(RedisConnectionError("closed by Redis"))
        except BlockingIOError:
            pass
        except OSError as error:  # one of them is a TimeoutError, which here means the caller's own
            self.close(RedisConnectionError(type(error).__name__))
        except Exception as error:  # noqa: BLE001 - whoever waits must be told, whatever broke
            self.close(error)
        self._watch()

    def _give(self, found: Any) -> None:
        due = self._due[0]
        due.replies.append(found)
        if len(due.replies) == due.count:
            self.proven = True
            self._due.popleft()
            if due.future is not None and not due.future.done():
                due.future.set_result(None)

    def _watch(self) -> None:
        """Have the loop read while somebody waits."""
        wanted = self._error is None and any(due.future is not None and not due.future.done() for due in self._due)
        if wanted and not self._watched:
            self._loop.add_reader(self._file, self._read)
        elif self._watched and not wanted and not self._loop.is_closed():
            self._loop.remove_reader(self._file)
        self._watched = wanted
