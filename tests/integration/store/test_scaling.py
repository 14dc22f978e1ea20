"""KEDA counts the key that the store really keeps: each lane's ScaledObject against a real Redis."""

from __future__ import annotations

import pytest

from tests.support import manifests
from tests.support.store import Store
from workers.contracts.job import QUEUES, Queue

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("queue", QUEUES)
async def test_what_waits_is_what_keda_counts(store: Store, queue: Queue) -> None:
    """Its redis scaler asks for a sorted set's ZCARD; two wait, and one less once a worker has claimed one."""
    (trigger,) = manifests.objects("ScaledObject")[queue]["spec"]["triggers"]
    key = store.key(trigger["metadata"]["listName"].removeprefix("tl:"))
    first = await store.submit(queue=queue)
    await store.submit(queue=queue)
    assert await store.redis.type(key) == "zset"
    assert await store.redis.zcard(key) == 2
    await store.jobs.claim(queue, first.job_id, 0, "w1")
    assert await store.redis.zcard(key) == 1
