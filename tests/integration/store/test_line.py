"""The connections that are kept for look-ups: errors are those of every other call, and the next call works."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest
from redis.exceptions import ResponseError

from tests.support.redis import RedisServer
from tests.support.store import Store, make_settings, open_store
from workers.contracts.errors import StoreUnavailable
from workers.settings import Settings
from workers.store import scripts
from workers.store.line import MOST_KEPT, Line

pytestmark = pytest.mark.anyio
LIMITS = {"connect_timeout_s": 0.5, "command_timeout_s": 1.0, "max_connections": 16}
ECHO = "return {KEYS[1], ARGV[1]}"


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    """Short limits, on a server of this test alone."""
    return make_settings(own_redis.url, redis=LIMITS)


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    """The store on the test's own server."""
    async with open_store(settings) as opened:
        yield opened


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two more scripts that need nothing before them."""
    monkeypatch.setattr(scripts, "BARE", frozenset({"echo", "picky"}))


def line_of(store: Store, name: str, source: str) -> Line:
    """Make one for a script that is in no file."""
    store.scripts._sources[name] = (source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())
    return Line(store.redis, store.scripts, store.settings, name)


@pytest.fixture
def line(store: Store) -> Line:
    """A script that gives back what it is given."""
    return line_of(store, "echo", ECHO)


async def test_calls_one_after_the_other_share_a_connection(store: Store, line: Line) -> None:
    """No other is opened, and the pool's are free for others."""
    before = int((await store.redis.info("clients"))["connected_clients"])
    assert [await line.call(str(number)) for number in range(20)] == [["tl:", str(number)] for number in range(20)]
    assert int((await store.redis.info("clients"))["connected_clients"]) == before + 1


async def test_many_calls_at_once_get_their_own_replies(store: Store, line: Line) -> None:
    """Also those that leave together; only a few connections stay kept, and the pool's others serve other calls."""
    found = await asyncio.gather(*(line.call(str(number)) for number in range(100)))
    assert found == [["tl:", str(number)] for number in range(100)]
    assert len(store.redis.connection_pool._in_use_connections) == MOST_KEPT
    assert await asyncio.gather(*(store.redis.ping() for _ in range(50))) == [True] * 50


async def test_calls_that_leave_together_share_their_fate_and_no_more(own_redis: RedisServer, line: Line) -> None:
    """All fail while Redis is dead, and none later."""
    await asyncio.to_thread(own_redis.kill)
    failed = await asyncio.gather(*(line.call(str(number)) for number in range(20)), return_exceptions=True)
    assert all(isinstance(error, StoreUnavailable) for error in failed)
    await asyncio.to_thread(own_redis.start)
    assert await asyncio.gather(*(line.call(str(number)) for number in range(20))) == [
        ["tl:", str(number)] for number in range(20)
    ]


async def test_a_script_that_was_forgotten_is_sent_again(store: Store, line: Line) -> None:
    """SCRIPT FLUSH costs one more round trip."""
    for _ in range(2):
        await store.redis.script_flush()
        assert await line.call("a") == ["tl:", "a"]


async def test_connections_that_redis_closed_are_opened_again(store: Store, line: Line) -> None:
    """Whoever calls next does not notice."""
    await asyncio.gather(*(line.call(str(number)) for number in range(10)))
    await store.redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    await asyncio.sleep(0.1)
    assert await line.call("a") == ["tl:", "a"]


async def test_calls_fail_while_redis_is_dead_and_work_when_it_is_back(own_redis: RedisServer, line: Line) -> None:
    """With the error that callers know."""
    assert await line.call("a") == ["tl:", "a"]
    await asyncio.to_thread(own_redis.kill)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await line.call("b")
    await asyncio.to_thread(own_redis.start)
    assert await line.call("c") == ["tl:", "c"]


async def test_a_frozen_redis_is_waited_for_no_longer_than_the_limit(own_redis: RedisServer, line: Line) -> None:
    """A late reply is nobody's: the next call gets its own."""
    assert await line.call("a") == ["tl:", "a"]
    await asyncio.to_thread(own_redis.freeze)
    with pytest.raises(StoreUnavailable):
        await line.call("late")
    await asyncio.to_thread(own_redis.resume)
    assert await line.call("b") == ["tl:", "b"]


async def test_a_call_that_is_given_up_leaves_no_reply_behind(own_redis: RedisServer, line: Line) -> None:
    """Its caller was cancelled."""
    await line.call("a")
    await asyncio.to_thread(own_redis.freeze)
    waiting = asyncio.create_task(line.call("given up"))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.to_thread(own_redis.resume)
    assert await line.call("b") == ["tl:", "b"]


async def test_an_error_of_the_script_is_its_callers_alone(store: Store) -> None:
    """The connection stays good."""
    line = line_of(store, "picky", "if ARGV[1] == 'x' then return redis.error_reply('ERR x') end return ARGV[1]")
    with pytest.raises(ResponseError, match="x"):
        await line.call("x")
    assert await line.call("y") == "y"
    assert len(store.redis.connection_pool._in_use_connections) == 1
