"""What a submission may become: new, known under its key, answered before, or refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.store import TENANT, Store, new_job, open_client, open_store, read_message
from workers.client import Client
from workers.contracts.errors import IdempotencyMismatch, InvalidRequest, NotFound, Overloaded
from workers.contracts.request import JobRequest
from workers.settings import Settings
from workers.store.jobs import Ending
from workers.store.record import as_json

pytestmark = pytest.mark.anyio
ANSWER = {"answer": "Paris"}


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Client]:
    """The face that the API uses."""
    async with open_client(settings) as opened:
        yield opened


async def answered(store: Store, client: Client, request: JobRequest) -> str:
    """Submit, and answer as a worker does, so that the exact cache has it."""
    job_id = (await client.submit(TENANT, request)).job_id
    claim = await store.jobs.claim("classify", job_id, 0, "w1")
    assert not isinstance(claim, str)
    end = Ending(
        "succeeded",
        {"result": as_json(ANSWER), "model": "quick", "served_by": "model", "cost_usd": "0.25"},
        exact_hash=claim.cache_key or "",
        exact_s=60,
    )
    assert await store.jobs.finish(job_id, 0, end) == "ok"
    return job_id


# -- idempotency --------------------------------------------------------------------------------------------------


async def test_of_racing_submissions_with_one_key_one_is_accepted(settings: Settings, store: Store) -> None:
    """Forty submissions from two processes at once make one job, one message, one place in the queue."""
    async with open_store(settings) as other:
        done = await asyncio.gather(
            *(side.submit(idempotency_hash="k", body_hash="b") for side in (store, other) for _ in range(20))
        )

    assert sorted(each.outcome for each in done) == ["created"] + ["existing"] * 39
    assert len({each.job_id for each in done}) == 1
    assert [read_message(raw) for raw in await store.messages("classify")] == [(done[0].job_id, 0)]
    assert (await store.reader.depths())["classify"] == 1


async def test_a_key_with_another_body_is_refused(client: Client) -> None:
    """The same key and body give the same job; another body is the caller's mistake."""
    first = await client.submit(TENANT, JobRequest(input="one"), idempotency_key="key")
    again = await client.submit(TENANT, JobRequest(input="one"), idempotency_key="key")

    assert (again.outcome, again.job_id) == ("existing", first.job_id)
    assert again.job is not None
    with pytest.raises(IdempotencyMismatch):
        await client.submit(TENANT, JobRequest(input="two"), idempotency_key="key")


async def test_two_tenants_may_use_the_same_key(client: Client) -> None:
    """A key belongs to its tenant."""
    ours = await client.submit(TENANT, JobRequest(input="one"), idempotency_key="key")
    theirs = await client.submit("umbra", JobRequest(input="two"), idempotency_key="key")

    assert theirs.outcome == "accepted"
    assert theirs.job_id != ours.job_id


async def test_a_key_is_remembered_for_as_long_as_set_and_not_kept_itself(
    make: Callable[..., Settings],
) -> None:
    """The key's hash expires; half a second is rounded up, since Redis would forget it at once."""
    settings = make(reliability={"idempotency_s": 0.5})
    async with open_client(settings) as client, open_store(settings) as store:
        await client.submit(TENANT, JobRequest(input="one"), idempotency_key="the-callers-own")
        (key,) = [key async for key in store.redis.scan_iter(match=store.key("*:key:*"))]

        assert "the-callers-own" not in key
        assert 0 < await store.redis.pttl(key) <= 1000


async def test_a_key_whose_job_is_gone_is_free_again(store: Store) -> None:
    """A record that was kept for less long than its key does not make the key point nowhere."""
    first = await store.submit(idempotency_hash="k", body_hash="b")
    await store.redis.delete(store.key(f"job:{first.job_id}"))
    second = await store.submit(idempotency_hash="k", body_hash="other")

    assert second.outcome == "created"
    assert (await store.submit(idempotency_hash="k", body_hash="other")).job_id == second.job_id


# -- exact cache --------------------------------------------------------------------------------------------------


