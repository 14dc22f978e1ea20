"""A delivery's way: due, claimed by one, tried, written; and what happens when somebody dies in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.support.store import TENANT, Store, open_store, read_message
from tests.support.webhooks import ENDPOINT, add_endpoint, delivery_ids, pass_delivery_time, webhooks_of
from workers.contracts.webhooks import Parcel, Receipt
from workers.settings import Settings
from workers.stages.deliver import DeliverStage
from workers.store.jobs import Ending
from workers.store.webhooks import Settled, Taken, WebhookStore

pytestmark = pytest.mark.anyio
LIMITS = {"endpoint_failures": 3, "endpoint_pause_s": 10, "jitter": 0}


class Scripted:
    """A courier that brings what it is told to."""

    def __init__(self, *receipts: Receipt) -> None:
        self.receipts = list(receipts)
        self.sent: list[Parcel] = []

    async def send(self, parcel: Parcel) -> Receipt:
        """Note the parcel; at the end of the script, wait for ever."""
        self.sent.append(parcel)
        if not self.receipts:
            await asyncio.Event().wait()
        return self.receipts.pop(0)


OK, BUSY = Receipt(0.1, 200), Receipt(0.1, 500, "status")


@pytest.fixture
async def store(make: Callable[..., Settings]) -> AsyncIterator[Store]:
    """A store with an endpoint that pauses after three failures."""
    async with open_store(make(webhooks=LIMITS)) as opened:
        await add_endpoint(opened)
        yield opened


@pytest.fixture
def hooks(store: Store) -> WebhookStore:
    """The deliveries' side of the store."""
    return webhooks_of(store)


async def ended(store: Store, count: int = 1) -> list[str]:
    """End some jobs; the ids of their deliveries, oldest first."""
    before = set(await delivery_ids(store))
    for _ in range(count):
        claim = await store.running()
        await store.jobs.finish(claim.job_id, 0, Ending("succeeded", {"result": "1"}))
    return [name for name in await delivery_ids(store) if name not in before]


async def take(hooks: WebhookStore, delivery_id: str) -> Taken:
    """Claim a delivery that can be claimed."""
    taken = await hooks.claim(delivery_id)
    assert not isinstance(taken, str), taken
    return taken


async def fail(hooks: WebhookStore, delivery_id: str, **settled: Any) -> None:
    """Try a delivery and fail."""
    await hooks.settle(await take(hooks, delivery_id), Settled("retry", **{"wait_s": 5, **settled}))


async def due(hooks: WebhookStore) -> list[str]:
    """Take what is due."""
    return [name for name, _ in await hooks.due(100, 1000)]


async def test_a_new_delivery_is_due_at_once_and_hinted_once(store: Store, hooks: WebhookStore) -> None:
    """The message holds its id and a number; it is not sent again until it counts as lost."""
    (name,) = await ended(store)
    stage = DeliverStage(hooks, Scripted(), store.settings.webhooks)
    assert await stage.pump() == 1
    assert await stage.pump() == 0
    (raw,) = await store.redis.lrange(store.key("deliver"), 0, -1)
    assert read_message(raw) == (name, 0)
    await pass_delivery_time(store, 6)
    assert await stage.pump() == 1


async def test_the_queue_of_hints_stays_short(store: Store, hooks: WebhookStore) -> None:
    """Whatever is due, no more messages lie in the queue than workers may take soon."""
    await ended(store, 12)
    assert len(await hooks.due(100, 5)) == 5
    await hooks.send_hints([("msg_x", 0)] * 5)
    assert await hooks.due(100, 5) == []


async def test_two_workers_do_not_send_at_once(hooks: WebhookStore, store: Store) -> None:
    """Of twenty that try, one has it; after its claim ran out another may."""
    (name,) = await ended(store)
    found = await asyncio.gather(*(hooks.claim(name) for _ in range(20)))
    assert sum(isinstance(one, Taken) for one in found) == 1
    await pass_delivery_time(store, store.settings.webhooks.total_s + 6)
    assert await due(hooks) == [name]
    again = await take(hooks, name)
    assert (again.claim, again.tries) == (2, 1), "a try whose worker died is not counted"


async def test_a_late_failure_is_fenced_off_and_a_late_success_counts(store: Store, hooks: WebhookStore) -> None:
    """What the first claim says after the second began."""
    for outcome, answer in (("retry", "pending"), ("delivered", "ok")):
        (name,) = await ended(store)
        first = await take(hooks, name)
        await pass_delivery_time(store, 100)
        second = await take(hooks, name)
        assert await hooks.settle(first, Settled(outcome)) == answer
        assert await hooks.settle(second, Settled("delivered")) == ("ok" if outcome == "retry" else "delivered")


