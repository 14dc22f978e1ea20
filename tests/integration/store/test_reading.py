"""What is read: pages with filters and cursors, events from any point, durations, presence, failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.store import TENANT, Store, new_job, open_client
from workers.client import Client, JobFilter
from workers.contracts.errors import InvalidRequest
from workers.contracts.job import Attempt, Job, Usage
from workers.contracts.request import JobRequest
from workers.settings import Settings
from workers.store.jobs import Beat, Ending, Failure, Move
from workers.submission.fingerprint import id_at

pytestmark = pytest.mark.anyio
EVERYTHING = JobFilter()


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Client]:
    """The face that the API uses."""
    async with open_client(settings) as opened:
        yield opened


async def walk(client: Client, wanted: JobFilter, limit: int, tenant: str = TENANT) -> list[Job]:
    """Follow the cursors to the end."""
    found: list[Job] = []
    cursor: str | None = None
    for _ in range(2_000):
        page = await client.page(tenant, wanted, limit=limit, cursor=cursor)
        assert len(page.data) <= limit
        found += page.data
        cursor = page.next_cursor
        if cursor is None:
            return found
    raise AssertionError("the list has no end")


def aged(count: int, tenant: str = TENANT) -> list[str]:
    """Make ids of jobs submitted one second after the other, oldest first."""
    start = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
    return [f"{id_at(start + n * 1000)}{tenant.encode().hex()[:8]:>8}{n:012x}" for n in range(count)]


async def submit_all(store: Store, ids: list[str], tenant: str = TENANT) -> None:
    """Submit jobs under given ids."""
    await asyncio.gather(*(store.jobs.submit(new_job(job_id=job_id, tenant=tenant)) for job_id in ids))


@pytest.mark.parametrize("limit", [1, 7, 100, 499, 500, 501])
async def test_pages_show_every_job_once_newest_first(store: Store, client: Client, limit: int) -> None:
    """Five hundred jobs of ours among another tenant's, in pages of any size."""
    ids = aged(500)
    await submit_all(store, ids)
    await submit_all(store, aged(20, "umbra"), "umbra")

    assert [job.id for job in await walk(client, EVERYTHING, limit)] == ids[::-1]


async def test_the_last_page_has_no_cursor(store: Store, client: Client) -> None:
    """A full last page is known to be the last."""
    await submit_all(store, aged(10))
    page = await client.page(TENANT, EVERYTHING, limit=10)

    assert (len(page.data), page.next_cursor) == (10, None)


async def test_an_empty_list_is_an_empty_page(client: Client) -> None:
    """A tenant without jobs gets a page and no error."""
    assert await client.page("nobody", EVERYTHING, limit=10) == await client.page("nobody", EVERYTHING, limit=1)
    assert (await client.page("nobody", EVERYTHING)).data == []


@pytest.mark.parametrize("limit", [1, 3, 50, 60])
async def test_a_filter_finds_all_and_only_what_fits(store: Store, client: Client, limit: int) -> None:
    """Fifty cancelled jobs among five hundred, whatever the page size."""
    ids = aged(500)
    await submit_all(store, ids)
    cancelled = ids[3::10]
    await asyncio.gather(*(store.jobs.cancel(job_id, TENANT) for job_id in cancelled))
    found = await walk(client, JobFilter(status="cancelled"), limit)

    assert [job.id for job in found] == cancelled[::-1]
    assert await walk(client, JobFilter(status="succeeded"), limit) == []


async def test_filters_hold_together(store: Store, client: Client) -> None:
    """Status and lane are both asked."""
    ids = aged(6)
    await submit_all(store, ids)
    for job_id in ids[:4]:
        await store.jobs.claim("classify", job_id, 0, "w1")
        await store.jobs.move(job_id, 0, Move("reasoning" if job_id in ids[:2] else "standard", "routed", {}, {}))
    await store.jobs.cancel(ids[0], TENANT)

    def listed(jobs: list[Job]) -> list[str]:
        return [job.id for job in jobs]

    assert listed(await walk(client, JobFilter(lane="reasoning"), 2)) == [ids[1], ids[0]]
    assert listed(await walk(client, JobFilter(lane="reasoning", status="cancelled"), 2)) == [ids[0]]
    assert listed(await walk(client, JobFilter(lane="fallback"), 2)) == []


async def test_a_page_may_be_bounded_in_time(store: Store, client: Client) -> None:
    """`created_after` is inclusive, `created_before` is not; both hold on every page."""
    ids = aged(60)
    await submit_all(store, ids)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    wanted = JobFilter(created_after=start + timedelta(seconds=10), created_before=start + timedelta(seconds=40))

    assert [job.id for job in await walk(client, wanted, 7)] == ids[10:40][::-1]


