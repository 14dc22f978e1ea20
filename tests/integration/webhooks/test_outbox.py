"""What happens is noted in the step in which it happens, for everyone who asked, and for nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.store import TENANT, Store, open_store
from tests.support.webhooks import ENDPOINT, URL, add_endpoint, delivery_ids, webhooks_of
from workers.contracts.job import Attempt, JobError
from workers.settings import Settings
from workers.stages.reap import Reaper
from workers.store.jobs import Ending, Move

pytestmark = pytest.mark.anyio
OWN = {"webhook_url": URL, "webhook_events": "job.succeeded,job.failed,job.cancelled"}


async def told(store: Store, tenant: str = TENANT) -> list[tuple[str, str | None]]:
    """List the events noted and for whom, oldest first."""
    found, _ = await webhooks_of(store).page(tenant, limit=100, cursor=None, wanted={})
    return [(delivery.event, delivery.endpoint_id) for delivery in reversed(found)]


async def parcel(store: Store, delivery_id: str) -> Any:
    """Claim a delivery and look at what would be sent."""
    taken = await webhooks_of(store).claim(delivery_id)
    assert not isinstance(taken, str), taken
    return taken.parcel


@pytest.mark.parametrize("status", ["succeeded", "failed"])
async def test_an_end_is_told_with_the_job_as_it_was(store: Store, status: Any) -> None:
    """One delivery, due at once, that holds what the event needs and nothing of the prompt."""
    claim = await store.running(fields=OWN)
    fields = {
        "result": '{"answer": 1}', "served_by": "model", "usage": {"prompt_tokens": 3}, "cost_usd": "0.5",
        "error": JobError(code="x", message="y"), "raw_text": "the reply as it came",
    }  # fmt: skip
    await store.jobs.finish(claim.job_id, 0, Ending(status, fields))
    (delivery_id,) = await delivery_ids(store)
    found = await parcel(store, delivery_id)

    assert delivery_id == f"msg_{claim.job_id.removeprefix('job_')}_1"
    assert (found.event, found.url, found.job_id) == (f"job.{status}", URL, claim.job_id)
    assert found.job["status"] == status
    assert ("result" in found.job) == (status == "succeeded")
    assert "capital" not in str(await store.redis.hgetall(store.key(f"delivery:{delivery_id}")))
    assert "as it came" not in str(found.job)
    assert len(found.secrets) == 1


async def test_a_cancellation_is_told(store: Store) -> None:
    """Of a waiting job, too; to cancel it twice tells once."""
    job_id = (await store.submit(fields=OWN)).job_id
    for _ in range(2):
        await store.jobs.cancel(job_id, TENANT)

    assert await told(store) == [("job.cancelled", None)]


async def test_a_fallback_is_told_to_those_who_want_it(store: Store) -> None:
    """By the worker or by the reaper; the job that ends afterwards is told, too."""
    await add_endpoint(store, "job.fallback", "job.failed")
    claim = await store.running("reasoning")
    note = {"cause": "silence", "from_model": "deep", "after_s": 1.0}
    await store.jobs.move(claim.job_id, 0, Move("fallback", "fallback", {}, {"fallback": note}))
    await store.jobs.finish(claim.job_id, 1, Ending("failed", {}), expected="queued")

    assert await told(store) == [("job.fallback", ENDPOINT), ("job.failed", ENDPOINT)]
    first = await parcel(store, (await delivery_ids(store))[0])
    assert (first.job["status"], first.job["lane"]) == ("queued", "fallback")


async def test_a_move_to_a_lane_is_no_fallback(store: Store) -> None:
    """Routing tells nobody."""
    await add_endpoint(store, "job.fallback")
    claim = await store.running("classify")
    await store.jobs.move(claim.job_id, 0, Move("standard", "routed", {}, {}))

    assert await told(store) == []


async def test_the_reapers_endings_are_told(make: Callable[..., Settings]) -> None:
    """A job whose deadline passed while nobody had it."""
    async with open_store(make(reliability={"lease_s": 2})) as store:
        await store.submit(fields=OWN)
        await store.pass_time(700)
        reaper = Reaper(store.jobs, store.settings)
        reaper._last_pass = float("inf")
        assert await reaper.reap() == 1

        assert await told(store) == [("job.failed", None)]


async def test_an_exact_hit_is_told(store: Store) -> None:
    """It ended where it was accepted."""
    claim = await store.running()
    await store.jobs.finish(claim.job_id, 0, Ending("succeeded", {"result": "1"}, exact_hash="h", exact_s=60))
    assert (await store.submit(fields=OWN, exact_hash="h")).outcome == "hit"

    assert await told(store) == [("job.succeeded", None)]


async def test_everyone_who_wants_an_event_has_a_delivery_of_its_own(store: Store) -> None:
    """The job's own address and each endpoint; not one of another tenant, nor one that wants other events."""
    second = ENDPOINT.replace("0", "f")
    await add_endpoint(store)
    await add_endpoint(store, "job.failed", endpoint_id=second)
    await add_endpoint(store, endpoint_id=ENDPOINT.replace("1", "f"), tenant="other")
    claim = await store.running(fields=OWN)
    await store.jobs.finish(claim.job_id, 0, Ending("succeeded", {}))

    assert sorted(await told(store), key=str) == [("job.succeeded", ENDPOINT), ("job.succeeded", None)]
    assert await told(store, "other") == []
    assert len(set(await delivery_ids(store))) == 2


