"""What is kept how long, and what must not grow: everything ends, and Redis is as empty as before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.store import TENANT, Store, make_settings, new_job, open_store
from workers.contracts.job import QUEUES, Attempt
from workers.settings import Settings
from workers.store.jobs import Ending, Failure, Move

pytestmark = pytest.mark.anyio
WEEK_S = 604_800


async def lives(store: Store, name: str) -> int:
    """Seconds that a key has left; -1 is for ever, -2 is gone."""
    return int(await store.redis.ttl(store.key(name)))


@pytest.mark.parametrize("end", ["cancelled", "succeeded", "failed"])
async def test_an_ended_job_is_kept_for_the_retention(store: Store, end: str) -> None:
    """Record and events live on for a week and not for ever; before the end they have no limit."""
    job_id = (await store.running()).job_id
    for name in (f"job:{job_id}", f"job:{job_id}:events"):
        assert await lives(store, name) == -1
    if end == "cancelled":
        await store.jobs.cancel(job_id, TENANT)
    else:
        await store.jobs.finish(job_id, 0, Ending(end, {}))
    for name in (f"job:{job_id}", f"job:{job_id}:events"):
        assert WEEK_S - 100 < await lives(store, name) <= WEEK_S


async def test_a_retried_job_does_not_expire_while_it_runs(store: Store) -> None:
    """Its second life has no limit until its second end."""
    job_id = (await store.running()).job_id
    await store.jobs.cancel(job_id, TENANT)
    await store.jobs.retry(job_id, TENANT, 0, {})

    assert await lives(store, f"job:{job_id}") == -1
    assert await lives(store, f"job:{job_id}:events") == -1


async def test_a_retried_job_is_listed_again(store: Store) -> None:
    """Its life begins anew, and so does its place in the tenant's list."""
    job_id = (await store.running()).job_id
    await store.jobs.cancel(job_id, TENANT)
    await store.redis.delete(store.key(f"tenant:{TENANT}:jobs"))
    await store.jobs.retry(job_id, TENANT, 0, {})

    assert [job.id for job in (await store.reader.page(TENANT, limit=5, cursor=None, wanted={}))[0]] == [job_id]
    assert await lives(store, f"tenant:{TENANT}:jobs") > 2 * WEEK_S


async def test_a_retry_begins_with_a_clean_record(store: Store) -> None:
    """Nothing of the failed life shows in the new one but its attempts, its steps and what it had cost."""
    job_id = (await store.running("fallback")).job_id
    attempt = Attempt(attempt=0, lane="fallback", model="quick", outcome="failed", duration_s=1)
    fields = {
        "error": {"code": "x", "message": "y"}, "raw_text": "raw", "truncated": True, "model": "quick",
        "fallback": {"cause": "silence", "from_model": None, "after_s": 1.0}, "usage": {"prompt_tokens": 5},
        "expected": {"known": True}, "causes": "silence", "hand_on": "thought", "cost_usd": "0.5", "crashes": "2",
    }  # fmt: skip
    await store.jobs.finish(job_id, 0, Ending("failed", fields, attempt))
    await store.pass_time(500)
    assert await store.jobs.retry(job_id, TENANT, 0, {}) == "ok"
    job, record = await store.job(job_id), await store.record(job_id)

    assert (job.error, job.raw_text, job.fallback, job.model, job.finished_at) == (None,) * 5
    assert (job.truncated, job.expected.known, job.crashes) == (False, False, 0)
    assert "hand_on" not in record
    assert "causes" not in record
    assert (job.attempts, job.usage.prompt_tokens, job.cost_usd) == ([attempt], 5, 0.5)
    assert 590 < int(record["deadline_at"]) / 1000 - int(record["queued_at"]) / 1000 <= 600
    again = await store.jobs.claim("classify", job_id, 1, "w1")
    assert not isinstance(again, str)
    assert (again.causes, again.hand_on, again.cost_usd) == ((), None, 0.5)


async def test_a_tenants_list_outlives_its_jobs_and_not_much_more(store: Store) -> None:
    """The list is kept for as long as a job of it may live: the longest deadline, and the retention after it."""
    job_id = (await store.submit()).job_id
    await store.jobs.cancel(job_id, TENANT)

    assert 2 * WEEK_S < await lives(store, f"tenant:{TENANT}:jobs") <= 3 * WEEK_S


