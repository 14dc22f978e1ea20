"""Lost replies and duplicated messages: what is done twice is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.support.store import TENANT, Store, new_job
from workers.contracts.caching import CachedAnswer
from workers.contracts.job import Attempt, CacheNote, Usage
from workers.store.jobs import Beat, Ending, Failure, Move
from workers.store.record import Claim

pytestmark = pytest.mark.anyio
DONE = Attempt(attempt=0, lane="standard", model="quick", outcome="succeeded", duration_s=1)
FAILED = Attempt(attempt=0, lane="standard", model="quick", outcome="failed", cause="silence", duration_s=1)
FAILURE = Failure(TENANT, "job", "standard", "logic", "silence", "quick", 1.0)
NEWS = {"phase": "answering", "delta": "Par"}

Again = Callable[[], Awaitable[object]]


async def submit(store: Store) -> Again:
    """Submit one and the same job."""
    new = new_job(idempotency_hash="k", body_hash="b")
    return lambda: store.jobs.submit(new)


async def claim(store: Store) -> Again:
    """Claim an attempt, from one task."""
    job_id = (await store.submit(queue="standard")).job_id
    return lambda: store.jobs.claim("standard", job_id, 0, "w1")


async def move(store: Store) -> Again:
    """Send a failed attempt to the fallback."""
    job_id = (await store.running("reasoning")).job_id
    step = Move("fallback", "fallback", {"cause": "silence"}, {"causes": "silence"}, FAILED, FAILURE)
    return lambda: store.jobs.move(job_id, 0, step)


async def succeed(store: Store) -> Again:
    """End a job with its result, a cache entry and its duration."""
    job_id = (await store.running()).job_id
    end = Ending("succeeded", {"result": "1"}, DONE, None, "e", 60, "logic:quick", "1.0", {"lane": "standard"})
    return lambda: store.jobs.finish(job_id, 0, end)


async def serve(store: Store) -> Again:
    """End a job with an answer of the cache."""
    entry = f"tenant:{TENANT}:exact:known"
    await store.redis.hset(store.key(entry), mapping={"job": "job_before", "result": "1"})
    claim = await store.running("classify")
    note = CacheNote(outcome="hit", tier="semantic", similarity=0.98, reason="the same")
    hit = CachedAnswer(note, 1, None, None, entry, "job_before")
    return lambda: store.jobs.serve(claim.job_id, 0, hit, {"result": "1"})


async def join(store: Store) -> Again:
    """Wait for the answer of the job that leads."""
    leader, follower = await store.running("classify"), await store.running("classify")
    await store.jobs.join(leader.job_id, 0, "k")
    return lambda: store.jobs.join(follower.job_id, 0, "k")


async def fail(store: Store) -> Again:
    """End a job with its failure."""
    job_id = (await store.running()).job_id
    return lambda: store.jobs.finish(job_id, 0, Ending("failed", {}, FAILED, FAILURE))


async def heartbeat(store: Store) -> Again:
    """Tell a piece of the answer."""
    job_id = (await store.running()).job_id
    return lambda: store.jobs.heartbeat("w1", ["standard"], [Beat(job_id, 0, "answering", 0, 2, NEWS)])


async def cancel(store: Store) -> Again:
    """Cancel a running job."""
    job_id = (await store.running()).job_id
    return lambda: store.jobs.cancel(job_id, TENANT)


async def retry(store: Store) -> Again:
    """Begin a cancelled job again."""
    job_id = (await store.running()).job_id
    await store.jobs.cancel(job_id, TENANT)
    return lambda: store.jobs.retry(job_id, TENANT, 0, {})


async def requeue(store: Store) -> Again:
    """Give an attempt to another worker after a crash."""
    job_id = (await store.running()).job_id
    return lambda: store.jobs.requeue("standard", job_id, 0, reason="worker_lost", crash=True)


async def note_spend(store: Store) -> Again:
    """Add what a cancelled attempt had cost."""
    job_id = (await store.running()).job_id
    await store.jobs.cancel(job_id, TENANT)
    return lambda: store.jobs.note_spend(job_id, 0, FAILED, Usage(prompt_tokens=3), 0.5)


@pytest.mark.parametrize(
    "prepare",
    [submit, claim, move, succeed, serve, join, fail, heartbeat, cancel, retry, requeue, note_spend],
    ids=lambda f: f.__name__,
)
async def test_a_script_that_runs_twice_leaves_what_it_left_once(
    store: Store, prepare: Callable[[Store], Awaitable[Again]]
) -> None:
    """After a lost reply the caller asks again with the same arguments: nothing is written a second time."""
    again = await prepare(store)
    await again()
    once = await store.everything()
    await again()
    twice = await store.everything()

    due = store.key("due")
    assert [job_id for job_id, _ in twice.pop(due, [])] == [job_id for job_id, _ in once.pop(due, [])]
    assert twice == once


async def test_a_message_that_is_sent_again_twice_is_claimed_once(store: Store) -> None:
    """A republished message is one hint more and not one attempt more."""
    job_id = (await store.submit()).job_id
    for _ in range(2):
        assert await store.jobs.republish("classify", job_id, 0) == "ok"
    replies = [await asyncio.create_task(store.jobs.claim("classify", job_id, 0, f"w{n}")) for n in range(3)]

    assert isinstance(replies[0], Claim)
    assert replies[1:] == ["running", "running"]


async def test_one_message_twice_in_one_worker_runs_once(store: Store) -> None:
    """Two slots of one process that got the same message do not both call the model."""
    job_id = (await store.submit()).job_id
    replies = await asyncio.gather(*(store.jobs.claim("classify", job_id, 0, "w1") for _ in range(5)))

    assert sum(isinstance(reply, Claim) for reply in replies) == 1
    assert [reply for reply in replies if isinstance(reply, str)] == ["running"] * 4


async def test_two_workers_that_race_for_an_attempt_share_nothing(store: Store) -> None:
    """Only one of many workers gets an attempt, and only its heartbeats renew the lease."""
    job_id = (await store.submit(queue="standard")).job_id
    replies = await asyncio.gather(*(store.jobs.claim("standard", job_id, 0, f"w{n}") for n in range(20)))
    (winner,) = [n for n, reply in enumerate(replies) if isinstance(reply, Claim)]
    beats = [
        (await store.jobs.heartbeat(f"w{n}", ["standard"], [Beat(job_id, 0, "thinking", 1, 0, None)]))[0]
        for n in range(20)
    ]

    assert [n for n, beat in enumerate(beats) if beat == "running"] == [winner]
    assert set(beats) == {"running", "superseded"}
    assert (await store.events(job_id)).count("started") == 1


async def test_a_worker_presumed_dead_cannot_end_what_its_successor_holds(store: Store) -> None:
    """The late result is refused, the successor's stands, and the job ends once."""
    job_id = (await store.running("reasoning", "dead")).job_id
    await store.pass_time(100)
    (row,) = await store.jobs.overdue()
    assert await store.jobs.requeue(row.queue, job_id, row.attempt, reason="worker_lost", crash=True) == "ok"
    assert isinstance(await store.jobs.claim("reasoning", job_id, 1, "alive"), Claim)

    late = await store.jobs.finish(job_id, 0, Ending("succeeded", {"result": '"late"'}, DONE))
    fallen = await store.jobs.move(job_id, 0, Move("fallback", "fallback", {}, {}))
    lost = await store.jobs.heartbeat("dead", ["reasoning"], [Beat(job_id, 0, "answering", 1, 1, NEWS)])
    assert (late, fallen, lost) == ("running", "running", ["superseded"])
    assert await store.jobs.finish(job_id, 1, Ending("succeeded", {"result": '"right"'})) == "ok"
    job = await store.job(job_id)
    assert (job.result, job.crashes, job.attempt) == ("right", 1, 1)
    assert (await store.events(job_id)).count("done") == 1


