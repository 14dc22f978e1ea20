"""The Redis of a benchmark: its own process, with the append-only file that `make up` uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.redis import RedisServer, server_binary


@contextmanager
def durable_redis(folder: Path, fsync: str = "always") -> Iterator[RedisServer]:
    """Run a server that writes what it accepted to its append-only file.

    Args:
        folder: for its data.
        fsync: `always` as in `make up`, or `everysec`, which trusts a second of writes to the kernel.
    """
    binary = server_binary()
    if binary is None:
        raise SystemExit("no Redis server was found: run `make setup`")
    server = RedisServer(binary, folder, durable=True, fsync=fsync)
    server.start()
    try:
        yield server
    finally:
        server.stop()
