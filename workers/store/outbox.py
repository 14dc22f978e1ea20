"""The lists of messages as an outbox, where a broker beside Redis carries them (docs/decisions/0016).

The scripts that write a record push its message to the same list as ever. Here the one worker that leads looks at them,
and takes each off when the broker has confirmed it; what the broker holds is noted for the scripts that count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from workers.contracts.job import SERVED, ServedQueue
from workers.settings import Settings
from workers.store.connection import translated
from workers.store.scripts import Scripts

SEEN_MS = 5_000  # so long the broker counts as there after it was seen


@dataclass(frozen=True, slots=True)
class Pending:
    """What is to be passed on: the time of Redis (ms), and the messages of each queue, the oldest first."""

    now_ms: int
    messages: Mapping[ServedQueue, Sequence[str]]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not any(self.messages.values())


class Outbox:
    """The messages that wait for the broker."""

    def __init__(self, redis: Redis, scripts: Scripts, settings: Settings) -> None:
        self._redis: Any = redis  # the library's types allow bytes; our connections decode them
        self._call = scripts.call
        self._prefix = settings.redis.key_prefix

    async def lead(self, worker: str, lead_s: float, most: int) -> Pending | None:
        """Take or keep the lead, and look at the oldest messages; None while another worker leads.

        Args:
            worker: who asks.
            lead_s: for how long it leads when it does not ask again.
            most: messages of each queue.

        Raises:
            StoreUnavailable: Redis is away.
        """
        reply = await self._call("relay", worker, str(int(lead_s * 1000)), str(most), *SERVED)
        return Pending(int(reply[0]), dict(zip(SERVED, reply[1:], strict=True))) if reply else None

    async def passed_on(self, queue: ServedQueue, messages: Sequence[str]) -> None:
        """Take messages off that the broker has confirmed. Each is named, so that two leaders take none of the other's.

        Raises:
            StoreUnavailable: Redis is away; they are passed on once more, which is harmless.
        """
        with translated():
            pipeline = self._redis.pipeline(transaction=False)
            for message in messages:
                pipeline.lrem(f"{self._prefix}{queue}", -1, message)
            await pipeline.execute()

    async def tell(self, ready: Mapping[ServedQueue, int], pending: Pending) -> None:
        """Note how many messages lie ready in the broker, and that it is there.

        Args:
            ready: by queue, counted after `pending` was looked at.
            pending: a queue whose list was not empty then counts as known of no time: its messages may be on their way.

        Raises:
            StoreUnavailable: Redis is away.
        """
        seen = {queue: f"{count}|{0 if pending.messages[queue] else pending.now_ms}" for queue, count in ready.items()}
        with translated():
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.hset(f"{self._prefix}broker:queues", mapping=seen)
            pipeline.set(f"{self._prefix}broker:seen", "1", px=SEEN_MS)
            await pipeline.execute()