async def test_a_tenants_list_forgets_jobs_that_expired(store: Store) -> None:
    """Although nobody looks at the list, at most about half of it is of jobs that are gone."""
    for _ in range(300):
        await store.redis.delete(store.key(f"job:{(await store.submit()).job_id}"))
    await store.submit()

    assert await store.redis.zcard(store.key(f"tenant:{TENANT}:jobs")) < 50


async def test_lives_below_a_second_are_a_second(make: Callable[..., Settings]) -> None:
    """A key that expires in no seconds would be deleted at once: an ended job could not be read."""
    async with open_store(make(reliability={"retention_s": 0.2})) as store:
        job_id = (await store.running()).job_id
        await store.jobs.finish(job_id, 0, Ending("succeeded", {"result": "1"}, exact_hash="h", exact_s=0.1))

        assert (await store.job(job_id)).status == "succeeded"
        assert (await store.submit(exact_hash="h")).outcome == "hit"


async def test_nothing_waits_once_all_has_ended(store: Store) -> None:
    """Sets and lists are empty after jobs that ended in every way."""
    for queue in QUEUES:
        await store.jobs.cancel((await store.submit(queue=queue)).job_id, TENANT)
        done = await store.running(queue)
        await store.jobs.finish(done.job_id, 0, Ending("succeeded", {}))
        moved = await store.running(queue)
        await store.jobs.move(moved.job_id, 0, Move("fallback", "fallback", {}, {}))
        await store.jobs.finish(moved.job_id, 1, Ending("failed", {}), expected="queued")

    assert await store.redis.zcard(store.key("due")) == 0
    assert await store.reader.depths() == dict.fromkeys(QUEUES, 0)


async def test_workers_that_are_gone_are_forgotten(store: Store) -> None:
    """Each start of a worker has its own name; the old names do not pile up."""
    for n in range(50):
        await store.jobs.heartbeat(f"old{n}", ["standard"], [])
    await store.pass_time(120)
    await store.jobs.heartbeat("new", ["standard"], [])

    assert await store.redis.zrange(store.key("workers:standard"), 0, -1) == ["new"]


@pytest.mark.parametrize(("stream", "most"), [("failures", 10_000), ("signal", 20_000)])
async def test_streams_are_capped(store: Store, stream: str, most: int) -> None:
    """Logs keep their newest entries; a node of a stream more or less is Redis' own way to cap."""
    pipeline = store.redis.pipeline(transaction=False)
    for _ in range(most + 500):
        pipeline.xadd(store.key(stream), {"entry": "{}", "id": "x"})
    await pipeline.execute()
    job_id = (await store.running()).job_id
    failure = Failure(TENANT, job_id, "standard", "logic", "silence", "quick", 1.0)
    await store.jobs.finish(job_id, 0, Ending("failed", {}, failure=failure))

    assert most <= await store.redis.xlen(store.key(stream)) <= most + 200


async def test_a_job_that_is_begun_again_for_ever_stays_small(store: Store) -> None:
    """Its steps forget the oldest; what is left can still be read."""
    job_id = (await store.submit()).job_id
    for attempt in range(900):
        await store.jobs.cancel(job_id, TENANT)
        assert await store.jobs.retry(job_id, TENANT, attempt, {}) == "ok"
    job = await store.job(job_id)

    assert len((await store.record(job_id))["steps"]) < 70_000
    assert [step.step for step in job.steps[-2:]] == ["cancelled", "retried"]
    assert job.steps[-1].attempt == 900


async def test_another_installation_on_the_same_redis_is_not_touched(redis_url: str, store: Store) -> None:
    """Every key begins with the prefix, and no script leaves it."""
    before = await store.everything()
    other = make_settings(redis_url, redis={"key_prefix": f"{store.settings.redis.key_prefix[:-1]}-b:"})
    async with open_store(other) as beside:
        job_id = (await beside.running()).job_id
        await beside.jobs.finish(job_id, 0, Ending("succeeded", {"result": "1"}, exact_hash="h", exact_s=9))
        assert await beside.jobs.submit(new_job(exact_hash="h"))
        keys = [key async for key in beside.redis.scan_iter(match=beside.key("*"))]
        await beside.redis.delete(*keys)

    assert await store.everything() == before
