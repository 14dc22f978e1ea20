"""Wakes those who wait for a job: one reader a process serves every long poll and every live stream of that process.

It tails the capped `signal` stream from a position taken once, so that nothing between two reads is missed; after a
lost connection it takes a new position, and everyone looks again.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

from redis.asyncio import Redis

from workers.contracts.errors import StoreUnavailable
from workers.settings import Settings
from workers.store.connection import translated
from workers.store.feeds import Feeds

BLOCK_MS = 1_000  # at most half the command timeout, so that an idle wait is not taken for a dead Redis
GATHER_S = 0.01  # entries come by the thousand in a burst: without a pause each cost a round trip of its own


class Signals:
    """The one reader of a process."""

    def __init__(self, redis: Redis, settings: Settings, feeds: Feeds) -> None:
        self._redis: Any = redis  # the library's types allow bytes; our connections decode them
        self._feeds = feeds
        self._block_ms = min(BLOCK_MS, round(settings.redis.command_timeout_s * 500))
        self._key = f"{settings.redis.key_prefix}signal"
        self._waiters: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)
        self._reader: asyncio.Task[None] | None = None
        self.released = False

    @property
    def waiting(self) -> int:
        """How many wait at the moment."""
        return sum(len(futures) for futures in self._waiters.values())

    async def start(self) -> None:
        """Begin to read; a Redis that is away is waited for in the background."""
        self._reader = asyncio.create_task(self._read_for_ever())

    async def stop(self) -> None:
        """Stop reading and wake everyone, for good."""
        while self._reader and not self._reader.done():
            self._reader.cancel()  # and again: wait_for of Python 3.11, within redis-py, may swallow it
            await asyncio.wait((self._reader,), timeout=0.1)
        self.release()

    def release(self) -> None:
        """Wake everyone; whoever looks at `released` afterwards does not wait again."""
        self.released = True
        self._wake_all()

    def watch(self, job_id: str) -> asyncio.Future[None]:
        """Get a future that is done when the job may have ended. Watch first, read the record then, wait last."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[job_id].add(future)
        future.add_done_callback(lambda done: self._forget(job_id, done))
        return future

    def _forget(self, job_id: str, future: asyncio.Future[None]) -> None:
        waiters = self._waiters.get(job_id)
        if waiters:
            waiters.discard(future)
            if not waiters:
                del self._waiters[job_id]

    async def _read_for_ever(self) -> None:
        position = ""
        while True:
            try:
                if not position:
                    position = await self._end()
                    self._wake_all()  # whatever happened before the position was taken is in the records
                with translated():
                    reply = await self._redis.xread({self._key: position}, count=1_000, block=self._block_ms)
                for row_id, row in reply[0][1] if reply else ():
                    position = row_id
                    self._tell(row)
                await asyncio.sleep(GATHER_S if reply else 0)
            except StoreUnavailable:
                position = ""  # it may come back trimmed or empty: take the position anew and let everyone look
                await asyncio.sleep(0.5)

    async def _end(self) -> str:
        with translated():
            last = await self._redis.xrevrange(self._key, count=1)
        return str(last[0][0]) if last else "0-0"

    def _tell(self, row: dict[str, str]) -> None:
        """Wake whoever an entry concerns: `id` names a job that ended, `ids` jobs that have news."""
        ended = row.get("id")
        if ended is not None:
            self._wake(ended)
            self._feeds.notify(ended)
        for job_id in row.get("ids", "").split(","):
            self._feeds.notify(job_id)

    def _wake(self, job_id: str) -> None:
        for future in list(self._waiters.get(job_id, ())):
            if not future.done():
                future.set_result(None)

    def _wake_all(self) -> None:
        for job_id in list(self._waiters):
            self._wake(job_id)
        self._feeds.notify_all()
