"""Processes that are killed while they add to the cache."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from pathlib import Path

import pytest
from redis import Redis

from tests.support.cache import follow
from tests.support.processes import Processes
from tests.support.store import Store

pytestmark = pytest.mark.anyio


async def test_a_process_killed_while_adding_loses_and_doubles_nothing(store: Store, tmp_path: Path) -> None:
    """Result, entry, lists and log line appear together or not at all; a replica has exactly the entries."""
    url, prefix = store.settings.redis_url.get_secret_value(), store.settings.redis.key_prefix
    with Redis.from_url(url, decode_responses=True) as redis, Processes(tmp_path, {}) as processes:
        for number in range(4):
            before = redis.xlen(f"{prefix}cache:log")
            one = processes.start(f"adding-{number}", "-m", "tests.support.adding", url, prefix, f"run {number}")
            one.wait_until(lambda before=before: redis.xlen(f"{prefix}cache:log") > before + 50, "entries", 30)
            one.send(signal.SIGKILL)
            one.stop()
    await asyncio.sleep(0.1)  # what was on its way has arrived

    held = set(await store.redis.hkeys(store.key("cache:held")))
    added = Counter(row["ref"] for _, row in await store.redis.xrange(store.key("cache:log")) if row["op"] == "add")
    listed = await store.redis.zrange(store.key("tenant:acme:entries"), 0, -1)
    assert len(held) > 200
    assert set(added) == held
    assert set(added.values()) == {1}
    assert sorted(member.partition("/")[2] for member in listed) == sorted(held)
    assert set(await store.redis.zrange(store.key("cache:ends"), 0, -1)) == held
    assert set(await store.redis.zrange(store.key("cache:worth"), 0, -1)) == held
    answered = set()
    async for key in store.redis.scan_iter(match=store.key("job:*"), count=1000):
        if key.endswith(":events"):
            continue
        job = await store.redis.hgetall(key)
        if job["status"] == "succeeded":
            answered.add(key.rpartition(":")[2])
    sources = {
        await store.redis.hget(key, "job")
        async for key in store.redis.scan_iter(match=store.key("tenant:acme:exact:*"))
    }
    assert sources == answered
    replica = follow(store)
    await replica.catch_up()
    assert set(replica.replica.refs()) == held
    sizes = [int(value.partition("|")[0]) for value in await store.redis.hvals(store.key("cache:held"))]
    assert int(await store.redis.get(store.key("cache:bytes"))) == sum(sizes)
