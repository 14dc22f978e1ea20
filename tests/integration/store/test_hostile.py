"""What might break a record: odd text, odd numbers, long lists, clocks that jump, hands that delete keys."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from tests.support.store import TENANT, Store
from workers.contracts.job import Attempt, JobError
from workers.store.jobs import Beat, Ending, Move
from workers.store.record import Claim, as_json
from workers.store.scripts import load

pytestmark = pytest.mark.anyio
NASTY = '"},{"step":"x\\","at":"\n\t\u0000\u2028 \'); redis.call("FLUSHALL") --'
HALF = "\ud83d"  # one half of a surrogate pair, as some upstreams stream an emoji


async def test_text_of_callers_and_models_comes_back_as_it_went(store: Store) -> None:
    """Quotes, control characters, brackets and Lua in results, metadata and details harm nothing."""
    claim = await store.running(fields={"metadata": {NASTY[:60]: NASTY}})
    attempt = Attempt(attempt=0, lane="standard", model="quick", outcome="failed", detail=NASTY, duration_s=1)
    await store.jobs.move(claim.job_id, 0, Move("fallback", "fallback", {"text": NASTY}, {}, attempt))
    await store.jobs.claim("fallback", claim.job_id, 1, "w1")
    await store.jobs.heartbeat("w1", [], [Beat(claim.job_id, 1, "answering", 0, 1, {"delta": NASTY})])
    end = Ending("failed", {"raw_text": NASTY, "result": as_json({NASTY: [NASTY]})}, done={"code": NASTY})
    await store.jobs.finish(claim.job_id, 1, end)

    job = await store.job(claim.job_id)
    assert (job.raw_text, job.result, job.attempts[0].detail) == (NASTY, {NASTY: [NASTY]}, NASTY)
    assert job.metadata == {NASTY[:60]: NASTY}
    events = {event.type: event.data for event in await store.reader.events(claim.job_id)}
    assert (events["fallback"]["text"], events["progress"]["delta"], events["done"]["code"]) == (NASTY, NASTY, NASTY)


async def test_hand_built_json_survives_any_name(store: Store) -> None:
    """Step names and reasons are code's own today; a quote in one would make a record unreadable for ever."""
    claim = await store.running()
    await store.jobs.requeue("standard", claim.job_id, 0, reason=NASTY, crash=False)
    await store.jobs.claim("standard", claim.job_id, 1, "w1")
    await store.jobs.heartbeat("w1", [], [Beat(claim.job_id, 1, 'a"b', 0, 1, {"x": 1})])

    record = await store.record(claim.job_id)
    steps = json.loads(f"[{record['steps']}]")
    assert [step["step"] for step in steps] == ["queued", "waiting", NASTY, "waiting", 'a"b']
    reasons = [event.data["reason"] for event in await store.reader.events(claim.job_id) if event.type == "requeued"]
    assert reasons == [NASTY]


async def test_halves_of_characters_are_joined_or_replaced(store: Store) -> None:
    """A lone surrogate cannot be written as UTF-8; it must neither end the heartbeat nor lose the answer."""
    claim = await store.running()
    news = {"delta": f"{HALF}\ude00 and {HALF}"}
    error = JobError(code="x", message=f"upstream said {HALF}")
    (reply,) = await store.jobs.heartbeat("w1", [], [Beat(claim.job_id, 0, "answering", 0, 1, news)])
    done = await store.jobs.finish(
        claim.job_id, 0, Ending("failed", {"raw_text": f"x{HALF}", "result": as_json([HALF]), "error": error})
    )

    assert (reply, done) == ("running", "ok")
    job = await store.job(claim.job_id)
    assert (job.raw_text, job.result) == ("x\ufffd", ["\ufffd"])
    assert job.error is not None
    assert job.error.message == "upstream said \ufffd"
    (delta,) = [event.data["delta"] for event in await store.reader.events(claim.job_id) if event.type == "progress"]
    assert delta == "\U0001f600 and \ufffd"
    assert job.model_dump_json()


async def test_text_that_cannot_be_sent_fails_its_own_call_alone(store: Store) -> None:
    """Calls leave together; one that cannot be encoded must not take the others with it."""
    with pytest.raises(UnicodeEncodeError):
        await store.scripts.call("cancel", HALF, TENANT)
    assert (await store.submit()).outcome == "created"


async def test_every_time_is_whole_milliseconds(store: Store) -> None:
    """Lua writes large round numbers as 1.8e+12; no field of a record, no event and no reply may hold such a one."""
    claim = await store.running("reasoning")
    await store.jobs.heartbeat("w1", ["reasoning"], [Beat(claim.job_id, 0, "thinking", 1, 0, {"tokens": 1})])
    await store.jobs.move(claim.job_id, 0, Move("fallback", "fallback", {}, {}))
    record = await store.record(claim.job_id)

    for name in ("created_at", "queued_at", "deadline_at", "reasoning_until", "attempt_at", "started_at"):
        assert re.fullmatch(r"\d{13}", record[name]), name
    assert "e+" not in record["steps"]
    assert record["attempt"] == "1"
    assert re.fullmatch(r"\d{13}", await store.redis.get(store.key("claimed:reasoning")))


