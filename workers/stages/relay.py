"""Passes messages on from Redis to another broker, where one is set (docs/decisions/0016).

Every worker process runs one and one of them leads, so that order is kept. A message leaves its list when the broker has
confirmed it: a leader that dies passes some on twice and none never, and a second message for an attempt is harmless.
While the broker is away all of them wait in their lists.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from workers.contracts.errors import BrokerUnavailable, StoreUnavailable
from workers.contracts.job import ServedQueue
from workers.store.outbox import Outbox, Pending
from workers.telemetry import logger

log = logger("relay")
LEAD_S = 2.0
POLL_S = 0.02  # what a message waits on average is half of it, once a worker leads
FOLLOW_S = 0.5  # how often those who do not lead ask whether they may
COUNT_S = 1.0  # how often the broker's queues are counted
BATCH = 100  # messages of one queue before the next queue's turn


class Publisher(Protocol):
    """The broker, as the relay needs it."""

    async def publish(self, queue: ServedQueue, messages: Sequence[str]) -> int:
        """Send messages in their order; how many the broker has confirmed, fewer when it went away in between."""
        ...

    async def ready(self) -> Mapping[ServedQueue, int]:
        """Count the messages that lie ready in each queue; makes the queues where they are missing."""
        ...


class Relay:
    """Passes on until it is cancelled."""

    def __init__(self, outbox: Outbox, publisher: Publisher, worker: str) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._worker = worker
        self._count_at = 0.0
        self._away = False

    async def pass_on_for_ever(self) -> None:
        """Lead when nobody else does, and pass on what there is."""
        while True:
            try:
                led = await self.pass_on()
                pause_s = POLL_S if led else FOLLOW_S
            except StoreUnavailable:  # the heartbeat says so already
                pause_s = FOLLOW_S
            except BrokerUnavailable as error:
                if not self._away:
                    log.warning("broker.away", reason=str(error))
                self._away = True
                pause_s = LEAD_S + FOLLOW_S  # it may be this process that cannot reach it: let another one lead
            await asyncio.sleep(pause_s)

    async def pass_on(self) -> bool:
        """Do one round; whether this worker leads.

        Raises:
            BrokerUnavailable: what it did not confirm is still in its list.
            StoreUnavailable: Redis is away.
        """
        pending = await self._outbox.lead(self._worker, LEAD_S, BATCH)
        if pending is None:
            return False
        await self._count(pending)
        for queue, messages in pending.messages.items():
            if messages:
                sent = await self._publisher.publish(queue, messages)
                await self._outbox.passed_on(queue, messages[:sent])
                if sent < len(messages):
                    raise BrokerUnavailable("it confirmed a part of what it was sent")
        return True

    async def _count(self, pending: Pending) -> None:
        """Tell once a second how full the broker's queues are."""
        now = asyncio.get_running_loop().time()
        if now < self._count_at:
            return
        ready = await self._publisher.ready()
        self._count_at = now + COUNT_S
        await self._outbox.tell(ready, pending)
        if self._away:
            log.info("broker.back")
        self._away = False