async def test_a_delivery_ends_once_and_is_kept_for_a_while(store: Store, hooks: WebhookStore) -> None:
    """Delivered: nothing is due any more, and the record lives for days."""
    (name,) = await ended(store)
    courier = Scripted(OK)
    await DeliverStage(hooks, courier, store.settings.webhooks).run(name)
    found = await hooks.delivery(TENANT, name)

    assert found is not None
    assert (found.status, found.tries, [one.status for one in found.log]) == ("delivered", 1, [200])
    assert await store.redis.zcard(store.key("deliveries")) == 0
    assert 250_000 < await store.redis.ttl(store.key(f"delivery:{name}")) <= 259_200
    assert await hooks.claim(name) == "delivered"


async def test_the_id_is_the_same_in_every_try(store: Store, hooks: WebhookStore) -> None:
    """And a message that comes too early changes nothing."""
    (name,) = await ended(store)
    courier = Scripted(BUSY, OK)
    stage = DeliverStage(hooks, courier, store.settings.webhooks)
    await stage.run(name)
    await stage.run(name)
    assert len(courier.sent) == 1
    await pass_delivery_time(store, 6)
    await stage.run(name)

    assert [parcel.delivery_id for parcel in courier.sent] == [name, name]
    assert courier.sent[0] == courier.sent[1]


async def test_the_schedule_ends(make: Callable[..., Settings]) -> None:
    """After the last wait the delivery has failed, with its tries in its log."""
    async with open_store(make(webhooks={"retry_s": [1, 1], "jitter": 0})) as store:
        await add_endpoint(store)
        (name,) = await ended(store)
        stage = DeliverStage(webhooks_of(store), Scripted(BUSY, BUSY, BUSY), store.settings.webhooks)
        for _ in range(3):
            await stage.run(name)
            await pass_delivery_time(store, 2)
        found = await webhooks_of(store).delivery(TENANT, name)

        assert found is not None
        assert (found.status, found.reason, found.tries, len(found.log)) == ("failed", "exhausted", 3, 3)
        assert await store.redis.zcard(store.key("deliveries")) == 0


async def test_a_dead_endpoint_backs_off_as_a_whole(store: Store, hooks: WebhookStore) -> None:
    """After three failures in a row the others wait without being tried; then one goes first."""
    names = await ended(store, 10)
    for name in names[:3]:
        await fail(hooks, name)
    assert [await hooks.claim(name) for name in names[3:]] == ["paused"] * 7
    assert await due(hooks) == []
    await pass_delivery_time(store, 6)
    assert [await hooks.claim(name) for name in names[:3]] == ["paused"] * 3, "their own schedule waits, too"

    await pass_delivery_time(store, 5)
    (probe,) = await due(hooks)
    taken = await take(hooks, probe)
    others = [name for name in names if name != probe]
    assert {await hooks.claim(name) for name in others} == {"paused"}
    await hooks.settle(taken, Settled("delivered"))
    assert set(await due(hooks)) == set(others), "it has recovered: all are due"


async def test_each_further_pause_is_twice_as_long(store: Store, hooks: WebhookStore) -> None:
    """Of a target whose probes fail: 10, 20, 40 s."""
    names = await ended(store, 8)
    for name in names[:3]:
        await fail(hooks, name)
    for number, pause in enumerate((10, 20, 40)):
        assert await hooks.claim(names[3 + number]) == "paused"
        await pass_delivery_time(store, pause - 1)
        assert await hooks.claim(names[3 + number]) == "paused"
        await pass_delivery_time(store, 2)
        await fail(hooks, names[3 + number])


async def test_tries_under_way_do_not_make_the_pause_longer(store: Store, hooks: WebhookStore) -> None:
    """Eight that fail together are one failure as far as the pause goes."""
    names = await ended(store, 8)
    everyone = [await take(hooks, name) for name in names]
    for taken in everyone:
        await hooks.settle(taken, Settled("retry", 1000))
    (endpoint,) = await hooks.endpoints(TENANT)

    assert endpoint.failures == 3
    await pass_delivery_time(store, 11)
    (later,) = await ended(store)
    await take(hooks, later)


async def test_a_throttled_endpoint_waits_as_long_as_it_asks(store: Store, hooks: WebhookStore) -> None:
    """One 429 pauses all of it."""
    first, second = await ended(store, 2)
    await fail(hooks, first, pause_s=60.0)
    assert await hooks.claim(second) == "paused"
    await pass_delivery_time(store, 59)
    assert await hooks.claim(second) == "paused"
    await pass_delivery_time(store, 2)
    await take(hooks, second)