async def test_jobs_that_come_while_a_list_is_read_change_nothing_behind(store: Store, client: Client) -> None:
    """A cursor goes on where the page ended, whatever was submitted since."""
    ids = aged(30)
    await submit_all(store, ids[:20])
    first = await client.page(TENANT, EVERYTHING, limit=5)
    await submit_all(store, ids[20:])
    second = await client.page(TENANT, EVERYTHING, limit=5, cursor=first.next_cursor)

    assert [job.id for job in [*first.data, *second.data]] == ids[10:20][::-1]


async def test_expired_jobs_leave_the_list(store: Store, client: Client) -> None:
    """Ids whose records are gone neither show nor shorten a page, and are taken out of the index."""
    ids = aged(30)
    await submit_all(store, ids)
    await store.redis.delete(*(store.key(f"job:{job_id}") for job_id in ids[5:25]))
    page = await client.page(TENANT, EVERYTHING, limit=8)

    assert [job.id for job in page.data] == ids[25:][::-1] + ids[2:5][::-1]
    assert [job.id for job in await walk(client, EVERYTHING, 8)] == ids[25:][::-1] + ids[:5][::-1]
    assert await store.redis.zcard(store.key(f"tenant:{TENANT}:jobs")) == 10


@pytest.mark.parametrize("cursor", ["", "x", "job_1", "+", "-", "[a", "job_" + "g" * 32, "job_" + "0" * 33])
async def test_a_cursor_that_is_not_ours_is_refused(client: Client, cursor: str) -> None:
    """What would reach Redis as a range is checked before."""
    with pytest.raises(InvalidRequest):
        await client.page(TENANT, EVERYTHING, cursor=cursor)


# -- events ---------------------------------------------------------------------------------------------------------


async def test_events_are_replayed_from_any_id(store: Store, client: Client) -> None:
    """Whoever resumes after an event gets all later ones, each once, in order."""
    claim = await store.running("reasoning")
    for n in range(30):
        await store.jobs.heartbeat("w1", [], [Beat(claim.job_id, 0, "thinking", n, 0, {"thinking_tokens": n})])
    await store.jobs.finish(claim.job_id, 0, Ending("succeeded", {"result": "1"}, done={"lane": "reasoning"}))
    everything = await client.events(TENANT, claim.job_id)

    assert [event.type for event in everything] == ["queued", "started", *["thinking"] * 30, "done"]
    assert everything[-1].data["lane"] == "reasoning"
    assert everything[-1].data["job"]["status"] == "succeeded"
    for position, event in enumerate(everything):
        assert await client.events(TENANT, claim.job_id, after=event.id) == everything[position + 1 :]
    assert await client.events(TENANT, claim.job_id, most=5) == everything[:5]


async def test_a_capped_stream_keeps_its_newest_events(store: Store) -> None:
    """The oldest events go first; the end of a job is always there."""
    claim = await store.running()
    limit = store.settings.reliability.event_limit
    for n in range(limit + 300):
        await store.scripts.call("heartbeat", "w1", "", claim.job_id, "0", "thinking", str(n), "0", f'{{"n":{n}}}')
    await store.jobs.finish(claim.job_id, 0, Ending("succeeded", {"result": "1"}))
    events = await store.reader.events(claim.job_id, most=10_000)

    assert limit <= len(events) <= limit + 200
    assert events[-1].type == "done"
    assert events[-2].data == {"n": limit + 299}


# -- spend, durations, failures, presence ---------------------------------------------------------------------------


async def test_what_a_cancelled_attempt_had_cost_is_added(store: Store) -> None:
    """The job stays cancelled and shows the tokens and dollars that were spent until its worker learned of it."""
    claim = await store.running("reasoning")
    await store.jobs.cancel(claim.job_id, TENANT)
    usage = Usage(prompt_tokens=10, completion_tokens=500, reasoning_tokens=480, estimated=True)
    spent = Attempt(attempt=0, lane="reasoning", model="deep", outcome="cancelled", duration_s=4.5, usage=usage)

    assert await store.jobs.note_spend(claim.job_id, 0, spent, usage, 0.000_012_5) == "ok"
    job = await store.job(claim.job_id)
    assert (job.status, job.usage, job.cost_usd, job.attempts) == ("cancelled", usage, 0.000_012_5, [spent])
    assert await store.events(claim.job_id) == ["queued", "started", "done"]


