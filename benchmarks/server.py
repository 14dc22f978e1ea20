"""The Redis of a benchmark: its own process, with the append-only file that `make up` uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.redis import RedisServer, server_binary


@contextmanager
def durable_redis(folder: Path) -> Iterator[RedisServer]:
    """Run a server that writes what it accepted to its append-only file."""
    binary = server_binary()
    if binary is None:
        raise SystemExit("no Redis server was found: run `make setup`")
    server = RedisServer(binary, folder, durable=True, fsync="everysec")
    server.start()
    try:
        yield server
    finally:
        server.stop()