async def test_a_probe_that_dies_is_followed_by_another(store: Store, hooks: WebhookStore) -> None:
    """Its worker was killed: the claim runs out, and so does its right to be the only one."""
    names = await ended(store, 5)
    for name in names[:3]:
        await fail(hooks, name)
    await pass_delivery_time(store, 11)
    await take(hooks, names[3])
    assert await hooks.claim(names[4]) == "paused"
    await pass_delivery_time(store, store.settings.webhooks.total_s + 6)
    await take(hooks, names[4])


async def test_a_slow_endpoint_leaves_slots_to_others(make: Callable[..., Settings]) -> None:
    """Of one target only so many are tried at once; the next goes when one has ended, the oldest first."""
    async with open_store(make(webhooks={**LIMITS, "endpoint_slots": 3})) as store:
        hooks = webhooks_of(store)
        await add_endpoint(store)
        names = await ended(store, 8)
        everyone = [await take(hooks, name) for name in names[:3]]
        assert [await hooks.claim(name) for name in names[3:]] == ["busy"] * 5
        await pass_delivery_time(store, 1)
        assert await due(hooks) == []
        await hooks.settle(everyone[0], Settled("delivered"))
        assert await due(hooks) == [names[3]]
        await take(hooks, names[3])
        assert await hooks.claim(names[4]) == "busy"
        await pass_delivery_time(store, store.settings.webhooks.total_s + 6)
        await take(hooks, names[4])


async def test_a_delivery_that_breaks_every_worker_is_given_up(store: Store, hooks: WebhookStore) -> None:
    """After fifty that never said how it went, and not before."""
    (name,) = await ended(store)
    for _ in range(50):
        await take(hooks, name)
        await pass_delivery_time(store, 21)
    assert await hooks.claim(name) == "exhausted"


async def test_a_settlement_repeated_after_a_lost_reply_counts_once(store: Store, hooks: WebhookStore) -> None:
    """One try in the log, one failure of the endpoint."""
    (name,) = await ended(store)
    taken = await take(hooks, name)
    for _ in range(2):
        assert await hooks.settle(taken, Settled("retry", 5)) == "ok"
    found = await hooks.delivery(TENANT, name)

    assert found is not None
    assert found.tries == 1
    assert (await hooks.endpoints(TENANT))[0].failures == 1


async def test_another_endpoint_is_not_held_up(store: Store, hooks: WebhookStore) -> None:
    """Nor is another tenant's."""
    other = ENDPOINT.replace("0", "f")
    await add_endpoint(store, endpoint_id=other, url="https://other.example.com/")
    names = await ended(store, 4)
    mine, theirs = [], []
    for name in names:
        found = await hooks.delivery(TENANT, name)
        assert found is not None
        (theirs if found.endpoint_id == other else mine).append(name)
    for name in mine[:3]:
        await fail(hooks, name)
    assert await hooks.claim(mine[3]) == "paused"
    await take(hooks, theirs[0])


async def test_what_waited_for_the_whole_window_is_tried_once_at_its_end(store: Store, hooks: WebhookStore) -> None:
    """No delivery fails without a try, however dead its endpoint is."""
    names = await ended(store, 4)
    for name in names[:3]:
        await fail(hooks, name)
    assert await hooks.claim(names[3]) == "paused"
    await pass_delivery_time(store, 86_401)
    await store.redis.hset(store.key(f"target:{TENANT}:{ENDPOINT}"), "until", 10**13)
    courier = Scripted(BUSY)
    await DeliverStage(hooks, courier, store.settings.webhooks).run(names[3])
    found = await hooks.delivery(TENANT, names[3])

    assert len(courier.sent) == 1
    assert found is not None
    assert (found.status, found.tries) == ("failed", 1)


async def test_410_disables_the_endpoint(store: Store, hooks: WebhookStore) -> None:
    """Nothing more is noted for it, and what was on its way ends; enabled, it has events again."""
    first, second = await ended(store, 2)
    await DeliverStage(hooks, Scripted(Receipt(0.1, 410, "status")), store.settings.webhooks).run(first)
    (endpoint,) = await hooks.endpoints(TENANT)
    assert (endpoint.enabled, endpoint.disabled_reason) == (False, "gone")
    assert await ended(store) == []
    assert await hooks.claim(second) == "disabled"
    assert await hooks.again(TENANT, second) == "disabled"
    assert [(await hooks.delivery(TENANT, name)).reason for name in (first, second)] == ["gone", "disabled"]  # type: ignore[union-attr]

    assert await hooks.change("enable", TENANT, ENDPOINT)
    assert await hooks.again(TENANT, second) == "ok"
    await take(hooks, second)
    assert len(await ended(store)) == 1