async def test_a_repeat_is_answered_at_once(store: Store, client: Client) -> None:
    """The finished job comes with the submission, costs nothing, and says where its answer is from."""
    request = JobRequest(input="What is the capital of France?")
    source = await answered(store, client, request)
    hit = await client.submit(TENANT, JobRequest(input="  What is the  capital of France?\n"))

    assert hit.outcome == "hit"
    assert hit.job is not None
    assert (hit.job.status, hit.job.result, hit.job.served_by) == ("succeeded", ANSWER, "exact_cache")
    assert hit.job.cost_usd == 0
    assert hit.job.cache is not None
    assert (hit.job.cache.tier, hit.job.cache.source_job) == ("exact", source)
    assert hit.job.deadline_at > hit.job.created_at
    assert await store.events(hit.job_id) == ["queued", "cache", "done"]
    assert (await store.reader.depths())["classify"] == 0
    assert await store.redis.ttl(store.key(f"job:{hit.job_id}")) > 0


async def test_another_tenant_is_not_answered_from_our_cache(store: Store, client: Client) -> None:
    """An answer is shared within a tenant only."""
    request = JobRequest(input="What is our password?")
    await answered(store, client, request)

    assert (await client.submit("umbra", request)).outcome == "accepted"


@pytest.mark.parametrize("mode", ["refresh", "off"])
async def test_who_does_not_want_the_cache_is_not_served_from_it(store: Store, client: Client, mode: str) -> None:
    """`refresh` and `off` go to a model."""
    await answered(store, client, JobRequest(input="again"))

    assert (await client.submit(TENANT, JobRequest(input="again", cache=mode))).outcome == "accepted"


async def test_a_refreshed_answer_takes_the_place_of_the_old(store: Store, client: Client) -> None:
    """The entry is written anew: its source is the new job, and its hits are counted from nothing."""
    await answered(store, client, JobRequest(input="again"))
    await client.submit(TENANT, JobRequest(input="again"))
    newer = await answered(store, client, JobRequest(input="again", cache="refresh"))
    (key,) = [key async for key in store.redis.scan_iter(match=store.key("*:exact:*"))]
    entry = await store.redis.hgetall(key)

    assert (entry["job"], entry["hits"]) == (newer, "0")


async def test_another_scope_is_another_answer(store: Store, client: Client) -> None:
    """Instructions, schema and generation parameters are part of what was asked."""
    await answered(store, client, JobRequest(input="again"))
    for changed in ({"instructions": "Be rude."}, {"schema": {"type": "object"}}, {"temperature": 0.1}):
        assert (await client.submit(TENANT, JobRequest(input="again", **changed))).outcome == "accepted"


async def test_a_cached_answer_expires(store: Store, client: Client) -> None:
    """An entry lives as long as it was given, counted from when it was written."""
    await answered(store, client, JobRequest(input="again"))
    (entry,) = [key async for key in store.redis.scan_iter(match=store.key("*:exact:*"))]

    assert 0 < await store.redis.ttl(entry) <= 60
    await store.redis.delete(entry)
    assert (await client.submit(TENANT, JobRequest(input="again"))).outcome == "accepted"


# -- admission ----------------------------------------------------------------------------------------------------


async def test_a_full_queue_refuses(store: Store) -> None:
    """The refusal says which queue, how deep and how old, and leaves nothing behind."""
    for _ in range(2):
        await store.submit(gates=(("classify", 2),))
    await store.pass_time(30)
    before = await store.everything()
    refused = await store.submit(gates=(("classify", 2),))

    assert (refused.outcome, refused.queue, refused.depth) == ("full", "classify", 2)
    assert 30 <= refused.oldest_s < 60
    after = await store.everything()
    assert after.pop(store.key("metrics"))["submissions|refused"] == "1", "but that it is counted"
    del before[store.key("metrics")]
    assert after == before


@pytest.mark.parametrize(
    ("reasoning", "standard", "outcome"), [(0, 0, "created"), (1, 0, "created"), (0, 1, "created"), (1, 1, "full")]
)
async def test_behind_the_bar_one_open_queue_is_enough(
    store: Store, reasoning: int, standard: int, outcome: str
) -> None:
    """`|` in front of queues refuses only when all of them are full: the classifier may choose the open one."""
    for queue, count in (("reasoning", reasoning), ("standard", standard)):
        for _ in range(count):
            await store.submit(queue=queue)
    done = await store.submit(gates=(("classify", 1), ("|", 0), ("reasoning", 1), ("standard", 1)))

    assert done.outcome == outcome
    if outcome == "full":
        assert (done.queue, done.depth) == ("reasoning", 1)


