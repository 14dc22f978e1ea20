"""Follows one job: its events from the beginning or after one that was seen, then live until it ends.

What it gives is a cut of one sequence, the job's story (workers/store/story.py): with `after`, the same sequence without
what comes up to it. It holds one page of events and reads no further before that page was taken.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from workers.contracts.events import Cursor, cursor_of
from workers.contracts.job import Job, JobEvent
from workers.store.queue_places import Place
from workers.store.story import Story

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Source(Protocol):
    """Where the stored events come from: a feed, or a list that was read."""

    @property
    def at_end(self) -> bool:
        """Whether the last reading came to the end of what there was."""
        ...

    @property
    def closed(self) -> bool:
        """Whether nothing comes any more."""
        ...

    @property
    def full(self) -> bool:
        """Whether there is more to take at once."""
        ...

    async def events(self, timeout_s: float) -> list[JobEvent]:
        """Take what is there, or wait so long for it."""
        ...

    def close(self) -> None:
        """Read no more."""
        ...


@dataclass(slots=True)
class Listed:
    """Events that were read at once."""

    rows: list[JobEvent]
    at_end: bool = True
    closed: bool = True
    full: bool = False

    async def events(self, timeout_s: float) -> list[JobEvent]:  # noqa: ARG002 - nothing is waited for
        """Take all."""
        return self.rows

    def close(self) -> None:
        """Nothing is open."""


class Following:
    """One stream of a job's events. Close it."""

    def __init__(
        self,
        job: Job,
        feed: Source,
        read: Callable[[], Awaitable[Job | None]],
        places: Callable[[str, str], Awaitable[Place]],
        *,
        after: Cursor,
        thinking_text: bool,
    ) -> None:
        self._job = job
        self._feed = feed
        self._read = read
        self._places = places
        self._after = after
        self._story = Story.of(job, thinking_text=thinking_text)
        self._place = Place()
        self._held: list[JobEvent] = []
        self.over = False  # nothing comes any more

    @property
    def job_id(self) -> str:
        """Whose events they are."""
        return self._job.id

    async def events(self, timeout_s: float) -> list[JobEvent]:
        """Give new events as soon as there are any, or none when the time is over.

        Raises:
            StoreUnavailable: the job ended and cannot be read; resume later.
        """
        stored = await self._feed.events(timeout_s)
        told = [*self._held, *(event for one in stored for event in self._story.tell(one))]
        self._held = []
        if self._feed.at_end and not self._feed.full:
            told = await self._at_the_end(told)
        elif told and told[-1].type == "done":  # whether it is the last event, the next reading will tell
            self._held = [told.pop()]
        self.over = self.over or self._feed.closed
        return [event for event in told if cursor_of(event.id) > self._after]

    async def tick(self) -> JobEvent | None:
        """Tell the time that was thought, or how far the line has moved; None where that is nothing."""
        queue = self._story.queue
        if queue is None:
            return self._story.tick(round(time.time() * 1000))
        place = await self._places(self._job.id, queue)
        if place.place is None or place == self._place:
            return None
        self._place = place
        data = {"queue": queue, "place": place.place, "estimate_s": place.estimate_s, "retry": False}
        return JobEvent(id="", type="queued", data=data)

    def close(self) -> None:
        """Follow no longer."""
        self._feed.close()

    async def _at_the_end(self, told: list[JobEvent]) -> list[JobEvent]:
        """Complete what is told last: a job that waits has a place in line, one that ended is given whole."""
        if self._story.ended:
            return await self._end(told)
        if told and told[-1].type == "queued":
            self._place = await self._places(self._job.id, "classify")
            data = {**told[-1].data, "place": self._place.place, "estimate_s": self._place.estimate_s}
            return [*told[:-1], told[-1].model_copy(update={"data": data})]
        if self._job.terminal and not told:  # its events are gone, or it was begun again since
            job = await self._read()
            self.over = job is None or job.terminal
        return told

    async def _end(self, told: list[JobEvent]) -> list[JobEvent]:
        job = await self._read()
        if job is not None and not job.terminal:
            return told  # its owner began it again: more comes
        self.over = True
        if job is None or not told:
            return told
        data = {**told[-1].data, "job": job.model_dump(mode="json")}
        return [*told[:-1], told[-1].model_copy(update={"data": data})]
