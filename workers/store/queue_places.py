"""Tells waiting jobs their place in line and how long that will take: all who ask together in one round trip."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from redis.asyncio import Redis

from workers.contracts.errors import StoreUnavailable
from workers.contracts.job import QUEUES
from workers.settings import Settings
from workers.store.connection import translated

LATELY_MS = 60_000  # claims older than that say nothing about how fast a line moves now
ENOUGH_CLAIMS = 5
TOGETHER = 500


class Place(NamedTuple):
    """Where a job is in its line, 1 is next, and the seconds until it is taken; None where it is not known."""

    place: int | None = None
    estimate_s: float | None = None


class Places:
    """Asks for places."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis: Any = redis
        self._prefix = settings.redis.key_prefix
        self._waiting: list[tuple[str, str, asyncio.Future[Place]]] = []
        self._asker: asyncio.Task[None] | None = None

    async def of(self, job_id: str, queue: str) -> Place:
        """Tell a job's place in a queue; unknown when it waits there no longer, or when Redis is away."""
        future: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        self._waiting.append((job_id, queue, future))
        if self._asker is None or self._asker.done():
            self._asker = asyncio.create_task(self._ask(), name="places")
        return await future

    async def _ask(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
            places = [Place()] * len(batch)
            try:
                places = await self._places(batch)
            except StoreUnavailable:
                pass
            finally:
                for (_, _, future), place in zip(batch, places, strict=True):
                    if not future.done():
                        future.set_result(place)

    async def _places(self, batch: list[tuple[str, str, asyncio.Future[Place]]]) -> list[Place]:
        with translated():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.time()
            for line in QUEUES:
                pipeline.lrange(f"{self._prefix}claims:{line}", 0, -1)
            for job_id, queue, _ in batch:
                pipeline.zrank(f"{self._prefix}waiting:{queue}", job_id)
            (seconds, micros), *rest = await pipeline.execute()
        now_ms = seconds * 1000 + micros // 1000
        paces: dict[str, float | None] = {}
        for n, line in enumerate(QUEUES):
            paces[line] = pace_s(now_ms, rest[n])
        return [_place(rank, paces[queue]) for (_, queue, _), rank in zip(batch, rest[len(QUEUES) :], strict=True)]


def pace_s(now_ms: int, claims: list[str]) -> float | None:
    """Tell how many seconds pass from one claim to the next, by the latest ones; None when too few are recent.

    >>> pace_s(10_000, ["9000", "8000", "7000", "6000", "5000"])
    1.0
    """
    recent = [int(at) for at in claims if now_ms - int(at) < LATELY_MS]
    return (now_ms - min(recent)) / len(recent) / 1000 if len(recent) >= ENOUGH_CLAIMS else None


def _place(rank: int | None, pace: float | None) -> Place:
    if rank is None:
        return Place()
    return Place(rank + 1, None if pace is None else round((rank + 1) * pace, 1))