async def test_round_moments_are_written_whole(store: Store) -> None:
    """1,800,000,000,000 ms is a moment of January 2027, and 1.8e+12 to Lua."""
    script = load("republish").split("-- Send a waiting")[0] + "return {whole(1800000000000), whole(0), whole(1e15)}"
    reply = await store.redis.eval(script, 1, "p:", "1000", "1000", "10", "60")

    assert reply == ["1800000000000", "0", "1000000000000000"]


async def test_many_fields_and_many_beats_fit(store: Store) -> None:
    """Lua's unpack ends at some 8,000 values; a record's fields and a worker's beats stay far below."""
    claim = await store.running()
    wide = {f"x{n}": str(n) for n in range(1_500)}
    beats = [Beat(claim.job_id, 0, "thinking", n, 0, {"n": n}) for n in range(500)]

    assert await store.jobs.heartbeat("w1", ["standard"], beats) == ["running"] * 500
    assert await store.jobs.finish(claim.job_id, 0, Ending("succeeded", wide)) == "ok"
    assert (await store.record(claim.job_id))["x1499"] == "1499"


async def test_empty_texts_are_read_as_nothing(store: Store) -> None:
    """A field that is empty is a field that is not there; JSON's empty values are values."""
    claim = await store.running()
    fields = {"raw_text": "", "model": "", "result": as_json(""), "task_type": "", "hand_on": ""}
    await store.jobs.move(claim.job_id, 0, Move("fallback", "fallback", {}, {**fields, "causes": ""}))
    again = await store.jobs.claim("fallback", claim.job_id, 1, "w1")

    assert isinstance(again, Claim)
    assert (again.model, again.task_type, again.hand_on, again.causes) == (None, None, None, ())
    job = await store.job(claim.job_id)
    assert (job.raw_text, job.model, job.result, job.phase) == (None, None, "", "waiting")


@pytest.mark.parametrize("value", [None, False, 0, "", [], {}, 1.5, "null", {"a": None}])
async def test_a_result_may_be_any_json(store: Store, value: object) -> None:
    """What a schema allows comes back as it was, also through the exact cache."""
    claim = await store.running()
    await store.jobs.finish(
        claim.job_id, 0, Ending("succeeded", {"result": as_json(value)}, exact_hash="h", exact_s=60)
    )
    hit = await store.submit(exact_hash="h")

    assert hit.outcome == "hit"
    assert (await store.job(claim.job_id)).result == value
    assert (await store.job(hit.job_id)).result == value


async def test_a_clock_set_back_stops_nothing(store: Store) -> None:
    """An hour back: jobs are claimed, renewed, read and ended as before; only the reaper is late by as much."""
    running, waiting = await store.running(), await store.submit(queue="standard")
    await store.pass_time(-3600)
    (reply,) = await store.jobs.heartbeat("w1", ["standard"], [Beat(running.job_id, 0, "thinking", 1, 0, {"n": 1})])
    claimed = await store.jobs.claim("standard", waiting.job_id, 0, "w1")

    assert reply == "running"
    assert isinstance(claimed, Claim)
    assert await store.jobs.finish(running.job_id, 0, Ending("succeeded", {"result": "1"})) == "ok"
    assert (await store.job(running.job_id)).elapsed_s >= 0
    await store.pass_time(60)  # the renewed lease counts from the new time
    assert [row.job_id for row in await store.jobs.overdue()] == [waiting.job_id]


async def test_a_clock_set_forward_costs_an_attempt_and_not_a_result(store: Store) -> None:
    """All leases look lost at once: a live worker that renews first keeps its job, the others are superseded."""
    kept, lost = await store.running(), await store.running()
    await store.pass_time(120)
    await store.jobs.heartbeat("w1", ["standard"], [Beat(kept.job_id, 0, "thinking", 1, 0, None)])
    rows = await store.jobs.overdue()

    assert [row.job_id for row in rows] == [lost.job_id]
    assert await store.jobs.requeue("standard", lost.job_id, 0, reason="worker_lost", crash=True) == "ok"
    assert await store.jobs.finish(lost.job_id, 0, Ending("succeeded", {})) == "queued"
    assert await store.jobs.finish(kept.job_id, 0, Ending("succeeded", {})) == "ok"


async def test_a_record_that_someone_deleted_leaves_every_set(store: Store) -> None:
    """A job that is gone is not counted as waiting for ever, and does not stop the reaper for the others."""
    gone, other = await store.submit(), await store.submit()
    await store.redis.delete(store.key(f"job:{gone.job_id}"), store.key("classify"))
    await store.pass_time(100)
    rows = await store.jobs.overdue()

    assert [(row.job_id, row.message_lost) for row in rows] == [(other.job_id, True)]
    assert (await store.reader.depths())["classify"] == 1
    assert await store.redis.zscore(store.key("due"), gone.job_id) is None


async def test_the_record_tells_the_time_of_each_step(store: Store) -> None:
    """Times are Redis' own, in UTC, and in the order of the steps."""
    claim = await store.running("reasoning")
    await store.jobs.finish(claim.job_id, 0, Ending("succeeded", {"result": "1"}))
    job = await store.job(claim.job_id)

    times = [step.at for step in job.steps]
    assert [step.step for step in job.steps] == ["queued", "waiting", "succeeded"]
    assert times == sorted(times)
    assert job.finished_at == times[-1]
    assert abs((datetime.now(UTC) - job.created_at).total_seconds()) < 60
