"""Connections to Redis: sized from one setting, bounded in time, and with its errors translated into ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, OutOfMemoryError, ReadOnlyError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from workers.contracts.errors import StoreUnavailable
from workers.settings import Settings

AWAY = (RedisConnectionError, RedisTimeoutError, BusyLoadingError, ReadOnlyError, OutOfMemoryError, OSError)


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


@contextmanager
def translated() -> Iterator[None]:
    """Raise StoreUnavailable when Redis is away, loading, full or read-only.

    A message of redis-py may hold a command's arguments, so that it is named by its class alone.
    """
    try:
        yield
    except AWAY as error:
        raise StoreUnavailable(f"Redis is not available ({type(error).__name__})") from error
    except RedisError as error:
        text = str(error)
        if text.startswith(("MISCONF", "NOREPLICAS", "MASTERDOWN", "CLUSTERDOWN", "UNKILLABLE", "BUSY")):
            raise StoreUnavailable(f"Redis refuses to write ({text.split(' ', 1)[0]})") from error
        raise
