"""Connections to Redis: sized from one setting, bounded in time, and with its errors translated into ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, OutOfMemoryError, ReadOnlyError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from workers.contracts.errors import StoreUnavailable
from workers.settings import Settings

Read = TypeVar("Read")
AGAIN_S = 0.5  # between two readings of what is waited for while Redis is away
AWAY = (RedisConnectionError, RedisTimeoutError, BusyLoadingError, ReadOnlyError, OutOfMemoryError, OSError)
REFUSING = ("MISCONF", "NOREPLICAS", "MASTERDOWN", "CLUSTERDOWN", "UNKILLABLE", "BUSY")


def connect(settings: Settings, *, max_connections: int | None = None) -> Redis:
    """Open a pool of connections that answers text.

    A caller beyond the pool's size waits for a connection instead of failing, and nothing is tried again here:
    every script is safe to repeat, so that whoever calls decides.
    """
    pool = BlockingConnectionPool.from_url(
        settings.redis_url.get_secret_value(),
        max_connections=max_connections or settings.redis.max_connections,
        timeout=settings.redis.command_timeout_s,
        socket_connect_timeout=settings.redis.connect_timeout_s,
        socket_timeout=settings.redis.command_timeout_s,
        health_check_interval=0,
        decode_responses=True,
        protocol=2,  # one form of reply from every server
        retry=Retry(NoBackoff(), 0),
    )
    return Redis.from_pool(pool)


class translated:  # noqa: N801 - used as `with translated():`
    """Raise StoreUnavailable when Redis is away, loading, full or read-only.

    A message of redis-py may hold a command's arguments, so that it is named by its class alone.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        """Translate what was raised."""
        if error is None:
            return
        if isinstance(error, AWAY):
            raise StoreUnavailable(f"Redis is not available ({type(error).__name__})") from error
        if isinstance(error, RedisError) and (text := str(error)).startswith(REFUSING):
            raise StoreUnavailable(f"Redis refuses to write ({text.split(' ', 1)[0]})") from error


async def outliving(read: Callable[[], Awaitable[Read]], until: float) -> Read:
    """Read something that is waited for; while Redis is away, again and again as long as there is time (of the loop's clock).

    Raises:
        StoreUnavailable: the time is over, and Redis is away still.
    """
    loop = asyncio.get_running_loop()
    while True:
        try:
            return await read()
        except StoreUnavailable:
            if loop.time() + AGAIN_S >= until:
                raise
        await asyncio.sleep(AGAIN_S)
