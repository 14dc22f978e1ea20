"""Brings new events to the live streams of a process: one reader for all of them, and little memory for each.

A feed holds one page of events at the most and is read on only when its stream has taken that page, so that a slow reader
costs a page and never more: what it has not taken stays in Redis. All feeds that wait for news are read in one pipeline.
Replay and live are the same reading by cursor, so that no event is lost between them or comes twice.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from redis.asyncio import Redis

from workers.contracts.errors import StoreUnavailable
from workers.contracts.job import JobEvent
from workers.settings import Settings
from workers.store.connection import translated

PAGE = 32  # events read at once for one feed
TOGETHER = 64  # feeds read in one pipeline: the first of many that have news need not wait for the last
AGAIN_S = 0.5


class Feed:
    """The events of one job for one stream, from the beginning on."""

    def __init__(self, feeds: Feeds, job_id: str) -> None:
        self.job_id = job_id
        self.position = "0"
        self.at_end = False  # the last reading came to the end of what there was
        self.closed = False
        self._feeds = feeds
        self._rows: list[Any] = []
        self._waiter: asyncio.Future[None] | None = None

    @property
    def full(self) -> bool:
        """Whether the stream has not taken the last page yet."""
        return bool(self._rows)

    async def events(self, timeout_s: float) -> list[JobEvent]:
        """Take what is there, or wait so long for it; nothing when the time is over, or perhaps before."""
        if not (self._rows or self.closed):
            await self._wait(timeout_s)
        rows, self._rows = self._rows, []
        if rows and not self.at_end and not self.closed:
            self._feeds.ask(self)
        return [JobEvent(id=row[0], type=row[1]["type"], data=json.loads(row[1]["data"])) for row in rows]

    def give(self, rows: list[Any]) -> None:
        """Take in what was read."""
        if rows:
            self._rows, self.position = rows, rows[-1][0]
        self.at_end = len(rows) < PAGE
        self.wake()

    def later(self) -> None:
        """Note that there is more than the page that the stream has yet to take."""
        self.at_end = False

    def wake(self) -> None:
        """Let the stream look."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self) -> None:
        """Read no more."""
        self.closed = True
        self._feeds.forget(self)
        self.wake()

    async def _wait(self, timeout_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = loop.call_later(timeout_s, self.wake)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None


class Feeds:
    """All feeds of a process."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis: Any = redis
        self._prefix = settings.redis.key_prefix
        self._by_job: dict[str, set[Feed]] = {}
        self._asked: dict[Feed, None] = {}
        self._reader: asyncio.Task[None] | None = None
        self._released = False
        self._count = 0
        self.opened = 0

    def __len__(self) -> int:
        """Count the open feeds."""
        return self._count

    def open(self, job_id: str) -> Feed:
        """Begin to read a job's events from the first one."""
        feed = Feed(self, job_id)
        if self._released:
            feed.closed = True
            return feed
        self._by_job.setdefault(job_id, set()).add(feed)
        self._count += 1
        self.opened += 1
        self.ask(feed)
        return feed

    def forget(self, feed: Feed) -> None:
        """Stop reading for a feed."""
        feeds = self._by_job.get(feed.job_id)
        if feeds and feed in feeds:
            feeds.discard(feed)
            self._count -= 1
            if not feeds:
                del self._by_job[feed.job_id]
        self._asked.pop(feed, None)

    def notify(self, job_id: str) -> None:
        """Read on for those who follow a job: it has news."""
        for feed in self._by_job.get(job_id, ()):
            self.ask(feed)

    def notify_all(self) -> None:
        """Read on for everyone: news may have been missed."""
        for job_id in self._by_job:
            self.notify(job_id)

    def ask(self, feed: Feed) -> None:
        """Have a feed read as soon as may be."""
        if feed.full:
            feed.later()
            return
        self._asked[feed] = None
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read(), name="feeds")

    def release(self) -> None:
        """Close every feed; whoever opens one afterwards gets a closed one."""
        self._released = True
        for feeds in list(self._by_job.values()):
            for feed in list(feeds):
                feed.close()

    async def stop(self) -> None:
        """Close every feed and stop reading."""
        self.release()
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self) -> None:
        while self._asked:
            batch = self._next()
            try:
                pages = await self._pages(batch)
            except StoreUnavailable:
                await asyncio.sleep(AGAIN_S)
                self._asked.update(dict.fromkeys(feed for feed in batch if not feed.closed))
                continue
            for feed, rows in zip(batch, pages, strict=True):
                if not feed.closed:
                    feed.give(rows)

    def _next(self) -> list[Feed]:
        """Choose whom to read for now; news that comes from here on asks again."""
        batch: list[Feed] = []
        while self._asked and len(batch) < TOGETHER:
            feed = next(iter(self._asked))
            del self._asked[feed]
            if feed.full:  # a page came in since it was asked for
                feed.later()
            else:
                batch.append(feed)
        return batch

    async def _pages(self, batch: list[Feed]) -> list[list[Any]]:
        with translated():
            pipeline = self._redis.pipeline(transaction=False)
            for feed in batch:
                pipeline.xrange(f"{self._prefix}job:{feed.job_id}:events", min=f"({feed.position}", count=PAGE)
            found: list[list[Any]] = await pipeline.execute()
        return found
