"""Runs one script for the look-ups of the cache on connections that are kept for it.

A look-up is waited for, so that it does without what a call costs otherwise: a task that sends for many, a limit of its own
for writing and for reading, and a connection taken from the pool and given back; and it goes on while Redis works. Look-ups
that come while the kept connections are busy leave together by `Scripts`, which costs each of them less than a trip of its
own. Errors are the same.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, Self

from hiredis import pack_command
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError, ResponseError

from workers.settings import Settings
from workers.store.connection import translated
from workers.store.scripts import Scripts
from workers.store.wire import UNFINISHED, Wire

MOST_KEPT: Final = 2
CLOSED: Final = (OSError, RedisConnectionError)


class Line:
    """One bare script (`BARE` in scripts.py), bound to one Redis and one event loop."""

    def __init__(self, redis: Redis, scripts: Scripts, settings: Settings, name: str) -> None:
        self._pool: Any = redis.connection_pool
        self._prefix = settings.redis.key_prefix
        self.limit_s = settings.redis.command_timeout_s
        self._scripts, self._name = scripts, name
        self._idle: list[Kept] = []
        self.busy = 0

    async def call(self, *arguments: str) -> Any:
        """Run the script.

        Raises:
            StoreUnavailable: Redis is away; the script may or may not have run, and may be run again.
        """
        async with self.sent(*arguments) as sent:
            return await sent.reply()

    def sent(self, *arguments: str) -> Sent:
        """Send the script off, with `async with`, and go on; what it gives is asked for later (`Sent.reply`)."""
        return Sent(self, arguments)

    async def together(self, arguments: tuple[str, ...]) -> Any:
        """Run the script with others of this loop."""
        return await self._scripts.call(self._name, *arguments)

    def commands(self, arguments: tuple[str, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Write the command by which Redis knows the script, and the one that brings it the script as well."""
        source, digest = self._scripts.source(self._name)
        return (
            ("EVALSHA", digest, 1, self._prefix, *arguments),
            ("EVAL", source, 1, self._prefix, *arguments),
        )

    async def take(self) -> Kept:
        """Take a connection that is kept, or a new one."""
        return self._idle.pop() if self._idle else await self.open()

    async def open(self) -> Kept:
        """Take a new connection; those that were kept are as old as the one that it stands for, and are closed."""
        while self._idle:
            await self._let_go(self._idle.pop())
        connection = await self._pool.get_connection()
        connection.socket_timeout = None  # each write would be a task of its own; the limit is that of waiting
        return Kept(connection)

    async def give_back(self, kept: Kept, *, good: bool) -> None:
        """Keep it for the next call; or close it, and let the pool have it."""
        if good:
            self._idle.append(kept)
        else:
            await self._let_go(kept)

    async def _let_go(self, kept: Kept) -> None:
        await kept.connection.disconnect(nowait=True)
        kept.connection.socket_timeout = self.limit_s
        await self._pool.release(kept.connection)


class Kept:
    """A connection that is kept, with its socket in our own hands where that can be (wire.py)."""

    __slots__ = ("_wire", "connection", "proven")

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.proven = False  # it gave a reply
        self._wire = Wire.of(connection)

    async def send(self, command: tuple[Any, ...]) -> None:
        """Send a command."""
        packed = pack_command(command)  # by redis-py's own way 20 us
        if self._wire is not None:
            self._wire.send(packed)
        else:
            await self.connection.send_packed_command(packed, check_health=False)

    async def reply(self, limit_s: float) -> Any:
        """Read its reply, for which so many seconds are waited; an error reply is raised."""
        found = UNFINISHED if self._wire is None else self._wire.reply_at_once()
        if found is UNFINISHED:
            async with asyncio.timeout(limit_s):
                found = await (self.connection.read_response() if self._wire is None else self._wire.reply())
        self.proven = True
        if isinstance(found, RedisError):
            raise found
        return found


class Sent:
    """A script that is on its way within `async with`; when its reply was not read, the connection is closed.

    Between sending and reading, Redis works beside this process, so whoever has something to do meanwhile does it there.
    A connection that Redis closed while it was kept is replaced once, and the script sent again: it may be run twice.
    """

    __slots__ = ("_arguments", "_good", "_kept", "_line", "_task")

    def __init__(self, line: Line, arguments: tuple[str, ...]) -> None:
        self._line, self._arguments = line, arguments
        self._kept: Kept | None = None
        self._task: asyncio.Task[Any] | None = None
        self._good = True  # no reply is on its way

    async def __aenter__(self) -> Self:
        """Send it.

        Raises:
            StoreUnavailable: Redis is away.
        """
        line = self._line
        if line.busy >= MOST_KEPT:
            self._task = asyncio.create_task(line.together(self._arguments))
            return self
        line.busy += 1
        try:
            with translated():
                self._kept = await line.take()
                try:
                    await self._send(self._kept)
                except CLOSED as error:
                    await self._send(await self._replaced(self._kept, error))
        except BaseException:
            await self._end()
            raise
        return self

    async def reply(self) -> Any:
        """Wait for what it gives; to be called once.

        Raises:
            StoreUnavailable: Redis is away; the script may or may not have run, and may be run again.
        """
        if self._kept is None:
            return await self._task if self._task is not None else None
        with translated():
            try:
                return await self._read(self._kept)
            except NoScriptError:  # a new Redis, or one that was flushed
                await self._send(self._kept, whole=True)
            except TimeoutError:
                raise
            except CLOSED as error:
                await self._send(await self._replaced(self._kept, error), whole=True)
            return await self._read(self._kept)

    async def __aexit__(self, *_: object) -> None:
        """Keep the connection for the next call."""
        await self._end()

    async def _send(self, kept: Kept, *, whole: bool = False) -> None:
        self._good = False
        await kept.send(self._line.commands(self._arguments)[whole])

    async def _replaced(self, old: Kept, error: Exception) -> Kept:
        """Take a new connection in place of one that worked before and failed; raises the error when it never worked."""
        if not old.proven:
            raise error
        self._kept = None
        await self._line.give_back(old, good=False)
        self._kept = await self._line.open()
        return self._kept

    async def _read(self, kept: Kept) -> Any:
        try:
            found = await kept.reply(self._line.limit_s)
        except ResponseError:
            self._good = True  # it is a whole reply
            raise
        self._good = True
        return found

    async def _end(self) -> None:
        if self._task is not None:
            if not self._task.cancel() and not self._task.cancelled():
                self._task.exception()  # was raised, or is of no interest any more
            return
        self._line.busy -= 1
        kept, self._kept = self._kept, None
        if kept is not None:  # one with a reply on its way is closed, else the next call would read that
            await self._line.give_back(kept, good=self._good)
