"""Runs one script for the look-ups of the cache on connections that are kept for it.

A look-up is waited for, so that it does without what a call costs otherwise: a task that sends for many, a limit of its own
for writing and for reading, and a connection taken from the pool and given back. Look-ups that come while the kept
connections are busy leave together by `Scripts`, which costs each of them less than a trip of its own. Errors are the same.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from hiredis import pack_command
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError, ResponseError

from workers.settings import Settings
from workers.store.connection import translated
from workers.store.scripts import Scripts

MOST_KEPT: Final = 2


class Line:
    """One bare script (`BARE` in scripts.py), bound to one Redis and one event loop."""

    def __init__(self, redis: Redis, scripts: Scripts, settings: Settings, name: str) -> None:
        self._pool: Any = redis.connection_pool
        self._prefix = settings.redis.key_prefix
        self._limit_s = settings.redis.command_timeout_s
        self._scripts, self._name = scripts, name
        self._idle: list[Any] = []
        self._busy = 0

    async def call(self, *arguments: str) -> Any:
        """Run the script.

        Raises:
            StoreUnavailable: Redis is away; the script may or may not have run, and may be run again.
        """
        if self._busy >= MOST_KEPT:
            return await self._scripts.call(self._name, *arguments)
        self._busy += 1
        try:
            with translated():
                return await self._alone(arguments)
        finally:
            self._busy -= 1

    async def _alone(self, arguments: tuple[str, ...]) -> Any:
        connection = await self._take()
        try:
            return await self._run(connection, arguments)
        finally:
            await self._give_back(connection)

    async def _run(self, connection: Any, arguments: tuple[str, ...]) -> Any:
        source, digest = self._scripts.source(self._name)
        try:
            return await self._trip(connection, ("EVALSHA", digest, 1, self._prefix, *arguments))
        except NoScriptError:  # a new Redis, or one that was flushed
            return await self._trip(connection, ("EVAL", source, 1, self._prefix, *arguments))

    async def _trip(self, connection: Any, command: tuple[Any, ...]) -> Any:
        packed = pack_command(command)  # by redis-py's own way 20 us
        try:
            async with asyncio.timeout(self._limit_s):
                await connection.send_packed_command(packed, check_health=False)
                return await connection.read_response()
        except ResponseError:
            raise  # it is a whole reply: the connection is good
        except BaseException:
            await connection.disconnect(nowait=True)  # else the next call would read this one's reply
            raise

    async def _take(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if await _ready(connection):
                return connection
            await self._let_go(connection)
        connection = await self._pool.get_connection()
        connection.socket_timeout = None  # each write would be a task of its own; the limit is that of the whole trip
        return connection

    async def _give_back(self, connection: Any) -> None:
        if connection.is_connected:
            self._idle.append(connection)
        else:
            await self._let_go(connection)

    async def _let_go(self, connection: Any) -> None:
        connection.socket_timeout = self._limit_s
        await self._pool.release(connection)


async def _ready(connection: Any) -> bool:
    """Whether Redis did not close it meanwhile; one that is not ready is disconnected, and its pool connects it again."""
    try:
        if connection.is_connected and not await connection.can_read():
            return True
    except RedisError:
        pass
    await connection.disconnect(nowait=True)
    return False
