"""The last stage: send what happened to whoever asked to hear it, until it has arrived.

The event was noted in the step in which it happened; here a clock finds what is due and puts hints into the queue
`deliver`, and a worker that takes one claims the delivery, tries it once and writes how it went. Whoever dies in between
loses a claim, which runs out. A delivery arrives at least once, under the same id each time.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from workers.contracts.errors import StoreUnavailable
from workers.contracts.webhooks import Parcel, Receipt, Try, job_of
from workers.settings.webhooks import WebhookSettings
from workers.stages.persist import persist
from workers.store.webhooks import Settled, Taken, WebhookStore
from workers.telemetry import logger

log = logger("deliver")
THROTTLED = frozenset({429, 502, 504})  # too much, or nobody behind the gateway: Standard Webhooks asks to slow down
GONE = 410
CLAIM_FOR_S = 5.0
SETTLE_FOR_S = 10.0  # beyond that the claim runs out, and the delivery is tried again under the same id
MOST_HINTS = 200
BUSY_S = 0.02


class Courier(Protocol):
    """Carries one webhook to its receiver."""

    async def send(self, parcel: Parcel) -> Receipt:
        """Try once; every way to fail is a receipt."""
        ...


@dataclass(frozen=True, slots=True)
class DeliverStage:
    """Delivers webhooks."""

    store: WebhookStore
    courier: Courier
    settings: WebhookSettings
    draw: Callable[[], float] = random.random  # from 0 to 1
    _running: set[asyncio.Task[Any]] = field(default_factory=set, init=False)

    async def run(self, delivery_id: str) -> None:
        """Claim one delivery, try it, and write how it went."""
        taken = await persist(lambda: self.store.claim(delivery_id), for_s=CLAIM_FOR_S)
        if isinstance(taken, str):
            log.debug("delivery.dropped", delivery=delivery_id, job=job_of(delivery_id), status=taken)
            return
        task = asyncio.current_task()
        if task is None:  # pragma: no cover - a coroutine always runs in a task
            raise RuntimeError("a delivery needs a task to be stopped by")
        self._running.add(task)
        try:
            receipt = await self.courier.send(taken.parcel)
        except asyncio.CancelledError:
            await self._settle(taken, Settled("released"))
            return
        finally:
            self._running.discard(task)
        settled = settle(taken, receipt, self.settings, self.draw)
        log.info(
            "delivery.tried", delivery=delivery_id, job=taken.parcel.job_id, tries=taken.tries, status=receipt.status,
            error=receipt.error, outcome=settled.outcome, took_s=receipt.took_s,
        )  # fmt: skip
        await self._settle(taken, settled)

    async def pump_for_ever(self) -> None:
        """Put hints for what is due into the queue until cancelled; look again at once while there is something."""
        while True:
            found = 0
            try:
                found = await self.pump()
            except StoreUnavailable:
                log.warning("deliveries.waiting", reason="Redis is away")
            await asyncio.sleep(min(BUSY_S, self.settings.poll_s) if found else self.settings.poll_s)

    async def pump(self) -> int:
        """Put hints for what is due into the queue once; how many."""
        found = await self.store.due(MOST_HINTS, self.settings.slots * 2)
        await self.store.send_hints(found)
        return len(found)

    async def drain(self, grace_s: float) -> None:
        """Let tries end within `grace_s` seconds, then break the rest off: they are made again at once."""
        if self._running:
            await asyncio.wait(tuple(self._running), timeout=grace_s)
        for task in tuple(self._running):
            task.cancel()

    async def _settle(self, taken: Taken, settled: Settled) -> None:
        done = await persist(lambda: self.store.settle(taken, settled), for_s=SETTLE_FOR_S)
        if done != "ok":
            parcel = taken.parcel
            log.info(
                "delivery.superseded", delivery=parcel.delivery_id, job=parcel.job_id, tries=taken.tries, status=done
            )


def settle(taken: Taken, receipt: Receipt, settings: WebhookSettings, draw: Callable[[], float]) -> Settled:
    """Decide what becomes of a delivery after a try.

    Args:
        taken: the delivery, and which try it was.
        receipt: how it went.
        settings: the schedule.
        draw: gives a number from 0 to 1, for the jitter.
    """
    note = Try(
        at=datetime.fromtimestamp(taken.now_ms / 1000, tz=UTC),
        status=receipt.status,
        error=receipt.error,
        detail=receipt.detail,
        took_s=receipt.took_s,
    )
    if receipt.delivered:
        return Settled("delivered", note=note)
    if receipt.status == GONE:
        return Settled("gone", note=note)
    asked_s = min(receipt.retry_after_s or 0.0, settings.max_retry_after_s)
    throttled = receipt.status in THROTTLED
    pause_s = max(asked_s, settings.endpoint_pause_s) if throttled else asked_s
    wait_s = wait_before_next(taken.tries, (taken.now_ms - taken.since_ms) / 1000, asked_s, settings, draw)
    share = 1 - settings.jitter * draw()
    if wait_s is None:
        return Settled("failed", 0.0, note, pause_s, share)
    return Settled("retry", wait_s, note, pause_s, share)


def wait_before_next(
    tries: int, age_s: float, asked_s: float, settings: WebhookSettings, draw: Callable[[], float]
) -> float | None:
    """Say how long to wait before the next try; None when there is none.

    The waits come from `retry_s`, each made longer or shorter by up to `jitter` of itself; what the receiver asked for is
    the least. A wait that would end after the window ends with it, and the try then is the last.

    Args:
        tries: how many there were.
        age_s: seconds since the event.
        asked_s: what `Retry-After` asked for, in seconds.
        settings: the schedule.
        draw: gives a number from 0 to 1.
    """
    left_s = settings.window_s - age_s
    if tries > len(settings.retry_s) or left_s <= 0:
        return None
    wait_s = settings.retry_s[tries - 1] * (1 + settings.jitter * (2 * draw() - 1))
    return min(max(wait_s, asked_s), left_s)
