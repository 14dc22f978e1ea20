"""The connections that are kept for look-ups: errors are those of every other call, and the next call works."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import time
from collections.abc import AsyncIterator

import pytest
from redis.exceptions import ResponseError

from tests.support.redis import RedisServer
from tests.support.store import Store, make_settings, open_store
from workers.contracts.errors import StoreUnavailable
from workers.settings import Settings
from workers.store.line import Line
from workers.store.wire import MOST_DUE, Wire

pytestmark = pytest.mark.anyio
LIMITS = {"connect_timeout_s": 0.5, "command_timeout_s": 1.0, "max_connections": 16}


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    """Short limits, on a server of this test alone."""
    return make_settings(own_redis.url, redis=LIMITS)


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    """The store on the test's own server."""
    async with open_store(settings) as opened:
        yield opened


@pytest.fixture(params=["wire", "library"])
def line(store: Store, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Line:
    """Over a socket of our own, and through redis-py, as when it is encrypted."""
    if request.param == "library":
        monkeypatch.setattr(Wire, "of", lambda _: None)
    return Line(store.redis, store.settings)


async def echo(line: Line, text: str) -> str:
    """Have Redis say something."""
    (said,) = await line.call(("ECHO", text))
    return str(said)


async def echoes(line: Line, count: int) -> list[str]:
    """Have it say numbers, all at once."""
    return list(await asyncio.gather(*(echo(line, str(number)) for number in range(count))))


async def test_a_plain_connection_is_read_by_ourselves(store: Store) -> None:
    """Were redis-py to keep its sockets in another way, look-ups would go on and be slower; this would say so."""
    assert await Line(store.redis, store.settings).wire() is not None


async def test_calls_share_a_connection(store: Store) -> None:
    """One after the other and at once; the pool's others are free for other calls."""
    line = Line(store.redis, store.settings)
    before = int((await store.redis.info("clients"))["connected_clients"])
    assert [await echo(line, str(number)) for number in range(20)] == list(map(str, range(20)))
    assert await echoes(line, 100) == list(map(str, range(100)))
    assert int((await store.redis.info("clients"))["connected_clients"]) == before + 1
    assert len(store.redis.connection_pool._in_use_connections) == 1
    assert await asyncio.gather(*(store.redis.ping() for _ in range(50))) == [True] * 50


async def test_commands_of_a_call_are_answered_together(line: Line) -> None:
    """In their order."""
    assert await line.call(("ECHO", "a"), ("HMGET", "none", "x", "y"), ("ECHO", "b")) == ["a", [None, None], "b"]


@pytest.mark.parametrize("pause_s", [0, 0.02])
async def test_what_was_sent_is_read_later(line: Line, pause_s: float) -> None:
    """In any order; others are sent and read meanwhile, and each gets its own."""
    one, two, three = [await line.send(("ECHO", text)) for text in "abc"]
    assert await echo(line, "d") == "d"
    await asyncio.sleep(pause_s)
    assert [await sent.replies() for sent in (three, one, two)] == [["c"], ["a"], ["b"]]


async def test_a_reply_that_nobody_asks_for_is_nobody_elses(line: Line) -> None:
    """Whoever sent it failed before it came to reading."""
    for _ in range(3):
        await line.send(("ECHO", "unread"))
        assert await echo(line, "read") == "read"


async def test_replies_that_nobody_ever_asks_for_do_not_pile_up(store: Store) -> None:
    """As when every caller fails between sending and reading."""
    line = Line(store.redis, store.settings)
    wire = await line.wire()
    assert wire is not None
    for _ in range(20 * MOST_DUE):
        await line.send(("ECHO", "x" * 1_000))
    await asyncio.sleep(0.05)
    await line.send(("ECHO", "unread"))
    assert len(wire._due) < 4 * MOST_DUE
    assert await echo(line, "read") == "read"


async def test_replies_are_as_they_came(store: Store, line: Line) -> None:
    """Rows of a stream are lists, whichever way they took."""
    await store.redis.xadd("rows", {"a": "1", "b": "2"}, id="1-1")
    assert await line.call(("XRANGE", "rows", "-", "+")) == [[["1-1", ["a", "1", "b", "2"]]]]


async def test_those_who_wait_for_a_frozen_redis_wait_at_the_same_time(own_redis: RedisServer, line: Line) -> None:
    """Twenty calls take no longer than two."""
    await echoes(line, 20)
    await asyncio.to_thread(own_redis.freeze)
    for _ in range(2):
        began = time.perf_counter()
        failed = await asyncio.gather(*(echo(line, str(number)) for number in range(20)), return_exceptions=True)
        assert all(isinstance(error, StoreUnavailable) for error in failed)
        assert time.perf_counter() - began < 20 * LIMITS["command_timeout_s"] / 2
    await asyncio.to_thread(own_redis.resume)
    assert await echoes(line, 20) == list(map(str, range(20)))


async def test_a_connection_that_cannot_be_used_goes_back_to_the_pool(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no file left, say; the next call works when there is one again."""
    line = Line(store.redis, store.settings)

    def none_left(_: int) -> int:
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(os, "dup", none_left)
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await echo(line, "a")
    assert len(store.redis.connection_pool._in_use_connections) == 0
    monkeypatch.undo()
    assert await echo(line, "a") == "a"


async def test_a_long_reply_comes_whole(line: Line) -> None:
    """In many pieces, of which the first may be there before it is read; a long command leaves in pieces, too."""
    long = "x" * 3_000_000
    for pause_s in (0, 0.05):
        sent = await line.send(("ECHO", long))
        after = await line.send(("ECHO", "after"))
        await asyncio.sleep(pause_s)
        assert await sent.replies() == [long]
        assert await after.replies() == ["after"]
    assert await echo(line, "short") == "short"


async def test_calls_at_once_share_their_fate_and_no_more(own_redis: RedisServer, line: Line) -> None:
    """All fail while Redis is dead, and none later."""
    await asyncio.to_thread(own_redis.kill)
    failed = await asyncio.gather(*(echo(line, str(number)) for number in range(20)), return_exceptions=True)
    assert all(isinstance(error, StoreUnavailable) for error in failed)
    await asyncio.to_thread(own_redis.start)
    assert await echoes(line, 20) == list(map(str, range(20)))


async def test_connections_that_redis_closed_are_opened_again(store: Store, line: Line) -> None:
    """Whoever calls next does not notice, nor do those who wait."""
    await echoes(line, 10)
    for pause_s in (0, 0.1):
        await store.redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        await asyncio.sleep(pause_s)
        assert await echoes(line, 10) == list(map(str, range(10)))


async def test_nothing_stays_open_behind_a_line(store: Store) -> None:
    """Neither the connection that was replaced nor that of a line that is gone."""
    line = Line(store.redis, store.settings)
    opened: list[tuple[int, int]] = []
    for _ in range(3):
        wire = await line.wire(await line.wire())
        assert wire is not None
        opened.append((wire._file, os.fstat(wire._file).st_ino))
    del line, wire
    await asyncio.sleep(0.01)  # the loop holds what was awaited last
    gc.collect()
    assert not [socket for socket in opened if is_open(*socket)]


def is_open(file: int, inode: int) -> bool:
    """Tell whether a file's number is still that of the same socket."""
    try:
        return os.fstat(file).st_ino == inode
    except OSError:
        return False


async def test_calls_fail_while_redis_is_dead_and_work_when_it_is_back(own_redis: RedisServer, line: Line) -> None:
    """With the error that callers know."""
    assert await echo(line, "a") == "a"
    await asyncio.to_thread(own_redis.kill)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await echo(line, "b")
    await asyncio.to_thread(own_redis.start)
    assert await echo(line, "c") == "c"


async def test_a_frozen_redis_is_waited_for_no_longer_than_the_limit(own_redis: RedisServer, line: Line) -> None:
    """A late reply is nobody's: the next call gets its own."""
    assert await echo(line, "a") == "a"
    await asyncio.to_thread(own_redis.freeze)
    with pytest.raises(StoreUnavailable):
        await echo(line, "late")
    await asyncio.to_thread(own_redis.resume)
    assert await echo(line, "b") == "b"


async def test_a_call_that_is_given_up_leaves_no_reply_behind(own_redis: RedisServer, line: Line) -> None:
    """Its caller was cancelled."""
    await echo(line, "a")
    await asyncio.to_thread(own_redis.freeze)
    waiting = asyncio.create_task(echo(line, "given up"))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.to_thread(own_redis.resume)
    assert await echo(line, "b") == "b"


async def test_an_error_of_a_command_is_its_callers_alone(line: Line) -> None:
    """The connection stays good, and so do the others' replies."""
    wrong, right = await line.send(("ECHO",)), await line.send(("ECHO", "a"))
    with pytest.raises(ResponseError, match="number of arguments"):
        await wrong.replies()
    assert await right.replies() == ["a"]
    assert await echo(line, "b") == "b"
