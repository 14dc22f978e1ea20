"""What a worker process says of itself every two seconds, so that a probe can tell a busy worker from a stuck one.

The heartbeat says that a process lives. The pulse says whether it still takes messages: a worker whose connection to
the broker went silent lives, renews its leases, and takes nothing for ever.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from redis.asyncio import Redis

from workers.settings import Settings
from workers.store.connection import translated

KEPT_MS = 60_000  # as long as heartbeat.lua keeps a silent worker in the list of its queue


@dataclass(frozen=True, slots=True)
class Pulse:
    """How a worker process fares.

    Args:
        in_flight: messages in hand.
        slots: how many it may have in hand.
        starved_s: for how long it took none that it could have.
        queues: messages in hand, by queue.
    """

    in_flight: int
    slots: int
    starved_s: float
    queues: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """A worker process of a queue: how long ago it was heard of (s), and its last pulse, None before the first."""

    worker: str
    ago_s: float
    pulse: Pulse | None


class PulseStore:
    """Writes and reads pulses."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis: Any = redis  # the library's types allow bytes; our connections decode them
        self._prefix = settings.redis.key_prefix
        self._elsewhere = settings.broker_url is not None

    async def backlog(self, queues: Sequence[str]) -> int:
        """Count the messages that nobody took yet, in the fullest of some queues.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with translated():
            if self._elsewhere:  # as the relay counted them; those in the lists are not a worker's to take
                counts = await self._redis.hmget(f"{self._prefix}broker:queues", list(queues))
                return max((int(text.partition("|")[0]) for text in counts if text), default=0)
            pipeline = self._redis.pipeline(transaction=False)
            for queue in queues:
                pipeline.llen(f"{self._prefix}{queue}")
            return max(await pipeline.execute(), default=0)

    async def write(self, worker: str, pulse: Pulse) -> None:
        """Say how a worker fares.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with translated():
            await self._redis.set(self._key(worker), json.dumps(asdict(pulse)), px=KEPT_MS)

    async def heard(self, queue: str, host: str) -> list[Heard]:
        """List a host's worker processes of a queue, the one heard of last first.

        Args:
            queue: which queue they serve.
            host: the name of their machine, or of their container.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with translated():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.time()  # workers are noted by the clock of Redis, and ours may differ
            pipeline.zrevrange(f"{self._prefix}workers:{queue}", 0, -1, withscores=True)
            (seconds, micros), everyone = await pipeline.execute()
            ours = [(worker, at) for worker, at in everyone if worker.startswith(f"{host}:")]
            texts = await self._redis.mget([self._key(worker) for worker, _ in ours]) if ours else []
        now_ms = seconds * 1000 + micros / 1000
        return [
            Heard(worker, max(0.0, now_ms - at) / 1000, Pulse(**json.loads(text)) if text else None)
            for (worker, at), text in zip(ours, texts, strict=True)
        ]

    def _key(self, worker: str) -> str:
        return f"{self._prefix}pulse:{worker}"
