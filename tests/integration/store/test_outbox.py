"""The lists of messages as an outbox: passed on in order by one leader, taken off when confirmed, counted, and not lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from tests.support.store import Store, new_job, open_store, read_message
from workers.contracts.errors import BrokerUnavailable
from workers.contracts.job import SERVED, ServedQueue
from workers.settings import Settings
from workers.stages.relay import Relay
from workers.store.outbox import Outbox
from workers.store.pulse import PulseStore

pytestmark = pytest.mark.anyio
BROKER = "amqp://guest:guest@127.0.0.1:1//"


@dataclass
class Broker:
    """A broker that does what it is told: so many confirmations, then trouble."""

    confirms: int = 1_000_000
    away: bool = False
    got: list[tuple[str, str]] = field(default_factory=list)
    lying: dict[ServedQueue, int] = field(default_factory=lambda: dict.fromkeys(SERVED, 0))

    async def publish(self, queue: ServedQueue, messages: Sequence[str]) -> int:
        """Take as many as it confirms."""
        taken = messages[: self.confirms]
        if self.away or not taken:
            raise BrokerUnavailable("told so")
        self.got += [(queue, read_message(message)[0]) for message in taken]
        return len(taken)

    async def ready(self) -> Mapping[ServedQueue, int]:
        """Count what it was told to count."""
        if self.away:
            raise BrokerUnavailable("told so")
        return self.lying


@pytest.fixture
async def store(make: Callable[..., Settings]) -> AsyncIterator[Store]:
    """The store of a process whose messages another broker carries."""
    async with open_store(make(broker_url=BROKER)) as opened:
        yield opened


def relay(store: Store, broker: Broker, worker: str = "w1") -> Relay:
    """One worker's relay."""
    return Relay(Outbox(store.redis, store.scripts, store.settings), broker, worker)


async def test_messages_are_passed_on_in_order_and_taken_off(store: Store) -> None:
    """Each queue's oldest first, and nothing is left in the lists."""
    jobs = [(await store.submit()).job_id for _ in range(3)]
    other = (await store.submit(queue="standard")).job_id
    broker = Broker()
    assert await relay(store, broker).pass_on() is True
    assert broker.got == [*(("classify", job_id) for job_id in jobs), ("standard", other)]
    assert [await store.messages(queue) for queue in ("classify", "standard")] == [[], []]


async def test_what_was_not_confirmed_stays(store: Store) -> None:
    """Half of a batch: the rest is passed on later, in order, and nothing twice."""
    jobs = [(await store.submit()).job_id for _ in range(4)]
    broker = Broker(confirms=2)
    one = relay(store, broker)
    with pytest.raises(BrokerUnavailable):
        await one.pass_on()
    assert [read_message(text)[0] for text in await store.messages("classify")] == jobs[2:]
    broker.confirms = 10
    await one.pass_on()
    assert broker.got == [("classify", job_id) for job_id in jobs]


async def test_one_leads_and_another_follows_when_it_is_gone(store: Store) -> None:
    """While the leader is heard of nobody else passes on; then the next one finds all that it left."""
    first, second = Broker(away=True), Broker()
    await store.submit()
    with pytest.raises(BrokerUnavailable):
        await relay(store, first, "w1").pass_on()
    assert await relay(store, second, "w2").pass_on() is False
    await store.redis.delete(store.key("broker:relay"))  # its time is over
    assert await relay(store, second, "w2").pass_on() is True
    assert len(second.got) == 1


async def test_two_leaders_take_nothing_of_each_others(store: Store) -> None:
    """One that was slow takes off only what it passed on itself, although the other has been there before."""
    outbox = Outbox(store.redis, store.scripts, store.settings)
    first = (await store.submit()).job_id
    slow = await outbox.lead("w1", 2, 100)
    assert slow is not None
    await outbox.passed_on("classify", slow.messages["classify"])
    second = (await store.submit()).job_id
    await outbox.passed_on("classify", slow.messages["classify"])
    assert first != second
    assert [read_message(text)[0] for text in await store.messages("classify")] == [second]


async def test_a_message_that_waits_in_the_broker_is_not_lost(store: Store) -> None:
    """Only a count of none, of after it was passed on, says that it is."""
    job_id = (await store.submit()).job_id
    broker = Broker()
    await relay(store, broker).pass_on()
    await store.pass_time(6)
    assert await store.jobs.overdue() == [], "counted as none before it was passed on"
    broker.lying["classify"] = 1
    await relay(store, broker).pass_on()
    await store.pass_time(2)
    assert await store.jobs.overdue() == [], "it lies there"
    broker.lying["classify"] = 0
    await relay(store, broker).pass_on()
    await store.pass_time(6)
    (row,) = await store.jobs.overdue()
    assert (row.job_id, row.message_lost) == (job_id, True)


async def test_a_message_that_the_broker_was_not_asked_about_waits_in_its_list(store: Store) -> None:
    """With the broker away nothing is sent again, however long it takes."""
    await store.submit()
    with pytest.raises(BrokerUnavailable):
        await relay(store, Broker(away=True)).pass_on()
    await store.pass_time(60)
    assert await store.jobs.overdue() == []
    assert len(await store.messages("classify")) == 1


async def test_what_lies_in_the_broker_counts_for_admission_and_for_the_pulse(store: Store) -> None:
    """A queue is full by what lies in either place; a worker starves by what lies in the broker alone."""
    broker = Broker()
    broker.lying["classify"] = 7
    await relay(store, broker).pass_on()
    pulses = PulseStore(store.redis, store.settings)
    await store.submit(queue="standard")
    assert await pulses.backlog(("classify", "standard")) == 7
    assert await pulses.backlog(("standard",)) == 0
    full = await store.jobs.submit(new_job(gates=(("classify", 7),)))
    assert full.outcome == "full"
    assert full.depth == 7


async def test_the_api_hears_that_the_broker_is_there(store: Store) -> None:
    """From the relay's count on, and not before."""
    assert await store.reader.broker_seen() is False
    await relay(store, Broker()).pass_on()
    assert await store.reader.broker_seen() is True
