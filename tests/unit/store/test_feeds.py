"""Feeds: every event once and in order, whatever happens when, and one page of memory for who does not read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.contracts.errors import StoreUnavailable
from workers.contracts.job import JobEvent
from workers.settings import Settings
from workers.store.feeds import PAGE, TOGETHER, Feed, Feeds


class Written(Feeds):
    """Feeds over a list instead of Redis, which is away when a test says so."""

    def __init__(self) -> None:
        super().__init__(None, Settings(_env_file=None))  # type: ignore[arg-type]
        self.rows: list[tuple[str, dict[str, str]]] = []
        self.away = 0
        self.asked = 0

    def write(self) -> None:
        """Write one more event, and tell it."""
        self.rows.append((f"{len(self.rows) + 1}-0", {"type": "progress", "data": "{}"}))
        self.notify("job_x")

    async def _pages(self, batch: list[Feed]) -> list[list[Any]]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            self.away -= 1
            raise StoreUnavailable("away")
        pages = [self.rows[int(feed.position.partition("-")[0]) :][:PAGE] for feed in batch]
        await asyncio.sleep(0)
        return pages


@settings(deadline=None)
@given(st.lists(st.sampled_from(["write", "many", "take", "turn", "away"]), max_size=60))
def test_every_event_comes_once_and_in_order(monkeypatch_again: Any, steps: list[str]) -> None:
    """Events are written, taken, and Redis goes away, in any order."""

    async def run() -> None:
        feeds = Written()
        feed = feeds.open("job_x")
        got: list[JobEvent] = []
        for step in steps:
            match step:
                case "write":
                    feeds.write()
                case "many":
                    for _ in range(PAGE + 3):
                        feeds.write()
                case "take":
                    got += await feed.events(0.001)
                case "turn":
                    await asyncio.sleep(0)
                case "away":
                    feeds.away += 1
            assert len(feed._rows) <= PAGE
        rounds = 0
        while len(got) < len(feeds.rows):
            got += await feed.events(2)
            rounds += 1
            assert rounds < 200, "nothing comes"
        assert [event.id for event in got] == [row_id for row_id, _ in feeds.rows]
        feed.close()
        assert len(feeds) == 0
        await feeds.stop()

    asyncio.run(run())


@pytest.fixture(scope="module")
def monkeypatch_again() -> Any:
    """Do not wait for Redis to come back in these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workers.store.feeds.AGAIN_S", 0.0)
        yield patch


async def _unread() -> tuple[int, int]:
    feeds = Written()
    feed = feeds.open("job_x")
    for _ in range(50):
        for _ in range(PAGE):
            feeds.write()
        await asyncio.sleep(0.001)
    held, asked = len(feed._rows), feeds.asked
    feed.close()
    return held, asked


def test_who_takes_nothing_costs_a_page() -> None:
    """Sixteen hundred events for a reader that is stuck: one page is held, and Redis is asked once."""
    held, asked = asyncio.run(_unread())
    assert held == PAGE
    assert asked <= 2


def test_all_that_wait_are_read_together() -> None:
    """A thousand streams that have news at once are a handful of pipelines."""

    async def run() -> int:
        feeds = Written()
        many = [feeds.open("job_x") for _ in range(1_000)]
        feeds.write()
        got = await asyncio.gather(*(feed.events(5) for feed in many))
        assert all(len(events) == 1 for events in got)
        asked = feeds.asked
        await feeds.stop()
        return asked

    assert asyncio.run(run()) <= 2 * (1_000 // TOGETHER + 1)


def test_after_the_release_nobody_waits() -> None:
    """A process that stops ends its streams at once, also those that are opened afterwards."""

    async def run() -> None:
        feeds = Written()
        feed = feeds.open("job_x")
        await feed.events(0.01)
        waiting = asyncio.create_task(feed.events(60))
        await asyncio.sleep(0)
        feeds.release()
        assert await asyncio.wait_for(waiting, 1) == []
        assert feeds.open("job_y").closed
        assert len(feeds) == 0

    asyncio.run(run())
