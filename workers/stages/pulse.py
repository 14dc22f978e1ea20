"""Notices that a worker takes no messages although some wait and it has room: the sign of a consumer that went silent.

A ping cannot notice it, since the process lives; the leases cannot, since its heartbeat goes on. `thinkline
worker-check` reads what is written here, and whoever supervises the process starts it anew.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from workers.contracts.errors import StoreUnavailable
from workers.store.pulse import Pulse, PulseStore
from workers.telemetry import logger

log = logger("pulse")
PULSE_S = 2.0
WARN_S = 20.0  # longer than Celery needs to come back after a restart of Redis (10 s, measured)


class Slots:
    """Counts the messages in hand; Celery's threads take and free slots, the event loop reads."""

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.total = total
        self.busy = 0
        self.by_queue: Counter[str] = Counter()
        self._clock = clock
        self._lock = threading.Lock()
        self._could_not_take = clock()  # when a message was taken last, or a slot became free where none was
        self._starving_since: float | None = None
        self._closed = False

    @property
    def full(self) -> bool:
        """Whether no slot is free."""
        return self.busy >= self.total

    @contextmanager
    def taken(self, queue: str = "") -> Iterator[None]:
        """Hold a slot for a message of a queue while the block runs."""
        with self._lock:
            self.busy += 1
            self.by_queue[queue] += 1
            self._could_not_take = self._clock()
        try:
            yield
        finally:
            with self._lock:
                if self.busy >= self.total:
                    self._could_not_take = self._clock()
                self.busy -= 1
                self.by_queue[queue] -= 1

    def close(self) -> None:
        """Note that no more are wanted: a stopping worker does not starve."""
        self._closed = True

    def starved_s(self, backlog: int) -> float:
        """Tell for how long messages waited while a slot was free and none was taken.

        Args:
            backlog: how many wait now; call it every few seconds.
        """
        with self._lock:
            if not backlog or self.busy >= self.total or self._closed:
                self._starving_since = None
                return 0.0
            now = self._clock()
            self._starving_since = max(
                now if self._starving_since is None else self._starving_since, self._could_not_take
            )
            return now - self._starving_since


async def tell_for_ever(store: PulseStore, worker: str, queues: Sequence[str], slots: Slots) -> None:
    """Write a pulse every two seconds until cancelled."""
    warned = False
    while True:
        try:
            starved_s = slots.starved_s(await store.backlog(queues))
            await store.write(worker, Pulse(slots.busy, slots.total, round(starved_s, 1), dict(slots.by_queue)))
        except StoreUnavailable:  # the heartbeat says so already
            starved_s = 0.0
        if starved_s > WARN_S and not warned:
            log.error("worker.starving", worker=worker, for_s=round(starved_s), free=slots.total - slots.busy)
        warned = starved_s > WARN_S
        await asyncio.sleep(PULSE_S)
