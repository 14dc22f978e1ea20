"""What the reaper is given, and when: leases that ran out, messages that were lost, time that is over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.store import Store, new_job, open_store, read_message
from workers.contracts.job import Budget
from workers.settings import Settings
from workers.store.jobs import Beat, Ending, Move
from workers.store.record import Overdue

pytestmark = pytest.mark.anyio


async def rows(store: Store) -> dict[str, Overdue]:
    """Ask what is overdue, by job."""
    return {row.job_id: row for row in await store.jobs.overdue()}


async def lose_message(store: Store, queue: str) -> None:
    """The broker forgets the message that would be taken next."""
    assert await store.redis.rpop(store.key(queue))


async def test_nothing_is_overdue_that_just_began(store: Store) -> None:
    """A waiting job, a running job and an ended job are left alone."""
    await store.submit()
    await store.running()

    assert await rows(store) == {}


async def test_a_lease_that_ran_out_is_told_with_what_the_decision_needs(store: Store) -> None:
    """The row says who, where, since when, and what had failed before."""
    claim = await store.running("reasoning")
    fields = {"causes": "silence", "model": "quick", "task_type": "logic"}
    await store.jobs.move(claim.job_id, 0, Move("fallback", "fallback", {}, fields))
    await store.jobs.claim("fallback", claim.job_id, 1, "w1")
    await store.pass_time(6)
    row = (await rows(store))[claim.job_id]

    assert (row.status, row.attempt, row.queue, row.lane) == ("running", 1, "fallback", "fallback")
    assert (row.causes, row.model, row.task_type, row.crashes, row.tenant) == (
        ("silence",),
        "quick",
        "logic",
        0,
        "acme",
    )
    assert (row.deadline_ms - row.queued_ms) // 1000 in (599, 600)
    assert 6 <= (row.now_ms - row.attempt_ms) / 1000 < 60
    assert not row.message_lost


async def test_a_renewed_lease_is_not_overdue(store: Store) -> None:
    """Each heartbeat counts from its own moment."""
    claim = await store.running()
    for _ in range(4):
        await store.pass_time(3)
        await store.jobs.heartbeat("w1", ["standard"], [Beat(claim.job_id, 0, "thinking", 1, 0, None)])
        assert await rows(store) == {}


async def test_a_live_worker_cannot_hold_a_job_past_its_deadline_for_ever(make: Callable[..., Settings]) -> None:
    """However long the lease, the reaper looks soon after the caller's deadline."""
    reliability = {"lease_s": 3600, "lost_message_s": 5}
    budget = Budget(deadline_s=100, reasoning_s=60, fallback_s=30, margin_s=2)
    async with open_store(make(reliability=reliability)) as store:
        claim = await store.running(budget=budget)
        await store.pass_time(90)
        await store.jobs.heartbeat("w1", ["standard"], [Beat(claim.job_id, 0, "thinking", 1, 0, None)])
        assert await rows(store) == {}
        await store.pass_time(20)
        row = (await rows(store))[claim.job_id]

    assert row.now_ms > row.deadline_ms


async def test_a_missing_message_is_lost_after_a_while_and_not_at_once(store: Store) -> None:
    """A message that was just taken is not in the list either: its claim is given some seconds."""
    job_id = (await store.submit()).job_id
    await lose_message(store, "classify")
    await store.redis.zadd(store.key("due"), {job_id: 0})
    assert await rows(store) == {}
    await store.pass_time(6)

    row = (await rows(store))[job_id]
    assert (row.status, row.message_lost) == ("queued", True)


async def test_a_message_is_lost_when_later_ones_were_claimed(store: Store) -> None:
    """The list is first in, first out: although others wait in it, ours is not among them."""
    lost = (await store.submit()).job_id
    await lose_message(store, "classify")
    await store.pass_time(6)
    later = (await store.submit()).job_id
    last = (await store.submit()).job_id
    assert not any(row.message_lost for row in (await rows(store)).values())
    await lose_message(store, "classify")
    await store.jobs.claim("classify", later, 0, "w1")
    await store.pass_time(6)

    told = await rows(store)
    assert told[lost].message_lost
    assert last not in told
    assert len(await store.messages("classify")) == 1


async def test_waiting_too_long_for_reasoning_is_told_when_reasonings_share_is_over(store: Store) -> None:
    """Its message is where it was; its time in this queue is over, and what is left is the fallback's."""
    job_id = (await store.submit(queue="reasoning")).job_id
    other = (await store.submit(queue="standard")).job_id
    await store.pass_time(299)
    assert await rows(store) == {}
    await store.pass_time(2)
    told = await rows(store)

    assert other not in told
    assert (told[job_id].status, told[job_id].message_lost) == ("queued", False)
    assert told[job_id].now_ms >= told[job_id].reasoning_until_ms


async def test_a_job_is_due_exactly_when_its_wait_is_over(store: Store) -> None:
    """With less time than the wait for a lost message, the limit itself is when the reaper looks."""
    budget = Budget(deadline_s=10, reasoning_s=2, fallback_s=5, margin_s=1)
    new = new_job(queue="reasoning", budget=budget)
    await store.jobs.submit(new)
    record = await store.record(new.job_id)

    assert await store.redis.zscore(store.key("due"), new.job_id) == float(record["reasoning_until"])


