"""The connections that are kept for look-ups: errors are those of every other call, and the next call works."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from redis.exceptions import ResponseError

from tests.support.redis import RedisServer
from tests.support.store import Store, make_settings, open_store
from workers.contracts.errors import StoreUnavailable
from workers.settings import Settings
from workers.store import scripts
from workers.store.line import MOST_KEPT, Line
from workers.store.wire import Wire

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


@pytest.fixture(params=["wire", "library"])
def line(store: Store, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Line:
    """A script that gives back what it is given, over sockets of our own and, as when they are encrypted, over redis-py's."""
    if request.param == "library":
        monkeypatch.setattr(Wire, "of", lambda _: None)
    return line_of(store, "echo", ECHO)


async def test_a_plain_connection_is_read_by_ourselves(store: Store) -> None:
    """Were redis-py to keep its sockets in another way, look-ups would go on and be slower; this would say so."""
    kept = await line_of(store, "echo", ECHO).take()
    assert kept._wire is not None


async def test_what_was_sent_is_read_later(line: Line) -> None:
    """Others are sent and read meanwhile; each gets its own."""
    async with line.sent("a") as one, line.sent("b") as two, line.sent("c") as three:
        assert await line.call("d") == ["tl:", "d"]
        await asyncio.sleep(0.02)
        assert await three.reply() == ["tl:", "c"]
        assert await two.reply() == ["tl:", "b"]
        assert await one.reply() == ["tl:", "a"]


@pytest.mark.parametrize("sent_before", [0, MOST_KEPT])
async def test_a_reply_that_nobody_reads_is_no_others(line: Line, sent_before: int) -> None:
    """Whoever sent it failed before it came to reading."""
    for _ in range(3):
        async with AsyncExitStack() as stack:
            for number in range(sent_before):
                await stack.enter_async_context(line.sent(str(number)))
            with pytest.raises(KeyError, match="mine"):
                async with line.sent("unread"):
                    raise KeyError("mine")
        assert await line.call("read") == ["tl:", "read"]
    assert line.busy == 0


async def test_a_long_reply_comes_whole(store: Store, line: Line) -> None:
    """In many pieces, of which the first may be there before it is read."""
    long = "x" * 3_000_000
    for pause_s in (0, 0.05):
        async with line.sent(long) as sent:
            await asyncio.sleep(pause_s)
            assert await sent.reply() == ["tl:", long]
    assert await line.call("short") == ["tl:", "short"]
    assert len(store.redis.connection_pool._in_use_connections) == 1


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
