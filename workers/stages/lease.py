"""The attempts that this process holds: their leases, their progress and how they are told to stop.

One heartbeat a second renews all of them in one round trip, writes what changed and learns which were lost: cancelled
by their owner, ended, or given to a successor. A lost attempt's task is cancelled, which closes its upstream call.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from workers.contracts.errors import StoreUnavailable
from workers.contracts.job import Phase
from workers.store.jobs import Beat, JobStore
from workers.store.record import Claim
from workers.telemetry import logger

log = logger("lease")
MOST_BEATS = 250  # attempts in one script: longer ones would hold up Redis for others
MOST_NEWS_CHARS = 8_000  # of streamed text in one event; more follows with the next beat
RARER = (
    0.01  # thinking is told again after so much of the time that it has taken: an hour of it is 460 events, not 3,600
)


@dataclass(slots=True, eq=False)
class Live:
    """One attempt while this process works on it."""

    job_id: str
    attempt: int
    task: asyncio.Task[Any]
    phase: Phase
    thinking_tokens: int = 0
    answer_tokens: int = 0
    lost: str | None = None
    handed_back: bool = False
    tell_thinking: bool = False
    clock: Callable[[], float] = time.monotonic
    _unsent: list[str] = field(default_factory=list)
    _thoughts: list[str] = field(default_factory=list)
    _said_chars: int = 0  # of the present answer, as far as it was told
    _number: int = 0
    _changed: bool = False
    _counted: bool = False
    _began: float = 0.0
    _told_at: float = 0.0
    _sending: Beat | None = None

    def __post_init__(self) -> None:
        """Note when it began."""
        self._began = self.clock()

    def enter(self, phase: Phase) -> None:
        """Say what the attempt does now."""
        if phase != self.phase:
            self.phase = phase
            self._changed = True

    def thought(self, text: str = "", tokens: int = 1) -> None:
        """Count thinking tokens; their text is kept only where the settings let it be told."""
        self.enter("thinking")
        self.thinking_tokens += tokens
        self._counted = True
        if self.tell_thinking and text:
            self._thoughts.append(text)

    def said(self, text: str) -> None:
        """Note a piece of the answer."""
        self.enter("answering")
        self.answer_tokens += 1
        self._unsent.append(text)

    def again(self) -> None:
        """Begin another answer in place of the one so far."""
        self._unsent.clear()
        self._said_chars = 0

    def stop(self, *, lost: str | None = None, hand_back: bool = False) -> None:
        """Cancel the attempt's work: it was lost, or the worker stops and another is to go on."""
        self.lost, self.handed_back = lost, hand_back
        self.task.cancel()

    def beat(self) -> Beat:
        """Tell what changed since the last beat that arrived; a beat that did not arrive is repeated as it was."""
        if self._sending is None:
            self._sending = self._compose()
        return self._sending

    def arrived(self) -> None:
        """Note that the last beat was written; what came in meanwhile goes with the next."""
        self._sending = None

    def rest(self) -> list[dict[str, Any]]:
        """Tell all that no beat has told for sure, at the end of the attempt; the store leaves out what arrived after all."""
        untold = [self._sending.news] if self._sending is not None and self._sending.news else []
        while (news := self._news(last=True)) is not None:
            untold.append(news)
        return [dict(news) for news in untold]

    def _compose(self) -> Beat:
        return Beat(self.job_id, self.attempt, self.phase, self.thinking_tokens, self.answer_tokens, self._news())

    def _news(self, *, last: bool = False) -> dict[str, Any] | None:
        """What is new, as one event with a number of its own; None when there is nothing, or too little yet."""
        now = self.clock()
        counted = self._counted and (last or now - self._told_at >= RARER * (now - self._began))
        if not (self._changed or self._unsent or self._thoughts or counted):
            return None
        self._number += 1
        news: dict[str, Any] = {
            "n": self._number,
            "phase": self.phase,
            "thinking_tokens": self.thinking_tokens,
            "answer_tokens": self.answer_tokens,
        }
        self._changed = self._counted = False
        self._told_at = now
        if self._thoughts:
            news["thinking"], self._thoughts = _cut(self._thoughts)
        if self._unsent:
            news["offset"] = self._said_chars
            news["delta"], self._unsent = _cut(self._unsent)
            self._said_chars += len(news["delta"])
        return news


def _cut(parts: list[str]) -> tuple[str, list[str]]:
    """Take as much text as one event may hold; gives it and the rest."""
    text = "".join(parts)
    return text[:MOST_NEWS_CHARS], [text[MOST_NEWS_CHARS:]] if len(text) > MOST_NEWS_CHARS else []


class Leases:
    """All attempts of one process."""

    def __init__(
        self,
        store: JobStore,
        worker: str,
        queues: Sequence[str],
        heartbeat_s: float,
        *,
        tell_thinking: bool = False,
    ) -> None:
        self._tell_thinking = tell_thinking
        self._store = store
        self._worker = worker
        self._queues = tuple(queues)
        self._heartbeat_s = heartbeat_s
        self._live: set[Live] = set()

    def __len__(self) -> int:
        """Count the attempts in flight."""
        return len(self._live)

    @contextmanager
    def holding(self, claim: Claim) -> Iterator[Live]:
        """Renew a claim's lease while the block runs."""
        task = asyncio.current_task()
        if task is None:  # pragma: no cover - a coroutine always runs in a task
            raise RuntimeError("an attempt needs a task to be cancelled by")
        phase: Phase = "classifying" if claim.queue == "classify" else "waiting"
        live = Live(claim.job_id, claim.attempt, task, phase, tell_thinking=self._tell_thinking)
        self._live.add(live)
        try:
            yield live
        finally:
            self._live.discard(live)

    async def beat_for_ever(self) -> None:
        """Send a heartbeat a second until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self.beat()
            except StoreUnavailable:
                log.warning("heartbeat.missed", in_flight=len(self._live))
            await asyncio.sleep(max(0.05, self._heartbeat_s - (loop.time() - began)))

    async def beat(self) -> None:
        """Send one heartbeat and stop what was lost."""
        everyone = list(self._live)
        groups = [everyone[i : i + MOST_BEATS] for i in range(0, len(everyone), MOST_BEATS)] or [[]]
        await asyncio.gather(*(self._beat(group) for group in groups))

    async def _beat(self, group: list[Live]) -> None:
        replies = await self._store.heartbeat(self._worker, self._queues, [live.beat() for live in group])
        for live, reply in zip(group, replies, strict=True):
            live.arrived()
            if reply != "running" and live in self._live and not live.lost:
                log.info("attempt.lost", job=live.job_id, attempt=live.attempt, status=reply)
                live.stop(lost=reply)

    async def drain(self, grace_s: float) -> None:
        """Let what runs end within `grace_s` seconds, then hand the rest back to other workers."""
        loop = asyncio.get_running_loop()
        until = loop.time() + grace_s
        while self._live and loop.time() < until:  # noqa: ASYNC110 - attempts end by the hundred; an event an end costs more
            await asyncio.sleep(0.05)
        rest = list(self._live)
        if rest:
            log.info("worker.handing_back", attempts=len(rest))
        for live in rest:
            live.stop(hand_back=True)
