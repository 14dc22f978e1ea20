"""Sends the commands of look-ups on a connection that is kept for them.

A look-up is waited for, so that it does without what a call costs otherwise: a task that sends for many, a limit of its own
for writing and for reading, and a connection taken from the pool and given back; and it goes on while Redis works. Look-ups
at the same time share the connection (wire.py). Errors are those of every other call.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Any

from hiredis import pack_command
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from workers.settings import Settings
from workers.store.connection import translated
from workers.store.wire import Due, Wire

Command = tuple[Any, ...]  # strings


class Line:
    """One kept connection, bound to one Redis and one event loop. Its commands must be safe to repeat."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._pool: Any = redis.connection_pool
        self._limit_s = settings.redis.command_timeout_s
        self._wire: Wire | None = None
        self._opening: asyncio.Task[Wire | None] | None = None
        self._by_library = False

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
        sent, wire = Sent(self, commands), self._wire
        if wire is not None and sent.begin_at_once(wire):  # mostly; each call less on the way is felt
            return sent
        with translated():
            return await sent.begin()

    async def wire(self, old: Wire | None = None) -> Wire | None:
        """Give the connection, a new one in place of an old one that failed; None: calls go through redis-py."""
        if self._by_library:
            return None
        if self._wire is not None and self._wire is not old and not self._wire.is_closed:
            return self._wire
        if self._opening is None or self._opening.done():  # all who need one share its fate
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(_seen)
        return await asyncio.shield(self._opening)

    async def wait(self, wire: Wire, due: Due) -> list[Any]:
        """Wait for replies as long as any command is waited for."""
        return await wire.wait(due, self._limit_s)

    async def by_library(self, commands: tuple[Command, ...]) -> list[Any]:
        """Run commands on a connection of the pool; replies are as they came, error replies given and not raised."""
        connection = await self._pool.get_connection()
        try:
            await connection.send_packed_command(_packed(commands), check_health=False)
            found: list[Any] = []
            for _ in commands:
                try:
                    found.append(await connection.read_response())
                except ResponseError as error:
                    found.append(error)
            return found
        finally:
            await self._pool.release(connection)

    async def _open(self) -> Wire | None:
        old, self._wire = self._wire, None
        if old is not None:
            old.close(RedisConnectionError("replaced"))
            await self._drop(old.connection)
        connection = await self._pool.get_connection()
        try:
            self._wire = Wire.of(connection)
        except BaseException:
            await self._drop(connection)
            raise
        if self._wire is None:
            self._by_library = True
            await self._pool.release(connection)
        return self._wire

    async def _drop(self, connection: Any) -> None:
        try:
            await connection.disconnect(nowait=True)
        finally:
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

    def begin_at_once(self, wire: Wire) -> bool:
        """Send them on a connection that is open; False when they were not sent."""
        try:
            self._due = wire.send(_packed(self._commands), len(self._commands))
        except RedisConnectionError:
            return False
        self._wire = wire
        return True

    async def begin(self) -> Sent:
        """Send them; to be called once."""
        wire = await self._line.wire()
        try:
            self._send(wire)
        except RedisConnectionError:
            if wire is None or not wire.proven:
                raise
            self._send(await self._line.wire(wire))
        return self

    async def replies(self) -> list[Any]:
        """Wait for what they give; to be called once.

        Raises:
            StoreUnavailable: Redis is away; the commands may or may not have run, and may be run again.
        """
        found = self._wire.now(self._due) if self._wire is not None and self._due is not None else None
        if found is not None and not any(isinstance(reply, Exception) for reply in found):
            return found
        with translated():
            if found is None:
                found = await self._replies()
            for reply in found:
                if isinstance(reply, Exception):
                    raise reply
            return found

    async def _replies(self) -> list[Any]:
        wire = self._wire
        try:
            return await self._wait()
        except RedisConnectionError:
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
        self._wire, self._due = wire, wire.send(_packed(self._commands), len(self._commands))


def _packed(commands: tuple[Command, ...]) -> bytes:
    if len(commands) == 1:
        return _again(commands[0])
    return b"".join([pack_command(command) for command in commands])  # by redis-py's own way 20 us each


@lru_cache(4)
def _again(command: Command) -> bytes:
    """Pack a command that is sent again and again: the log is read from the same place until it has news."""
    packed: bytes = pack_command(command)
    return packed


def _seen(task: asyncio.Task[Any]) -> None:
    """Take note of an error that nobody may ask for, and that whoever does gets all the same."""
    if not task.cancelled():
        task.exception()