async def test_a_gate_before_the_bar_refuses_alone(store: Store) -> None:
    """What stands before `|` must be open in any case."""
    await store.submit()
    done = await store.submit(gates=(("classify", 1), ("|", 0), ("reasoning", 9), ("standard", 9)))

    assert (done.outcome, done.queue) == ("full", "classify")


async def test_messages_of_cancelled_jobs_count_until_they_are_dropped(store: Store) -> None:
    """Who submits and cancels without end must not fill Redis with messages while no worker is there."""
    for _ in range(3):
        await store.jobs.cancel((await store.submit()).job_id, TENANT)
    done = await store.submit(gates=(("classify", 3),))

    assert (done.outcome, done.depth, done.oldest_s) == ("full", 3, 0)


async def test_a_repeated_or_cached_submission_is_not_refused(store: Store) -> None:
    """What makes no work is answered although the queue is full."""
    first = await store.submit(idempotency_hash="k", body_hash="b", gates=(("classify", 1),))
    again = await store.submit(idempotency_hash="k", body_hash="b", gates=(("classify", 1),))

    assert (again.outcome, again.job_id) == ("existing", first.job_id)


async def test_the_client_says_when_to_come_back(make: Callable[..., Settings]) -> None:
    """An overloaded lane names itself and a time to wait, in whole seconds from 1 to 60."""
    settings = make(classify={"max_depth": 1})
    async with open_client(settings) as client, open_store(settings) as store:
        await client.submit(TENANT, JobRequest(input="one"))
        await store.pass_time(500)
        with pytest.raises(Overloaded) as refused:
            await client.submit(TENANT, JobRequest(input="two"))

    assert (refused.value.lane, refused.value.retry_after_s) == ("classify", 60)


# -- the client's checks ------------------------------------------------------------------------------------------


async def test_an_unknown_model_is_refused_by_name(client: Client) -> None:
    """The caller learns what the catalogue has."""
    with pytest.raises(InvalidRequest, match="allowed are local") as refused:
        await client.submit(TENANT, JobRequest(input="x", model="nonsense", route="standard"))

    assert refused.value.field == "model"


async def test_nobody_sees_another_tenants_job(client: Client) -> None:
    """Reading, cancelling, retrying and tailing another tenant's id is `not found`, like an id that never was."""
    job_id = (await client.submit(TENANT, JobRequest(input="x"))).job_id
    for call in (client.get, client.cancel, client.retry, client.events):
        for wrong in (("umbra", job_id), (TENANT, "job_" + "0" * 32), (TENANT, "x"), (TENANT, f"{job_id}:events")):
            with pytest.raises(NotFound):
                await call(*wrong)
    assert (await client.get(TENANT, job_id)).status == "queued"


async def test_a_wait_ends_with_the_job(client: Client) -> None:
    """A long poll returns as soon as the job has ended, however it ended."""
    job_id = (await client.submit(TENANT, JobRequest(input="x"))).job_id
    waiting = asyncio.create_task(client.get(TENANT, job_id, wait_s=30))
    await asyncio.sleep(0.2)
    assert client.waiting == 1
    await client.cancel(TENANT, job_id)

    assert (await asyncio.wait_for(waiting, 10)).status == "cancelled"
    await asyncio.sleep(0)
    assert client.waiting == 0


async def test_a_wait_ends_by_itself(client: Client) -> None:
    """A long poll that runs out shows the job as it is."""
    job_id = (await client.submit(TENANT, JobRequest(input="x"))).job_id

    assert (await client.get(TENANT, job_id, wait_s=0.3)).status == "queued"
    await asyncio.sleep(0)  # the waiter is forgotten by a callback
    assert client.waiting == 0


async def test_a_new_job_is_described_whole(store: Store) -> None:
    """A record is complete from its first moment: what a worker needs comes with the claim."""
    new = new_job(fields={"metadata": {"team": ""}, "cache_key": "c"})
    await store.jobs.submit(new)
    claim = await store.jobs.claim("classify", new.job_id, 0, "w1")

    assert not isinstance(claim, str)
    assert claim.request == JobRequest(input="What is the capital of France?")
    assert (claim.tenant, claim.cache_key, claim.budget.fallback_s) == (TENANT, "c", 30)
    assert 599 < claim.left_s <= 600
    assert claim.deadline_ms - claim.created_ms == 600_000
    assert claim.reasoning_until_ms - claim.created_ms == 300_000
    assert (await store.job(new.job_id)).metadata == {"team": ""}
