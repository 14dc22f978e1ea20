"""Sends the commands of look-ups on a connection that is kept for them.

A look-up is waited for, so that it does without what a call costs otherwise: a task that sends for many, a limit of its own
for writing and for reading, and a connection taken from the pool and given back; and it goes on while Redis works. Look-ups
at the same time share the connection (wire.py). Errors are those of every other call.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from hiredis import pack_command
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from workers.settings import Settings
from workers.store.connection import translated
from workers.store.wire import Due, Wire

CLOSED: Final = (OSError, RedisConnectionError)
Command = tuple[Any, ...]  # strings


class Line:
    """One kept connection, bound to one Redis and one event loop. Its commands must be safe to repeat."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis: Any = redis
        self._pool: Any = redis.connection_pool
        self._limit_s = settings.redis.command_timeout_s
        self._wire: Wire | None = None
        self._opening = asyncio.Lock()

    async def call(self, *commands: Command) -> list[Any]:
        """Send commands and wait for their replies.

        Raises:
            StoreUnavailable: Redis is away; the commands may or may not have run, and may be run again.
        """
        return await (await self.send(*commands)).replies()

    async def send(self, *commands: Command) -> Sent:
        """Send commands off and go on; their replies are asked for later, or never.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with translated():
            return await Sent(self, commands).begin()

    async def wire(self, old: Wire | None = None) -> Wire | None:
        """Give the connection, a new one in place of an old one that failed; None: calls go through redis-py."""
        if self._wire is not None and self._wire is not old and not self._wire.is_closed:
            return self._wire
        async with self._opening:
            if self._wire is None or self._wire is old or self._wire.is_closed:
                await self._open()
        return self._wire

    async def wait(self, wire: Wire, due: Due) -> list[Any]:
        """Wait for replies as long as any command is waited for."""
        return await wire.wait(due, self._limit_s)

    async def by_library(self, commands: tuple[Command, ...]) -> list[Any]:
        """Run commands through redis-py; error replies are given, not raised."""
        pipeline = self._redis.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        found: list[Any] = await pipeline.execute(raise_on_error=False)
        return found

    async def _open(self) -> None:
        old, self._wire = self._wire, None
        if old is not None:
            old.close(RedisConnectionError("replaced"))
            await old.connection.disconnect(nowait=True)
            await self._pool.release(old.connection)
        connection = await self._pool.get_connection()
        self._wire = Wire.of(connection)
        if self._wire is None:
            await self._pool.release(connection)


class Sent:
    """Commands that are on their way. Between sending and reading, Redis works beside this process.

    A connection that Redis closed while it was kept is replaced once, and the commands are sent again.
    """

    __slots__ = ("_commands", "_due", "_line", "_task", "_wire")

    def __init__(self, line: Line, commands: tuple[Command, ...]) -> None:
        self._line, self._commands = line, commands
        self._wire: Wire | None = None
        self._due: Due | None = None
        self._task: asyncio.Task[list[Any]] | None = None

    async def begin(self) -> Sent:
        """Send them; to be called once."""
        wire = await self._line.wire()
        try:
            self._send(wire)
        except CLOSED:
            if wire is None or not wire.proven:
                raise
            self._send(await self._line.wire(wire))
        return self

    async def replies(self) -> list[Any]:
        """Wait for what they give; to be called once.

        Raises:
            StoreUnavailable: Redis is away; the commands may or may not have run, and may be run again.
        """
        with translated():
            found = await self._replies()
            for reply in found:
                if isinstance(reply, Exception):
                    raise reply
            return found

    async def _replies(self) -> list[Any]:
        wire = self._wire
        try:
            return await self._wait()
        except TimeoutError:
            raise
        except CLOSED:
            if wire is None or not wire.proven:
                raise
            self._send(await self._line.wire(wire))
            return await self._wait()

    async def _wait(self) -> list[Any]:
        if self._task is not None:
            return await self._task
        if self._wire is None or self._due is None:
            raise RuntimeError("replies are asked for before `begin`")
        return await self._line.wait(self._wire, self._due)

    def _send(self, wire: Wire | None) -> None:
        if wire is None:
            self._task = asyncio.create_task(self._line.by_library(self._commands))
            self._task.add_done_callback(_seen)
            return
        packed = b"".join([pack_command(command) for command in self._commands])  # by redis-py's own way 20 us each
        self._wire, self._due = wire, wire.send(packed, len(self._commands))


def _seen(task: asyncio.Task[list[Any]]) -> None:
    """Take note of an error that nobody may ask for, and that whoever does gets all the same."""
    if not task.cancelled():
        task.exception()
