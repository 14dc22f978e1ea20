"""Entries for those who own and tidy them, on a real Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.cache import SCOPE, entries, hash_of, keep, ref_of
from tests.support.store import TENANT, Store, new_job, open_store
from workers.contracts.caching import CacheChoice
from workers.contracts.job import Feedback
from workers.settings import Settings
from workers.store.entries import read_cursor

pytestmark = pytest.mark.anyio
ALL = CacheChoice()


def now_ms() -> int:
    """The time that ages are counted from."""
    return int(time.time() * 1000) + 5


async def inputs(store: Store, tenant: str = TENANT, choice: CacheChoice = ALL) -> list[str | None]:
    """What the tenant's entries were asked, newest first."""
    found, following = await entries(store).page(tenant, choice, limit=100, after=None, now_ms=now_ms())
    assert following is None
    return [entry.input for entry in found]


async def test_pages_join_to_the_whole_list(store: Store) -> None:
    """Newest first, each entry once, whatever the page's size."""
    for number in range(7):
        await asyncio.sleep(0.002)  # those of one millisecond stand in no order
        await keep(store, f"text {number}")
    seen: list[str | None] = []
    after: str | None = None
    while True:
        page, cursor = await entries(store).page(TENANT, ALL, limit=3, after=after, now_ms=now_ms())
        seen += [entry.input for entry in page]
        if cursor is None:
            break
        after = read_cursor(cursor)
    assert seen == [f"text {number}" for number in reversed(range(7))]


async def test_an_entry_shows_hits_savings_and_who_was_given_it(store: Store) -> None:
    """With the reason and the similarity, and what that job asked; the latest first."""
    source = await keep(store, "a")
    name = f"tenant:{TENANT}:exact:{hash_of('a')}"
    hit = await store.running("classify")
    given = await store.scripts.call(
        "serve", hit.job_id, "0", name, source, "semantic", "0.9731", "same words", "result", "1"
    )
    assert given == "ok"
    again = await store.submit(exact_hash=hash_of("a"))
    assert again.outcome == "hit"
    found = await entries(store).get(TENANT, f"ent_{hash_of('a')}")
    assert found is not None
    assert (found.hits, found.saved_usd, found.saved_s, found.result) == (2, 1.0, 4.0, {"answer": "Paris"})
    assert [(each.job, each.tier, each.similarity) for each in found.served] == [
        (again.job_id, "exact", None), (hit.job_id, "semantic", 0.9731),
    ]  # fmt: skip
    assert found.served[1].reason == "same words"
    assert found.served[1].input == "What is the capital of France?"
    assert (await store.job(hit.job_id)).status == "succeeded"


async def test_another_tenant_sees_and_removes_nothing(store: Store) -> None:
    """Not by name, not in a list, not by scope."""
    await keep(store, "a")
    face = entries(store)
    assert await face.get("umbra", f"ent_{hash_of('a')}") is None
    assert not await face.remove("umbra", f"ent_{hash_of('a')}")
    assert await face.remove_chosen("umbra", CacheChoice(scope=SCOPE), now_ms=now_ms()) == 0
    assert await store.scripts.call("cache_remove", "umbra", ref_of("a")) == 0
    assert await inputs(store, "umbra") == []
    assert await inputs(store) == ["a"]


async def test_entries_of_a_group_belong_to_the_tenant_that_stored_them(make: Callable[..., Settings]) -> None:
    """A member that was given one sees no text or job of the other's; its feedback removes it all the same."""
    async with open_store(make(cache={"shared": {TENANT: "staff", "umbra": "staff"}})) as store:
        key = f"@staff/{hash_of('a')}"
        source = await keep(store, "a", cache_key=key)
        hit = await store.submit(tenant="umbra", exact_hash=key)
        assert hit.outcome == "hit"
        note = (await store.job(hit.job_id, "umbra")).cache
        assert note is not None
        assert note.source_job is None
        assert source not in (await store.job(hit.job_id, "umbra")).model_dump_json()
        found = await entries(store).get(TENANT, f"ent_{hash_of('a')}")
        assert found is not None
        assert (found.shared, found.hits) == ("staff", 1)
        assert (found.served[0].job, found.served[0].input) == (None, None)
        assert await entries(store).get("umbra", f"ent_{hash_of('a')}") is None
        assert await store.jobs.feedback(hit.job_id, "umbra", Feedback(correct=False), wrong=True) == "ok"
        assert await inputs(store) == []
        assert (await store.submit(tenant=TENANT, exact_hash=key)).outcome == "created"


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        (CacheChoice(scope="b" * 32), ["d", "c", "a"]),
        (CacheChoice(tag="red"), ["d", "b"]),
        (CacheChoice(tag="re"), ["d", "c", "b", "a"]),
        (CacheChoice(older_than_s=100), ["d", "c"]),
        (CacheChoice(scope=SCOPE, tag="red", older_than_s=100), ["d", "c", "b"]),
        (ALL, []),
    ],
)
async def test_entries_are_removed_by_scope_tag_and_age(store: Store, choice: CacheChoice, left: list[str]) -> None:
    """What fits every condition goes, with its line in the log; the rest stays."""
    await keep(store, "a", cache_tags='["red","round"]')
    await keep(store, "b", scope="b" * 32)
    await asyncio.sleep(0.02)  # entries are told apart by milliseconds
    at_ms = now_ms() + 100_000 - 5
    await asyncio.sleep(0.02)
    await keep(store, "c", cache_tags='["red"]')
    await keep(store, "d")
    before = await inputs(store)
    removed = await entries(store).remove_chosen(TENANT, choice, now_ms=at_ms)
    assert await inputs(store) == left
    assert removed == len(before) - len(left)
    log = await store.redis.xrange(store.key("cache:log"))
    assert sum(row["op"] == "remove" for _, row in log) == removed