async def test_spend_is_not_added_to_another_life(store: Store) -> None:
    """A job that its owner began again does not take the late bill of the life before."""
    claim = await store.running()
    await store.jobs.cancel(claim.job_id, TENANT)
    await store.jobs.retry(claim.job_id, TENANT, 0, {})
    spent = Attempt(attempt=0, lane="standard", model="quick", outcome="cancelled", duration_s=1)

    assert await store.jobs.note_spend(claim.job_id, 0, spent, Usage(), 1.0) == "queued"
    assert (await store.job(claim.job_id)).attempts == []


async def test_expected_durations_come_from_history(store: Store) -> None:
    """Nearest rank over the durations that were seen, unknown below five; another model's say nothing."""
    for n in range(1, 11):
        claim = await store.running()
        end = Ending("succeeded", {"result": "1"}, history="logic:deep", duration=f"{n}.0")
        await store.jobs.finish(claim.job_id, 0, end)
        expected = await store.reader.expected("logic", "deep")
        assert (expected.known, expected.samples) == (n >= 5, n)

    assert (expected.p50_s, expected.p90_s) == (5.0, 9.0)
    assert not (await store.reader.expected("logic", "other")).known
    assert (await store.reader.expected("code", "deep")).basis == "model"


async def test_history_forgets_what_is_old(store: Store) -> None:
    """Only the latest two hundred count."""
    await store.redis.lpush(store.key("history:logic:deep"), *["1.0"] * 200)
    await store.redis.sadd(store.key("histories"), "logic:deep")
    for _ in range(101):
        claim = await store.running()
        end = Ending("succeeded", {"result": "1"}, history="logic:deep", duration="50")
        await store.jobs.finish(claim.job_id, 0, end)
    expected = await store.reader.expected("logic", "deep")

    assert (expected.samples, expected.p50_s, expected.p90_s) == (200, 50.0, 50.0)


async def test_failures_are_logged_and_counted_by_task_type(store: Store) -> None:
    """The newest line comes first, with cause, model, lane and duration, and never a text of the job."""
    for cause in ("deadline", "silence", "silence"):
        claim = await store.running("reasoning")
        failure = Failure(TENANT, claim.job_id, "reasoning", "logic", cause, "deep", 1.5, prompt_chars=30)
        await store.jobs.move(claim.job_id, 0, Move("fallback", "fallback", {}, {}, failure=failure))
    claim = await store.running("fallback")
    final = Failure(TENANT, claim.job_id, "fallback", "logic", "deadline", "quick", 2.0, final=True)
    await store.jobs.finish(claim.job_id, 0, Ending("failed", {}, failure=final))
    newest, *_ = lines = await store.reader.failures()

    assert len(lines) == 4
    assert newest == {
        "tenant": TENANT, "job_id": claim.job_id, "lane": "fallback", "task_type": "logic", "cause": "deadline",
        "model": "quick", "duration_s": 2.0, "prompt_chars": 0, "final": True,
    }  # fmt: skip
    assert await store.reader.failure_counts() == {
        "reasoning|logic|deep|deadline": 1,
        "reasoning|logic|deep|silence": 2,
        "fallback|logic|quick|deadline": 1,
    }


async def test_workers_are_present_while_they_are_heard(store: Store, client: Client) -> None:
    """A worker counts for each of its queues until it was silent for some heartbeats; /readyz is made of it."""
    await store.jobs.heartbeat("w1", ["classify", "standard"], [])
    await store.jobs.heartbeat("w2", ["standard"], [])
    assert await store.reader.present() == {"classify": 1, "reasoning": 0, "standard": 2, "fallback": 0, "deliver": 0}
    await store.pass_time(4)
    await store.jobs.heartbeat("w2", ["standard"], [])
    await store.pass_time(4)

    assert await store.reader.present() == {"classify": 0, "reasoning": 0, "standard": 1, "fallback": 0, "deliver": 0}
    health = await client.health()
    assert health == {
        "redis": True, "worker_classify": False, "worker_reasoning": False, "worker_standard": True,
        "worker_fallback": False, "worker_deliver": False,
    }  # fmt: skip


async def test_depths_count_who_waits(store: Store, client: Client) -> None:
    """A queue's depth is the jobs that wait in it, and not those that run."""
    await store.submit()
    await store.running("reasoning")
    await store.submit(queue="reasoning")

    assert await client.depths() == {"classify": 1, "reasoning": 1, "standard": 0, "fallback": 0}


async def test_the_request_can_be_read_again(store: Store, client: Client) -> None:
    """What was submitted is kept as it came, without defaults."""
    request = JobRequest(input="x", schema={"type": "object"}, temperature=0.5)
    job_id = (await client.submit(TENANT, request)).job_id
    stored = await store.reader.request_json(job_id)

    assert stored is not None
    assert JobRequest.model_validate_json(stored) == request
    assert "deadline_s" not in stored
