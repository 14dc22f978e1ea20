"""What routing leaves in Redis: outcomes that fade, and counts that add up."""

from __future__ import annotations

import time

import pytest

from tests.support.store import Store
from workers.contracts.causes import Cause
from workers.contracts.routing import RouterWorker
from workers.store.jobs import Ending, Failure, Move
from workers.store.record import Claim
from workers.store.routing import RouterStore

pytestmark = pytest.mark.anyio
FIELDS = {"task_type": "logic", "model": "deep", "lane": "reasoning"}
HALF_LIFE_MS = 900_000


async def late(store: Store, cause: Cause) -> None:
    """Let a reasoning attempt fail."""
    claim = await store.running("reasoning", fields=FIELDS)
    failure = Failure(claim.tenant, claim.job_id, "reasoning", "logic", cause, "deep", 1.0)
    assert await store.jobs.move(claim.job_id, 0, Move("fallback", "fallback", {}, {}, failure=failure)) == "ok"


async def in_time(store: Store, claim: Claim | None = None) -> None:
    """Let a reasoning attempt come to its end."""
    claim = claim or await store.running("reasoning", fields=FIELDS)
    end = Ending("succeeded", {"result": "{}"}, history="logic:deep", duration="1")
    assert await store.jobs.finish(claim.job_id, 0, end) == "ok"


async def test_running_out_of_time_is_counted_beside_coming_to_an_end(store: Store) -> None:
    """Deadline, silence and a missing first token count; a model that refuses does not, nor does another type."""
    for cause in ("deadline", "silence", "first_token_timeout", "upstream_rejected"):
        await late(store, cause)
    await in_time(store)
    ended, overdue = await store.reader.outcomes("logic", "deep")
    assert ended == pytest.approx(1, abs=0.01)
    assert overdue == pytest.approx(3, abs=0.01)
    assert await store.reader.outcomes("code", "deep") == (0, 0)


async def test_an_answer_of_the_standard_lane_teaches_nothing(store: Store) -> None:
    """Only reasoning is judged."""
    claim = await store.running("standard", fields={**FIELDS, "lane": "standard"})
    await in_time(store, claim)
    assert await store.reader.outcomes("logic", "deep") == (0, 0)


async def test_outcomes_fade_when_read_and_when_written(store: Store) -> None:
    """After a half-life four failures count as two, and one more makes three."""
    for _ in range(4):
        await late(store, "deadline")
    key = store.key("outcomes:logic:deep")
    await store.redis.hincrby(key, "at", -HALF_LIFE_MS)
    assert (await store.reader.outcomes("logic", "deep"))[1] == pytest.approx(2, abs=0.01)
    await late(store, "deadline")
    assert (await store.reader.outcomes("logic", "deep"))[1] == pytest.approx(3, abs=0.01)
    assert 0 < await store.redis.pttl(key) <= HALF_LIFE_MS * 12


async def test_counts_of_several_workers_add_up_and_gone_workers_are_forgotten(store: Store) -> None:
    """The candidate's differences are kept by its name."""
    notes, now = RouterStore(store.redis, store.settings), time.time()
    for worker in ("w1", "w2"):
        said = RouterWorker(worker=worker, artefact="live-1", policy="as trained", threshold=0.5, shadow="next-2")
        await notes.note(
            said, {"reasoning|logic": 2}, {"all": 5, "agreed": 4, "to_standard": 1, "type|logic": 1}, now_s=now
        )
    status = await notes.status(now_s=now + 1)
    assert [worker.worker for worker in status.workers] == ["w1", "w2"]
    assert [(count.lane, count.task_type, count.count) for count in status.decisions] == [("reasoning", "logic", 4)]
    (report,) = status.shadow
    assert (report.artefact, report.decisions, report.agreed, report.to_standard, report.to_reasoning) == (
        "next-2", 10, 8, 2, 0,
    )  # fmt: skip
    assert report.by_task_type == {"logic": 2}
    assert not (await notes.status(now_s=now + 60)).workers
    assert not await store.redis.hgetall(store.key("router:workers"))


async def test_the_status_shows_what_ran_out_of_time(store: Store) -> None:
    """By task type and model, faded."""
    await late(store, "deadline")
    (seen,) = (await RouterStore(store.redis, store.settings).status(now_s=time.time())).outcomes
    assert (seen.task_type, seen.model) == ("logic", "deep")
    assert seen.late == pytest.approx(1, abs=0.05)