async def test_removal_leaves_no_key_behind(store: Store) -> None:
    """All lists, counters and the entry itself."""
    for number in range(5):
        await keep(store, f"text {number}")
        await store.submit(exact_hash=hash_of(f"text {number}"))
    assert await entries(store).remove_chosen(TENANT, ALL, now_ms=now_ms()) == 5
    left = {key for key in await store.everything() if "cache:" in key or "exact" in key or "entries" in key}
    assert left == {store.key("cache:log"), store.key("cache:bytes")}
    assert await store.redis.get(store.key("cache:bytes")) == "0"


async def test_the_sweep_takes_what_is_over_and_the_least_worthy_beyond_the_room(make: Callable[..., Settings]) -> None:
    """What is asked often or costs much to compute stays; the next to come begins above what went."""
    async with open_store(make(cache={"max_bytes": 10_000})) as store:
        for number in range(20):
            await keep(
                store, f"text {number}", cache_worth="10" if number == 3 else "1", life_s=0.1 if number == 4 else 90
            )
        for _ in range(3):
            await store.submit(exact_hash=hash_of("text 5"))
        await store.redis.zadd(store.key("cache:ends"), {ref_of("text 4"): 1})
        expired, evicted = await entries(store).sweep()
        assert expired == 1
        assert evicted >= 1
        assert int(await store.redis.get(store.key("cache:bytes"))) <= 10_000
        left = await inputs(store)
        assert {"text 3", "text 5"} <= set(left)
        assert len(left) == 19 - evicted
        assert await store.redis.get(store.key("cache:floor")) == "1"
        await keep(store, "new")
        assert await store.redis.zscore(store.key("cache:worth"), ref_of("new")) == 2
        assert await entries(store).sweep() == (0, 0) or "new" in await inputs(store)


async def test_an_answer_served_is_the_answer_found(store: Store) -> None:
    """Removed or replaced between look-up and serving: nothing is served and the job goes on."""
    source = await keep(store, "a")
    name = f"tenant:{TENANT}:exact:{hash_of('a')}"
    claim = await store.running("classify")

    async def serve(job: str) -> Any:
        return await store.scripts.call("serve", claim.job_id, "0", name, job, "semantic", "0.98", "r", "result", "1")

    second = await keep(store, "a")
    assert await serve(source) == "gone"
    await entries(store).remove(TENANT, f"ent_{hash_of('a')}")
    assert await serve(second) == "gone"
    assert (await store.job(claim.job_id)).status == "running"
    third = await keep(store, "a")
    assert await serve(third) == "ok"
    assert await serve(third) == "succeeded"
    assert await store.redis.hget(store.key(name), "hits") == "1"


async def test_a_record_does_not_keep_what_only_an_entry_needs(store: Store) -> None:
    """Vector and text leave the record with its end, also when nothing was kept."""
    job_id = await keep(store, "a")
    failed = await store.running(fields={"cache_vector": "AAAA", "cache_text": "a"})
    await store.jobs.cancel(failed.job_id, TENANT)
    for each in (job_id, failed.job_id):
        assert not {"cache_vector", "cache_text"} & set(await store.record(each))


async def test_a_job_that_is_refused_keeps_nothing(store: Store) -> None:
    """A worker that lost its attempt cannot put its answer into the cache."""
    from tests.support.cache import ending

    claim = await store.running()
    await store.jobs.cancel(claim.job_id, TENANT)
    assert await store.jobs.finish(claim.job_id, 0, ending("a")) == "cancelled"
    assert await inputs(store) == []
    assert (await store.jobs.submit(new_job(exact_hash=hash_of("a")))).outcome == "created"