async def test_a_deleted_endpoint_has_nothing_more(store: Store, hooks: WebhookStore) -> None:
    """Also what waited for its pause ends."""
    names = await ended(store, 5)
    for name in names[:3]:
        await fail(hooks, name)
    assert await hooks.claim(names[3]) == "paused"
    assert await hooks.change("delete", TENANT, ENDPOINT)
    await pass_delivery_time(store, 100)
    found = await due(hooks)
    assert set(found) == set(names)
    for name in found:
        assert await hooks.claim(name) == "deleted"

    assert await store.redis.zcard(store.key("deliveries")) == 0
    assert await hooks.again(TENANT, names[0]) == "deleted"
    assert await hooks.endpoints(TENANT) == []


async def test_an_ended_delivery_can_be_sent_again(store: Store, hooks: WebhookStore) -> None:
    """Under the same id, with the same content; not while it is on its way, and not by another tenant."""
    (name,) = await ended(store)
    assert await hooks.again(TENANT, name) == "pending"
    courier = Scripted(OK, OK)
    stage = DeliverStage(hooks, courier, store.settings.webhooks)
    await stage.run(name)
    assert await hooks.again("other", name) == "unknown"
    assert await hooks.again(TENANT, name) == "ok"
    assert await store.redis.ttl(store.key(f"delivery:{name}")) == -1
    assert await stage.pump() == 1
    await stage.run(name)

    assert courier.sent[0] == courier.sent[1]
    found = await hooks.delivery(TENANT, name)
    assert found is not None
    assert (found.status, found.tries) == ("delivered", 1)


async def test_a_stopping_worker_gives_its_deliveries_back(store: Store, hooks: WebhookStore) -> None:
    """The try that it broke off is made again at once, and is not counted."""
    (name,) = await ended(store)
    stage = DeliverStage(hooks, Scripted(), store.settings.webhooks)
    running = asyncio.ensure_future(stage.run(name))
    while not stage._running:  # noqa: ASYNC110 - the stage has no event of that
        await asyncio.sleep(0.01)
    await stage.drain(0.05)
    await running
    taken = await take(hooks, name)

    assert taken.tries == 1


async def test_after_a_rotation_two_secrets_sign_until_the_old_one_is_over(store: Store, hooks: WebhookStore) -> None:
    """The new one first; a day later it is alone."""
    (name,) = await ended(store)
    (old,) = (await take(hooks, name)).parcel.secrets
    new, until = await hooks.rotate(TENANT)
    assert until is not None
    await pass_delivery_time(store, 100)
    assert (await take(hooks, name)).parcel.secrets == (new, old)
    await pass_delivery_time(store, 86_400)
    (later,) = await ended(store)
    assert (await take(hooks, later)).parcel.secrets == (new,)


async def test_pages_of_deliveries(store: Store, hooks: WebhookStore) -> None:
    """Newest first, by status and by job, also when several share a millisecond."""
    names = await ended(store, 25)
    index = store.key(f"tenant:{TENANT}:deliveries")
    for name in names[5:15]:
        await store.redis.zadd(index, {name: 1_767_603_600_000})
    seen, cursor = [], None
    while True:
        page, cursor = await hooks.page(TENANT, limit=4, cursor=cursor, wanted={})
        seen += [delivery.id for delivery in page]
        if cursor is None:
            break
    assert sorted(seen) == sorted(names)
    assert seen[:10] == list(reversed(names[15:]))
    (one,), _ = await hooks.page(TENANT, limit=4, cursor=None, wanted={"job_id": f"job_{names[7][4:36]}"})
    assert one.id == names[7]
    assert await hooks.page("other", limit=4, cursor=None, wanted={}) == ([], None)


async def test_with_a_key_of_the_operator_redis_does_not_hold_the_secret(make: Callable[..., Settings]) -> None:
    """What is shown is what signs, and neither it nor the key lies in Redis."""
    async with open_store(make(webhooks={"signing_key": "the operator's key"})) as store:
        await add_endpoint(store)
        (name,) = await ended(store)
        (first,) = (await take(webhooks_of(store), name)).parcel.secrets
        shown, _ = await webhooks_of(store).rotate(TENANT)
        await pass_delivery_time(store, 30)
        assert (await take(webhooks_of(store), name)).parcel.secrets == (shown, first)
        everything = str(await store.everything())

        for secret in (shown, first):
            assert secret.get_secret_value().removeprefix("whsec_") not in everything
        assert "operator" not in everything
