"""Pulses in a real Redis: what a probe of one host is told of that host's workers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.store import Store
from workers.cli.worker_check import what_is_wrong
from workers.store.pulse import KEPT_MS, Heard, Pulse, PulseStore

pytestmark = pytest.mark.anyio
FINE = Pulse(in_flight=3, slots=10, starved_s=0.0)


@pytest.fixture
def pulses(store: Store) -> PulseStore:
    """The pulses of the test's Redis."""
    return PulseStore(store.redis, store.settings)


async def test_a_host_hears_of_its_own_workers_alone(store: Store, pulses: PulseStore) -> None:
    """Neither of another host's, nor of one whose name begins alike, nor of another queue's."""
    for worker, queue in (("pod-1:7:aa", "standard"), ("pod-12:7:bb", "standard"), ("pod-1:8:cc", "fallback")):
        await store.jobs.heartbeat(worker, (queue,), ())
        await pulses.write(worker, FINE)
    (only,) = await pulses.heard("standard", "pod-1")
    assert (only.worker, only.pulse) == ("pod-1:7:aa", FINE)
    assert only.ago_s < 2
    assert await pulses.heard("reasoning", "pod-1") == []


async def test_silence_is_measured_by_the_clock_of_redis(store: Store, pulses: PulseStore) -> None:
    """A restarted container finds its predecessor beside itself, and is not taken for it."""
    await store.jobs.heartbeat("pod:1:old", ("standard",), ())
    await store.pass_time(20)
    (gone,) = await pulses.heard("standard", "pod")
    assert 19 < gone.ago_s < 22
    await store.jobs.heartbeat("pod:1:new", ("standard",), ())
    assert [heard.worker for heard in await pulses.heard("standard", "pod")] == ["pod:1:new", "pod:1:old"]


async def test_a_pulse_does_not_outlive_its_worker_for_long(store: Store, pulses: PulseStore) -> None:
    """It expires with the entry in the list of workers."""
    await pulses.write("pod:1:aa", FINE)
    assert 0 < await store.redis.pttl(store.key("pulse:pod:1:aa")) <= KEPT_MS


async def test_the_backlog_is_that_of_the_brokers_list(store: Store, pulses: PulseStore) -> None:
    """Each submission leaves one message until a worker takes it."""
    assert await pulses.backlog(["standard", "fallback"]) == 0
    await store.submit(queue="standard")
    await store.submit(queue="standard")
    assert await pulses.backlog(["standard", "fallback"]) == 2
    assert await pulses.backlog(["fallback"]) == 0


def heard(ago_s: float, starved_s: float | None = 0.0) -> Heard:
    """Describe a worker; None is one that has no pulse yet."""
    pulse = None if starved_s is None else Pulse(0, 10, starved_s)
    return Heard("w", ago_s, pulse)


@pytest.mark.parametrize(
    ("workers", "words"),
    [
        ([], "no worker was heard of"),
        ([heard(6)], "silent for 6 s"),
        ([heard(1, 61)], "took none for 61 s"),
        ([heard(1, 61), heard(6)], "took none for 61 s"),
        ([heard(1, 60)], None),
        ([heard(1, None)], None),
        ([heard(1), heard(30)], None),
        ([heard(1), heard(1, 99)], None),
    ],
)
def test_what_is_wrong_is_said(workers: list[Any], words: str | None) -> None:
    """One that is there and does its work is enough; one that fell silent says nothing of its successor."""
    said = what_is_wrong(workers, 5, 60)
    assert (said is None) if words is None else (said is not None and words in said)
