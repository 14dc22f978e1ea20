"""Who kills: four times a second the dice of the seed decide what goes wrong next.

The dice are thrown in the same order whatever happens, so that a seed means the same troubles at the same ticks. The
poisonous jobs kill by themselves: whoever runs one dies as soon as the record names it.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from benchmarks.chaos.fleet import Fleet
from tests.support.redis import RedisServer

TICK_S = 0.25
LEASE_S = 5.0
POISON_S = 0.05
GONE = (RedisError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Odds:
    """How likely each trouble is in a tick."""

    kill: float = 0.08
    redis: float = 0.02
    freeze: float = 0.01
    cut: float = 0.005
    stall: float = 0.005


class Trouble:
    """Makes trouble until it is told to stop."""

    def __init__(self, fleet: Fleet, server: RedisServer, store: Redis, odds: Odds, seed: int) -> None:
        self.made: Counter[str] = Counter()
        self.broken: list[str] = []
        self.fleet, self._server, self._store, self._odds = fleet, server, store, odds
        self._dice = random.Random(seed)
        self._poison: set[str] = set()
        self._under_way: set[asyncio.Task[None]] = set()
        self._redis_is_being_hurt = False
        self._linked_are_cut = False

    def poison(self, job_id: str) -> None:
        """Note a job that is to kill whoever runs it."""
        self._poison.add(job_id)

    async def tick_for_ever(self) -> None:
        """Throw the dice every quarter of a second until cancelled; then end what is under way."""
        began, ticks = time.monotonic(), 0
        try:
            while True:
                while ticks * TICK_S <= time.monotonic() - began:  # also those that a busy machine was late for
                    self._tick()
                    ticks += 1
                await asyncio.sleep(TICK_S / 5)
        finally:
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def poison_for_ever(self) -> None:
        """Kill whoever runs a poisonous job, until cancelled."""
        while True:
            with suppress(*GONE):
                for job_id in tuple(self._poison):
                    await self._kill_its_worker(job_id)
            self.fleet.mend()
            await asyncio.sleep(POISON_S)

    def _tick(self) -> None:
        odds, dice = self._odds, self._dice
        kill, redis, freeze, cut, stall = (dice.random() for _ in range(5))
        who, whom, length, refuse = dice.random(), dice.random(), dice.random(), dice.random() < 0.5
        posts = self.fleet.posts
        if kill < odds.kill:
            self.fleet.kill(posts[int(who * len(posts))])
            self.made["workers killed"] += 1
        post = posts[int(whom * len(posts))]
        if freeze < odds.freeze and not post.frozen:
            post.frozen = True
            self._begin("workers stopped and continued", self.fleet.freeze(post, LEASE_S + 4 * length))
        if redis < odds.redis and not self._redis_is_being_hurt:
            self._redis_is_being_hurt = True
            self._begin("Redis killed and started", self._restart())
        elif stall < odds.stall and not self._redis_is_being_hurt:
            self._redis_is_being_hurt = True
            self._begin("Redis stopped and continued", self._stall(0.5 + 5 * length))
        if cut < odds.cut and not self._linked_are_cut:
            self._linked_are_cut = True
            self._begin("half of the workers cut off", self._cut(1 + 7 * length, refuse=refuse))

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self.made[name] += 1
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.broken.append(f"a trouble could not be made or ended: {error!r}"[:500])

    async def _restart(self) -> None:
        await asyncio.to_thread(self._server.kill)
        await asyncio.to_thread(self._server.start, 60)
        self._redis_is_being_hurt = False

    async def _stall(self, for_s: float) -> None:
        self._server.freeze()
        await asyncio.sleep(for_s)
        self._server.resume()
        self._redis_is_being_hurt = False

    async def _cut(self, for_s: float, *, refuse: bool) -> None:
        await self.fleet.cut(for_s, refuse=refuse)
        self._linked_are_cut = False

    async def _kill_its_worker(self, job_id: str) -> None:
        found: list[Any] = await self._store.hmget(
            f"tl:job:{job_id}", ["status", "worker"]
        )  # decoded, which the types do not know
        status, worker = found
        if status in ("succeeded", "failed", "cancelled"):
            self._poison.discard(job_id)
        post = self.fleet.by_pid(int(worker.split(":")[1])) if worker and status == "running" else None
        if post is not None:
            post.process.send(signal.SIGCONT)
            self.fleet.kill(post)
            self.made["workers killed by poisonous jobs"] += 1
