"""Redis dies, freezes, is full and comes back: callers learn it in time, and nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from redis.exceptions import ResponseError

from tests.support.redis import RedisServer
from tests.support.store import TENANT, Store, make_settings, open_client, open_store
from workers.contracts.errors import StoreUnavailable
from workers.contracts.request import JobRequest
from workers.settings import Settings
from workers.store.jobs import Ending

pytestmark = pytest.mark.anyio
LIMITS = {"connect_timeout_s": 0.5, "command_timeout_s": 1.0}
SOON_S = 8  # both limits several times over, for a busy machine


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    """Short limits, on a server of this test alone."""
    return make_settings(own_redis.url, redis=LIMITS)


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    """The store on the test's own server."""
    async with open_store(settings) as opened:
        yield opened


async def test_an_acknowledged_job_survives_the_death_of_redis(store: Store, own_redis: RedisServer) -> None:
    """Every submission that was answered is there after kill -9, with its message."""
    ids: list[str] = []

    async def submit_until_it_dies() -> None:
        while True:
            ids.append((await store.submit()).job_id)

    submitters = [asyncio.create_task(submit_until_it_dies()) for _ in range(20)]
    await asyncio.sleep(0.5)
    await asyncio.to_thread(own_redis.kill)
    done = await asyncio.gather(*submitters, return_exceptions=True)
    assert all(isinstance(error, StoreUnavailable) for error in done)
    await asyncio.to_thread(own_redis.start)

    assert len(ids) > 50
    jobs = await store.reader.jobs(ids, TENANT)
    assert all(job is not None and job.status == "queued" for job in jobs)
    assert len(await store.messages("classify")) >= len(ids)


async def test_scripts_are_loaded_again_after_they_were_forgotten(store: Store) -> None:
    """SCRIPT FLUSH costs one more round trip, also for many calls of several scripts at once."""
    claim = await store.running()
    await store.redis.script_flush()
    done = await asyncio.gather(
        *(store.submit() for _ in range(30)),
        store.jobs.finish(claim.job_id, 0, Ending("succeeded", {"result": "1"})),
        *(store.jobs.cancel(claim.job_id, "umbra") for _ in range(30)),
    )

    assert [each.outcome for each in done[:30]] == ["created"] * 30
    assert done[30] == "ok"
    assert done[31:] == ["unknown"] * 30


async def test_a_restarted_redis_is_used_again(store: Store, own_redis: RedisServer) -> None:
    """After a restart the scripts are loaded anew and the connections made anew, without a new process."""
    before = await store.running()
    await asyncio.to_thread(own_redis.stop)
    with pytest.raises(StoreUnavailable):
        await store.submit()
    await asyncio.to_thread(own_redis.start)

    assert (await store.submit()).outcome == "created"
    assert await store.jobs.finish(before.job_id, 0, Ending("succeeded", {"result": "1"})) == "ok"


async def test_a_dead_redis_is_noticed_at_once(store: Store, own_redis: RedisServer) -> None:
    """Every way to ask says StoreUnavailable, and soon."""
    job_id = (await store.submit()).job_id
    await asyncio.to_thread(own_redis.kill)
    began = time.monotonic()
    for ask in (
        store.submit,
        lambda: store.job(job_id),
        lambda: store.reader.events(job_id),
        lambda: store.reader.page(TENANT, limit=5, cursor=None, wanted={}),
        store.reader.depths,
        store.reader.present,
        store.reader.ping,
        lambda: store.reader.expected("logic", "quick"),
        store.reader.failures,
        store.reader.failure_counts,
        lambda: store.reader.request_json(job_id),
    ):
        with pytest.raises(StoreUnavailable):
            await ask()
    assert time.monotonic() - began < SOON_S


async def test_a_frozen_redis_is_noticed_within_the_limits(store: Store, own_redis: RedisServer) -> None:
    """Five hundred callers at once all hear of it within one limit, not one after the other; then all goes on."""
    await store.submit()
    own_redis.freeze()
    try:
        began = time.monotonic()
        done = await asyncio.gather(*(store.submit() for _ in range(500)), return_exceptions=True)
        took = time.monotonic() - began
    finally:
        own_redis.resume()

    assert all(isinstance(each, StoreUnavailable) for each in done)
    assert 0.5 < took < SOON_S / 2
    assert (await store.submit()).outcome == "created"


