"""The embedded Redis for real: reachable from here alone, and what it answered outlives its death."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from tests.support.redis import missing, server_binary
from workers.local.redis_server import answers, check_given, server_command
from workers.local.service import StartFailed, free_port


@contextmanager
def running(data_dir: Path, port: int, end: signal.Signals = signal.SIGTERM) -> Iterator[str]:
    """Run it on a folder, and end it by a signal."""
    process = subprocess.Popen(server_command(data_dir, port), stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    until = time.monotonic() + 20
    while not answers(url):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    try:
        yield url
    finally:
        os.kill(process.pid, end)
        process.wait(20)


@pytest.fixture(autouse=True)
def _server() -> None:
    if server_binary() is None:
        missing("a Redis server")


def test_what_it_answered_outlives_its_death(tmp_path: Path) -> None:
    """Killed without warning, it comes back with every write."""
    port = free_port()
    with running(tmp_path, port, end=signal.SIGKILL) as url, Redis.from_url(url) as client:
        for n in range(500):
            client.set(f"key:{n}", n)
    with running(tmp_path, port) as url, Redis.from_url(url) as client:
        assert client.dbsize() == 500
        assert client.get("key:499") == b"499"


def test_it_never_evicts_and_suits_the_system(tmp_path: Path) -> None:
    """It passes the check that a server of the user's has to pass."""
    with running(tmp_path, free_port()) as url, Redis.from_url(url, decode_responses=True) as client:
        assert check_given(url) is None
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("bind") == {"bind": "127.0.0.1"}
        client.config_set("maxmemory-policy", "allkeys-lru")
        assert "set it to noeviction" in (check_given(url) or "")


def test_a_given_server_that_is_away_is_named_without_its_password() -> None:
    """The sentence says what to do."""
    with pytest.raises(StartFailed, match="does not answer") as caught:
        check_given(f"redis://:hush@127.0.0.1:{free_port()}/0")
    assert "hush" not in str(caught.value)


def test_a_wrong_password_is_told_apart(tmp_path: Path) -> None:
    """It is not the network."""
    with running(tmp_path, free_port()) as url, Redis.from_url(url) as client:
        client.config_set("requirepass", "right")
        with pytest.raises(StartFailed, match="refuses the user name or password"):
            check_given(url.replace("redis://", "redis://:wrong@"))
        with pytest.raises(StartFailed, match="refuses the user name or password"):
            check_given(url)