@pytest.mark.parametrize("queue", ["classify", "reasoning", "standard", "fallback"])
async def test_a_deadline_that_passes_in_a_queue_is_told(store: Store, queue: str) -> None:
    """No queue keeps a job longer than its owner allows."""
    job_id = (await store.submit(queue=queue)).job_id
    await store.pass_time(601)
    row = (await rows(store))[job_id]

    assert row.now_ms >= row.deadline_ms


async def test_a_message_of_another_queue_claims_nothing(store: Store) -> None:
    """A claim names the queue that it came from."""
    job_id = (await store.submit(queue="reasoning")).job_id

    assert await store.jobs.claim("standard", job_id, 0, "w1") == "queued"
    assert (await store.job(job_id)).status == "queued"


async def test_the_reaper_takes_a_bounded_number(store: Store) -> None:
    """After an outage a thousand leases may be over at once: they come in portions, the oldest first."""
    ids = [(await store.running()).job_id for _ in range(30)]
    await store.pass_time(100)
    portions = [[row.job_id for row in await store.jobs.overdue(10)] for _ in range(4)]

    assert [len(portion) for portion in portions] == [10, 10, 10, 0]
    assert sorted(job_id for portion in portions for job_id in portion) == sorted(ids)


async def test_a_new_attempts_message_counts_again(store: Store) -> None:
    """Only the attempt whose message was sent again says nothing of its elders; the next one does."""
    job_id = (await store.submit(queue="standard")).job_id
    await store.jobs.republish("standard", job_id, 0)
    await store.jobs.claim("standard", job_id, 0, "w1")
    assert await store.redis.get(store.key("claimed:standard")) is None
    await store.jobs.requeue("standard", job_id, 0, reason="handed_back", crash=False)
    queued_at = (await store.record(job_id))["queued_at"]
    await store.jobs.claim("standard", job_id, 1, "w1")

    assert await store.redis.get(store.key("claimed:standard")) == queued_at


async def crashed(store: Store) -> str:
    """A job whose workers died until one try is left, as the reaper hands it back."""
    claim = await store.running()
    await lose_message(store, "standard")  # its worker took it
    assert await store.jobs.requeue("standard", claim.job_id, 0, reason="worker_lost", crash=True, apart=True) == "ok"
    return claim.job_id


async def test_jobs_on_their_last_try_begin_one_after_the_other(store: Store) -> None:
    """Of those that died together only one is begun; the next one's turn comes when that has ended."""
    ids = {await crashed(store), await crashed(store), await crashed(store)}
    assert await store.messages("standard") == []
    (first,) = await rows(store)
    await store.redis.persist(store.key("apart:standard"))  # however slow this machine is
    assert (await rows(store)).keys() <= {first}, "nobody else's turn comes while it has not begun"
    await store.submit(queue="standard")
    assert await store.jobs.republish("standard", first, 1) == "ok"
    assert read_message((await store.messages("standard"))[0]) == (first, 1), "it is taken next"
    assert not isinstance(await store.jobs.claim("standard", first, 1, "w1"), str)
    await store.pass_time(1)
    assert await rows(store) == {}
    assert await store.jobs.finish(first, 1, Ending("succeeded", {"result": "1"})) == "ok"
    await store.pass_time(1)
    (second,) = await rows(store)

    assert second in ids - {first}
    assert (await store.job(second)).status == "queued"


async def test_nobody_waits_for_a_turn_beyond_half_of_its_time(store: Store) -> None:
    """However many wait, and whoever runs: with half of the time in its queue gone a job is begun."""
    ids = {await crashed(store), await crashed(store)}
    (first,) = await rows(store)
    await store.redis.persist(store.key("apart:standard"))
    await store.pass_time(290)
    assert (await rows(store)).keys() <= {first}
    await store.pass_time(20)

    assert set(await rows(store)) == ids


async def test_the_turn_is_handed_on_at_every_way_out(store: Store) -> None:
    """Cancelled, moved to another queue, handed back: whoever leaves makes way; whoever never leaves, after a while."""
    ways = {
        "cancel": lambda job_id: store.jobs.cancel(job_id, "acme"),
        "move": lambda job_id: store.jobs.move(job_id, 1, Move("fallback", "fallback", {}, {}), expected="queued"),
    }
    for leave in ways.values():
        job_id = await crashed(store)
        assert set(await rows(store)) == {job_id}
        assert await store.redis.get(store.key("apart:standard")) == job_id
        assert await leave(job_id) == "ok"
        assert await store.redis.get(store.key("apart:standard")) is None
    held = await crashed(store)
    assert set(await rows(store)) == {held}
    assert 0 < await store.redis.pttl(store.key("apart:standard")) <= 5_000
    await store.jobs.republish("standard", held, 1)
    await lose_message(store, "standard")
    claim = await store.jobs.claim("standard", held, 1, "w1")
    assert not isinstance(claim, str)
    assert await store.jobs.requeue("standard", held, 1, reason="handed_back", crash=False) == "ok"
    assert await store.redis.get(store.key("apart:standard")) is None
    assert await store.messages("standard") == [], "handed back, it waits for its turn again"
    assert set(await rows(store)) == {held}
