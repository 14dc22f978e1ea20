"""What is counted is what happened: each step of a job counts once, a repeated or refused one not at all."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.store import Store
from workers.contracts.caching import CachedAnswer
from workers.contracts.job import Attempt, CacheNote, Fallback, Usage
from workers.contracts.metrics import Face, Snapshot
from workers.store.jobs import Ending, Failure, Move
from workers.store.metrics import MetricsStore
from workers.store.pulse import Pulse, PulseStore

pytestmark = pytest.mark.anyio


def metrics(store: Store) -> MetricsStore:
    """The metrics as the API reads them."""
    return MetricsStore(store.redis, store.scripts, store.settings)


async def snapshot(store: Store) -> Snapshot:
    """All of them now."""
    return await metrics(store).read()


def nonzero(told: Snapshot, name: str) -> dict[Any, float]:
    """What a counter has, or how many a histogram."""
    if name in told.values:
        return {labels: value for labels, value in told.values[name].items() if value}
    return {labels: sum(of.buckets) for labels, of in told.durations[name].items() if sum(of.buckets)}


def attempt(number: int, lane: str, **changes: Any) -> Attempt:
    """One that ended."""
    fields = {
        "attempt": number, "lane": lane, "model": "deep", "outcome": "succeeded", "duration_s": 12.5, "first_token_s": 1.5,
        "usage": Usage(prompt_tokens=100, completion_tokens=300, reasoning_tokens=200), "cost_usd": 0.00125,
    }  # fmt: skip
    return Attempt.model_validate(fields | changes)


def fallen(cause: str, **changes: Any) -> Move:
    """What sends a reasoning job to the fallback."""
    return Move(
        "fallback", "fallback", {"cause": cause},
        {"fallback": Fallback(cause=cause, from_model="deep", after_s=12.5, task_type="maths"), "model": "quick"},
        attempt=attempt(1, "reasoning", outcome="failed", cause=cause, **changes),
        failure=Failure("acme", "job", "reasoning", "maths", cause, "deep", 12.5),
    )  # fmt: skip


async def test_one_job_that_falls_back_is_counted_step_by_step(store: Store) -> None:
    """Every step is made twice, as after a lost reply, and counted once."""
    job_id = (await store.submit()).job_id
    await store.pass_time(3)
    for _ in range(2):
        await store.jobs.claim("classify", job_id, 0, "w")
    route = Move("reasoning", "routed", {"lane": "reasoning"}, {"model": "deep", "task_type": "maths"})
    assert [await store.jobs.move(job_id, 0, route) for _ in range(2)] == ["ok", "queued"]
    await store.jobs.claim("reasoning", job_id, 1, "w")
    assert [await store.jobs.move(job_id, 1, fallen("deadline")) for _ in range(2)] == ["ok", "queued"]
    await store.jobs.claim("fallback", job_id, 2, "w")
    end = Ending(
        "succeeded", {"result": "1", "served_by": "model"},
        attempt=attempt(2, "fallback", model="quick", duration_s=0.4, first_token_s=None, cost_usd=0.0),
    )  # fmt: skip
    assert [await store.jobs.finish(job_id, 2, end) for _ in range(2)] == ["ok", "ok"]

    told = await snapshot(store)
    assert nonzero(told, "thinkline_submissions") == {("accepted",): 1}
    assert nonzero(told, "thinkline_queue_wait_seconds") == {("classify",): 1, ("reasoning",): 1, ("fallback",): 1}
    assert told.durations["thinkline_queue_wait_seconds"]["classify",].sum_s == pytest.approx(3, abs=1)
    assert nonzero(told, "thinkline_stage_duration_seconds") == {
        ("classify", "reasoning"): 1, ("answer", "reasoning"): 1, ("answer", "fallback"): 1,
    }  # fmt: skip
    assert told.durations["thinkline_stage_duration_seconds"]["answer", "reasoning"].sum_s == 12.5
    assert nonzero(told, "thinkline_time_to_first_token_seconds") == {("reasoning", "deep"): 1}
    assert nonzero(told, "thinkline_attempts") == {
        ("reasoning", "deadline", "deep"): 1, ("fallback", "succeeded", "quick"): 1,
    }  # fmt: skip
    assert nonzero(told, "thinkline_fallbacks") == {("deadline",): 1}
    assert nonzero(told, "thinkline_cache_misses") == {(): 1}
    assert nonzero(told, "thinkline_tokens") == {
        (lane, kind, model): tokens
        for lane, model in (("reasoning", "deep"), ("fallback", "quick"))
        for kind, tokens in (("prompt", 100), ("reasoning", 200), ("answer", 100))
    }
    assert nonzero(told, "thinkline_spend_dollars") == {("reasoning", "deep"): 0.00125}
    assert nonzero(told, "thinkline_job_duration_seconds") == {("fallback", "succeeded", "model"): 1}


async def test_a_job_that_waited_too_long_did_no_work(store: Store) -> None:
    """The reaper sends it on without a worker: an attempt with its cause, and no duration of a stage."""
    job_id = (await store.submit(queue="reasoning")).job_id
    move = fallen("queue_wait", first_token_s=None, usage=Usage(), cost_usd=0.0)
    assert await store.jobs.move(job_id, 0, move, expected="queued") == "ok"
    told = await snapshot(store)
    assert nonzero(told, "thinkline_attempts") == {("reasoning", "queue_wait", "deep"): 1}
    assert nonzero(told, "thinkline_stage_duration_seconds") == {}


async def test_a_lost_worker_is_counted_and_a_stopping_one_is_told_apart(store: Store) -> None:
    """By queue; the job that too many died with is set aside, in whatever queue."""
    lost = await store.running("standard")
    assert await store.jobs.requeue("standard", lost.job_id, 0, reason="worker_lost", crash=True) == "ok"
    assert await store.jobs.requeue("standard", lost.job_id, 0, reason="worker_lost", crash=True) != "ok"
    back = await store.running("reasoning")
    assert await store.jobs.requeue("reasoning", back.job_id, 0, reason="handed_back", crash=False) == "ok"
    for queue in ("classify", "standard"):
        poisonous = await store.running(queue)
        cause = (
            None
            if queue == "classify"
            else attempt(0, queue, outcome="failed", cause="worker_lost", first_token_s=None)
        )
        done = Ending("failed", {"crashes": "3"}, attempt=cause, done={"code": "poisoned"})
        assert await store.jobs.finish(poisonous.job_id, 0, done) == "ok"
    fell = await store.running("reasoning")
    assert await store.jobs.move(fell.job_id, 0, fallen("worker_lost")) == "ok"
    waiting = (await store.submit(queue="fallback")).job_id
    assert await store.jobs.republish("fallback", waiting, 0) == "ok"

    told = await snapshot(store)
    assert nonzero(told, "thinkline_leases_lost") == {("standard",): 2, ("classify",): 1, ("reasoning",): 1}
    assert nonzero(told, "thinkline_attempts_handed_back") == {("reasoning",): 1}
    assert nonzero(told, "thinkline_jobs_poisoned") == {("classify",): 1, ("standard",): 1}
    assert nonzero(told, "thinkline_messages_lost") == {("fallback",): 1}
    assert nonzero(told, "thinkline_fallbacks") == {("worker_lost",): 1}


async def test_hits_are_counted_by_tier_and_submissions_by_what_became_of_them(store: Store) -> None:
    """Exact at the door, semantic by a worker; a repeat of the same call is not another one."""
    first = await store.running("standard", fields={"cache_key": "k"})
    end = Ending("succeeded", {"result": "1", "served_by": "model"}, exact_hash="k", exact_s=60)
    assert await store.jobs.finish(first.job_id, 0, end) == "ok"
    assert (await store.submit(exact_hash="k")).outcome == "hit"
    for _ in range(2):
        await store.submit(idempotency_hash="i", body_hash="b")
    other = await store.running("classify")
    hit = CachedAnswer(
        CacheNote(outcome="hit", tier="semantic"), 1, model="m", route=None, entry="tenant:acme:exact:k", source=first.job_id,
    )  # fmt: skip
    served = {"result": "1", "served_by": "semantic_cache"}
    assert await store.jobs.serve(other.job_id, 0, hit, served) == "ok"
    cancelled = (await store.submit()).job_id
    assert await store.jobs.cancel(cancelled, "acme") == "ok"
    assert await store.jobs.retry(cancelled, "acme", 0, {}) == "ok"

    told = await snapshot(store)
    assert nonzero(told, "thinkline_cache_hits") == {("exact",): 1, ("semantic",): 1}
    assert nonzero(told, "thinkline_submissions") == {
        ("accepted",): 4, ("answered",): 1, ("repeated",): 1, ("retried",): 1,
    }  # fmt: skip
    ended = nonzero(told, "thinkline_job_duration_seconds")
    assert {(status, by) for _, status, by in ended} == {
        ("succeeded", "model"), ("succeeded", "exact_cache"), ("succeeded", "semantic_cache"), ("cancelled", ""),
    }  # fmt: skip
    assert told.values["thinkline_cache_entries"][()] == 1
    assert told.values["thinkline_cache_bytes"][()] > 700


async def test_depth_and_age_leave_out_who_waits_for_another_jobs_answer(store: Store) -> None:
    """Such a job is not what a lane is behind with."""
    leader = await store.running("classify", fields={"cache_key": "same"})
    assert await store.jobs.join(leader.job_id, 0, "same") == "lead"
    follower = await store.running("classify", fields={"cache_key": "same"})
    assert await store.jobs.join(follower.job_id, 0, "same") == "joined"
    await store.pass_time(40)
    told = await snapshot(store)
    assert told.values["thinkline_queue_jobs"]["classify",] == 1
    assert told.values["thinkline_queue_oldest_seconds"]["classify",] == 0
    await store.submit()
    await store.pass_time(20)
    told = await snapshot(store)
    assert told.values["thinkline_queue_oldest_seconds"]["classify",] == pytest.approx(20, abs=2)
    assert nonzero(told, "thinkline_jobs_joined") == {(): 1}


async def test_workers_and_api_processes_are_added_up(store: Store) -> None:
    """Those heard of lately; requests that two processes counted are one sum."""
    pulses = PulseStore(store.redis, store.settings)
    for worker, taken, starved_s in (("h:1:a", 2, 0.0), ("h:2:b", 3, 33.0)):
        await store.jobs.heartbeat(worker, ["reasoning", "standard"], [])
        await pulses.write(worker, Pulse(taken, 10, starved_s, {"reasoning": taken - 1, "standard": 1}))
    reader = metrics(store)
    await reader.report(
        "one", {"http|GET|200|/v1/jobs": 2, "http_s|GET|/v1/jobs|25": 2, "http_s|GET|/v1/jobs|sum": 30}, Face(5, 1)
    )
    await reader.report("two", {"http|GET|200|/v1/jobs": 3}, Face(4, 0))
    await reader.report("gone", {}, Face(100, 100))
    await reader.leave("gone")

    values = (await reader.read()).values
    assert values["thinkline_workers"]["reasoning",] == 2
    assert values["thinkline_workers"]["fallback",] == 0
    assert values["thinkline_worker_slots"]["standard",] == 20
    assert values["thinkline_in_flight"]["reasoning",] == 3
    assert values["thinkline_in_flight"]["standard",] == 2
    assert values["thinkline_worker_starved_seconds"]["reasoning",] == 33
    assert values["thinkline_http_requests"] == {("GET", "200", "/v1/jobs"): 5}
    assert (values["thinkline_api_processes"][()], values["thinkline_http_streams_open"][()]) == (2, 9)
    await store.redis.hset(store.key("faces"), "two", '{"at":0,"streams":4,"waiting":0}')  # killed long ago
    assert (await reader.read()).values["thinkline_api_processes"][()] == 1
    assert await store.redis.hkeys(store.key("faces")) == ["one"]


async def test_an_open_breaker_is_told_by_model(store: Store) -> None:
    """Models of the catalogue begin closed."""
    model = next(iter(store.settings.models))
    assert (await snapshot(store)).values["thinkline_breaker_open"][model,] == 0
    await store.redis.set(store.key(f"breaker:{model}"), "1")
    assert (await snapshot(store)).values["thinkline_breaker_open"][model,] == 1


async def test_a_counter_that_cannot_be_written_holds_nobody_up(store: Store) -> None:
    """Whatever an upstream reports, and whatever is where the counters should be."""
    claim = await store.running("standard")
    usage = Usage(prompt_tokens=2**62, completion_tokens=0, reasoning_tokens=5)
    await store.redis.hset(store.key("metrics"), "tokens|standard|prompt|deep", str(2**63 - 1))
    end = Ending(
        "failed", {}, attempt=attempt(0, "standard", outcome="failed", cause="deadline", usage=usage, cost_usd=1e300)
    )
    assert await store.jobs.finish(claim.job_id, 0, end) == "ok"
    await store.redis.delete(store.key("metrics"))
    await store.redis.set(store.key("metrics"), "no hash")
    assert (await store.submit()).outcome == "created"
    await store.redis.delete(store.key("metrics"))


async def test_counting_together_loses_nothing(store: Store) -> None:
    """A hundred jobs at once."""
    await asyncio.gather(*(store.submit() for _ in range(100)))
    assert nonzero(await snapshot(store), "thinkline_submissions") == {("accepted",): 100}