async def test_events_that_the_job_does_not_want_are_not_told(store: Store) -> None:
    """`webhook_events` chooses, whole words only."""
    claim = await store.running(fields={"webhook_url": URL, "webhook_events": "job.failed"})
    await store.jobs.finish(claim.job_id, 0, Ending("succeeded", {}))

    assert await told(store) == []


async def test_a_refused_or_repeated_end_tells_nothing(store: Store) -> None:
    """A superseded attempt's end, and a second call after a lost reply."""
    claim = await store.running(fields=OWN)
    end = Ending(
        "succeeded", {"result": "1"}, Attempt(attempt=0, lane="standard", model="m", outcome="succeeded", duration_s=1)
    )
    assert await store.jobs.finish(claim.job_id, 7, end) == "running"
    for _ in range(2):
        assert await store.jobs.finish(claim.job_id, 0, end) == "ok"

    assert await told(store) == [("job.succeeded", None)]


async def test_what_is_told_stays_true_when_the_job_is_begun_again(store: Store) -> None:
    """The delivery of the first life speaks of the first life, and the second end is another event."""
    claim = await store.running(fields=OWN)
    await store.jobs.finish(claim.job_id, 0, Ending("failed", {"error": JobError(code="x", message="y")}))
    await store.jobs.retry(claim.job_id, TENANT, 0, {})
    await store.jobs.finish(claim.job_id, 1, Ending("succeeded", {"result": "1"}), expected="queued")
    first, second = [await parcel(store, delivery_id) for delivery_id in await delivery_ids(store)]

    assert (first.event, first.job["status"]) == ("job.failed", "failed")
    assert (second.event, second.job["status"]) == ("job.succeeded", "succeeded")
    assert "error" in first.job
    assert "error" not in second.job


@pytest.mark.parametrize(
    ("webhooks", "held"), [({}, True), ({"max_result_bytes": 9}, False), ({"include_result": False}, False)]
)
async def test_large_and_unwanted_results_stay_out(make: Callable[..., Settings], webhooks: dict, held: bool) -> None:
    """A setting and a size decide; the size is told instead."""
    async with open_store(make(webhooks=webhooks)) as store:
        claim = await store.running(fields=OWN)
        await store.jobs.finish(claim.job_id, 0, Ending("succeeded", {"result": '"ten chars"'}))
        found = await parcel(store, (await delivery_ids(store))[0])

        assert ("result" in found.job) == held
        assert found.job.get("result_bytes") == (None if held else "11")


async def test_ended_deliveries_are_capped_and_those_on_their_way_are_not(make: Callable[..., Settings]) -> None:
    """The oldest ended ones go first."""
    async with open_store(make(webhooks={"max_kept": 10, "endpoint_failures": 1000})) as store:
        hooks = webhooks_of(store)
        for number in range(30):
            claim = await store.running(fields=OWN)
            await store.jobs.finish(claim.job_id, 0, Ending("succeeded", {}))
            if number < 15:
                continue
            taken = await hooks.claim((await delivery_ids(store))[-1])
            assert not isinstance(taken, str)
            from workers.store.webhooks import Settled

            await hooks.settle(taken, Settled("delivered"))
        page, _ = await hooks.page(TENANT, limit=100, cursor=None, wanted={"status": "pending"})
        assert len(page) == 15
        assert len(await delivery_ids(store)) <= 32
        lasting = [await store.redis.ttl(store.key(f"delivery:{name}")) for name in await delivery_ids(store)]
        assert sum(ttl == -1 for ttl in lasting) == 15