async def test_two_reapers_do_not_get_the_same_job(store: Store) -> None:
    """What one reaper was given is put off for the others."""
    await store.running()
    await store.pass_time(100)
    first, second = await asyncio.gather(store.jobs.overdue(), store.jobs.overdue())

    assert (len(first), len(second)) == (1, 0)


async def test_a_row_that_a_reaper_left_comes_again(store: Store) -> None:
    """A reaper that dies with its rows in hand loses none of them."""
    await store.running()
    await store.pass_time(100)
    before = await store.jobs.overdue()
    await store.pass_time(2)

    assert [row.job_id for row in await store.jobs.overdue()] == [row.job_id for row in before]


async def test_a_message_that_only_waits_is_not_sent_again(store: Store) -> None:
    """A long queue is no loss: while earlier messages are being claimed, later ones stay where they are."""
    ids = [(await store.submit(queue="reasoning")).job_id for _ in range(3)]
    await store.pass_time(100)
    await store.jobs.claim("reasoning", ids[0], 0, "w1")

    assert {row.job_id for row in await store.jobs.overdue()} <= {ids[0]}
    assert len(await store.messages("reasoning")) == 3


async def test_one_message_sent_again_in_error_does_not_drag_others_along(store: Store) -> None:
    """The claim of a message that was sent again must not make the store believe that all before it are lost."""
    ids = [(await store.submit(queue="reasoning")).job_id for _ in range(20)]
    await store.pass_time(100)
    await store.jobs.republish("reasoning", ids[0], 0)
    await store.jobs.claim("reasoning", ids[0], 0, "w1")
    await store.pass_time(4)

    assert [row.job_id for row in await store.jobs.overdue() if row.message_lost] == []
