"""A process with a replica of the cache that does what it is told: keep, remove, look, and list what its replica holds.

Orders come as JSON from the list `NAME:orders` in Redis, answers go to `NAME:answers`, so that whoever tells it knows when
each is done. It has the store, the log and the index of a classify worker, and no encoder.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from redis import Redis

from tests.support.cache import SCOPE, entries, follow, hash_of, keep, vector_of
from tests.support.store import TENANT, Store, make_settings, open_store
from workers.cache.replica.follower import Follower


async def obey(store: Store, follower: Follower, do: str, text: str) -> Any:
    """Carry one order out."""
    if do == "keep":
        return await keep(store, text)
    if do == "remove":
        return await entries(store).remove(TENANT, f"ent_{hash_of(text)}")
    await follower.catch_up()
    if do == "list":
        return sorted(follower.replica.refs())
    return [ref for ref, _ in await follower.search(f"{TENANT}/{SCOPE}", vector_of(text), 5, 0.99)]


async def serve(url: str, prefix: str, name: str) -> None:
    """Carry orders out until it is killed."""
    async with open_store(make_settings(url, redis={"key_prefix": prefix})) as store:
        follower = follow(store)
        while True:
            order = await store.redis.lpop(store.key(f"{name}:orders"))
            if order is None:
                await asyncio.sleep(0.005)
                continue
            done = await obey(store, follower, *json.loads(order))
            await store.redis.rpush(store.key(f"{name}:answers"), json.dumps(done))


def tell(redis: Redis, prefix: str, name: str, do: str, text: str = "") -> Any:
    """Have such a process do something, and wait for its answer.

    Raises:
        AssertionError: it does not answer.
    """
    redis.rpush(f"{prefix}{name}:orders", json.dumps([do, text]))
    answer: Any = redis.blpop([f"{prefix}{name}:answers"], timeout=60)
    if answer is None:
        raise AssertionError(f"{name} does not answer")
    return json.loads(answer[1])


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:4]))
