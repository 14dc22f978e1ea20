"""A real Redis for tests: started, killed, frozen and started again like the real thing, on a loopback port.

It is the server that `make up` starts, with the same options. Nothing here is a mock.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import NoReturn

import pytest
from redis import Redis
from redis.exceptions import RedisError

from workers.local.redis_server import find_server, server_command
from workers.local.service import StartFailed


def missing(what: str) -> NoReturn:
    """Skip on a laptop where a service is missing; fail in CI, where it must be there."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI must have it", pytrace=False)
    pytest.skip(f"{what} is missing")


def server_binary() -> str | None:
    """Find the server that `make up` would start."""
    try:
        return str(find_server())
    except StartFailed:
        return None


class RedisServer:
    """One server process and its folder; `durable` writes every command to disk before it is answered."""

    def __init__(self, binary: str, folder: Path, *, durable: bool = False, fsync: str = "always") -> None:
        self._fsync = fsync
        self._binary = binary
        self._folder = folder
        self._durable = durable
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address, the same after a restart."""
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self, timeout_s: float = 20) -> None:
        """Start it and wait until it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        written = ("--appendonly", "yes" if self._durable else "no", "--appendfsync", self._fsync)
        command = (self._binary, *server_command(self._folder, self._port)[1:], *written)
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        self.wait_until_ready(timeout_s)

    def wait_until_ready(self, timeout_s: float = 20) -> None:
        """Wait until it answers and has loaded its data."""
        until = time.monotonic() + timeout_s
        with Redis.from_url(self.url, socket_timeout=2) as client:
            while True:
                try:
                    client.ping()
                except RedisError as error:
                    if time.monotonic() > until or (self._process and self._process.poll() is not None):
                        log = (self._folder / "redis.log").read_text(errors="replace")[-2000:]
                        raise AssertionError(f"the Redis server did not start:\n{log}") from error
                    time.sleep(0.02)
                else:
                    return

    def kill(self) -> None:
        """End it without a chance to save anything."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in an orderly way, also when it is frozen."""
        self.resume()
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Stop it from answering while its connections stay open."""
        if self._process:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen server go on."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)

    def _end(self, sig: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(sig)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def delete_keys(url: str, prefix: str) -> None:
    """Delete what a test left behind; a server that is gone has nothing left."""
    with Redis.from_url(url, socket_timeout=5) as client:
        try:
            keys = list(client.scan_iter(match=f"{prefix}*", count=1000))
            if keys:
                client.unlink(*keys)
        except RedisError:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