async def test_a_pool_that_is_used_up_makes_callers_wait_and_not_fail(own_redis: RedisServer) -> None:
    """A few hundred reads over four connections queue for them."""
    settings = make_settings(own_redis.url, redis={"max_connections": 4})
    async with open_store(settings) as store:
        job_id = (await store.submit()).job_id
        jobs = await asyncio.gather(*(store.job(job_id) for _ in range(400)))

    assert {job.id for job in jobs} == {job_id}


async def test_a_cancelled_caller_takes_no_reply_from_another(store: Store) -> None:
    """Callers that go away in the middle of a round trip do not shift the replies of those who stay."""
    ids = [(await store.submit()).job_id for _ in range(40)]

    async def read(job_id: str) -> str:
        return (await store.job(job_id)).id

    async def cancel(job_id: str) -> tuple[str, str]:
        return job_id, await store.jobs.cancel(job_id, "umbra" if ids.index(job_id) % 4 else TENANT)

    for round_ in range(30):
        tasks = [asyncio.create_task(ask(job_id)) for job_id in ids for ask in (read, cancel)]
        await asyncio.sleep(round_ / 10_000)
        for task in tasks[round_ % 3 :: 3]:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        for position, reply in enumerate(done):
            if isinstance(reply, asyncio.CancelledError):
                continue
            job_id = ids[position // 2]
            answers = ("unknown",) if (position // 2) % 4 else ("ok", "cancelled")
            assert reply == job_id if position % 2 == 0 else reply in [(job_id, answer) for answer in answers]


async def test_a_script_that_breaks_answers_its_own_caller(store: Store) -> None:
    """An error of one script is not the answer of those that left with it."""
    broken, fine = await asyncio.gather(store.scripts.call("submit", "x"), store.submit(), return_exceptions=True)

    assert isinstance(broken, ResponseError)
    assert not isinstance(broken, StoreUnavailable)
    assert not isinstance(fine, BaseException)
    assert fine.outcome == "created"


async def test_a_full_redis_is_said_to_be_unavailable(store: Store) -> None:
    """Above its memory limit Redis refuses to write: 503 for the caller, and no half-written job."""
    before = await store.everything()
    await store.redis.config_set("maxmemory", "1")
    with pytest.raises(StoreUnavailable):
        await store.submit()
    await store.redis.config_set("maxmemory", "0")

    assert await store.everything() == before
    assert (await store.submit()).outcome == "created"


async def test_a_long_poll_outlives_an_outage(settings: Settings, own_redis: RedisServer) -> None:
    """A waiter from before the outage is woken by an end after it."""
    async with open_client(settings) as client:
        job_id = (await client.submit(TENANT, JobRequest(input="x"))).job_id
        waiting = asyncio.create_task(client.get(TENANT, job_id, wait_s=40))
        await asyncio.sleep(0.2)
        await asyncio.to_thread(own_redis.kill)
        await asyncio.to_thread(own_redis.start)
        for _ in range(100):
            try:
                await client.cancel(TENANT, job_id)
                break
            except StoreUnavailable:
                await asyncio.sleep(0.1)

        assert (await asyncio.wait_for(waiting, 20)).status == "cancelled"


async def test_a_client_opens_and_closes_while_redis_is_away(settings: Settings, own_redis: RedisServer) -> None:
    """The API starts and stops without Redis, and works once it is there."""
    await asyncio.to_thread(own_redis.kill)
    async with open_client(settings) as client:
        with pytest.raises(StoreUnavailable):
            await client.health()
        await asyncio.to_thread(own_redis.start)
        assert (await client.health())["redis"] is True


@pytest.mark.parametrize("pause_s", [0, 0.001, 0.002, 0.004])
async def test_a_client_closes_at_any_moment(settings: Settings, pause_s: float) -> None:
    """Closing in the middle of connecting ends, although a cancellation may get lost on the way."""
    for _ in range(20):
        async with asyncio.timeout(10), open_client(settings):
            await asyncio.sleep(pause_s)


async def test_an_error_names_no_data(own_redis: RedisServer, settings: Settings) -> None:
    """The message of StoreUnavailable may be logged: it holds neither address, key nor value."""
    async with open_store(settings) as store:
        await asyncio.to_thread(own_redis.kill)
        with pytest.raises(StoreUnavailable) as error:
            await store.submit()

    assert "127.0.0.1" not in str(error.value)
    assert "capital" not in str(error.value)
