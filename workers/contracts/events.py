"""The events of a job, as its owner reads them: what each type carries. docs/streaming.md shows a stream.

An event's id is its place in the job's story: `MILLISECONDS-N`, or `MILLISECONDS-N.K` for the later ones of several that
were written together. Events without an id are ticks: they tell the time, can be missed, and are never repeated.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from workers.contracts.causes import Cause
from workers.contracts.job import Expected, Lane, Queue, Status

EVENT_ID = re.compile(r"^([0-9]{1,19})(?:-([0-9]{1,19}))?(?:\.([0-9]{1,3}))?$")
Cursor = tuple[int, int, int]
BEGINNING: Cursor = (0, 0, 0)


def cursor_of(event_id: str) -> Cursor:
    """Read an event's id; ids are ordered as their cursors are.

    Raises:
        ValueError: it is none.

    >>> cursor_of("1767603600000-0.1") > cursor_of("1767603600000-0")
    True
    """
    found = EVENT_ID.fullmatch(event_id)
    if found is None:
        raise ValueError("is not the id of an event")
    ms, n, k = found.groups("0")
    return int(ms), int(n), int(k)


class EventData(BaseModel):
    """What an event tells."""

    model_config = ConfigDict(frozen=True)


class Queued(EventData):
    """The job waits. Without an id it is a tick that tells how far the line has moved."""

    queue: Queue = Field(description="`classify` until it is routed, then its lane")
    place: int | None = Field(description="place in line, 1 is next; null when it waits no longer")
    estimate_s: float | None = Field(
        description="seconds until it is taken, by how fast the line moves; null if unknown"
    )
    retry: bool = Field(description="its owner began it again: whatever came before is void")


class CacheLookedUp(EventData):
    """What the cache did."""

    outcome: Literal["hit", "miss", "off", "refresh"]
    tier: Literal["exact", "semantic"] | None = None
    reason: str | None = None


class Routed(EventData):
    """The classifier chose a lane."""

    lane: Lane
    model: str
    confidence: float
    reason: str
    task_type: str
    expected: Expected


class Started(EventData):
    """A worker took the attempt and asks the model."""

    lane: Lane
    attempt: int


class Thinking(EventData):
    """The model works on it. Without an id it is a tick: nothing new but the time."""

    phase: Literal["waiting", "thinking", "answering", "extracting"] = Field(
        description="`waiting` for the first token"
    )
    lane: Lane | None
    attempt: int | None
    thinking_tokens: int = Field(description="so far; an estimate until the upstream reports its usage")
    elapsed_s: float = Field(description="since submission, or since its owner began it again")
    attempt_s: float | None = Field(description="since the attempt began: what `expected` speaks of")
    expected: Expected
    budget_share: float = Field(description="share of the caller's deadline that is used; 1 is all of it")
    longer_than_usual: bool = Field(description="the attempt has outlived its expected p90_s")
    text: str | None = Field(
        default=None, description="what it thought since the last one; only where asked and allowed"
    )


class AnswerDelta(EventData):
    """A piece of the answer as the model writes it: its raw text, before JSON is taken out of it and checked."""

    text: str
    offset: int = Field(
        description="characters of the answer before it; at 0 another answer begins, the one before is void"
    )
    answer_tokens: int


class Extracting(EventData):
    """The answer is complete; JSON is taken out of it and checked against the schema."""


class FellBack(EventData):
    """Reasoning was given up; the fallback lane goes on. The answer so far is void."""

    cause: Cause
    from_model: str | None
    model: str | None
    after_s: float | None = Field(description="seconds of the attempt that was given up")
    expected: Expected


class Requeued(EventData):
    """Another worker takes the attempt over: the first one stopped or died. The answer so far is void."""

    reason: str


class Done(EventData):
    """The job ended. The last event of a stream; `job` is the whole of it, with result or error."""

    status: Status
    lane: Lane | None = None
    code: str | None = Field(default=None, description="why it failed, in a word")
    job: dict[str, Any] | None = Field(
        description="as `GET /v1/jobs/{id}` gives it; null when it was begun again since"
    )


DATA: dict[str, type[EventData]] = {
    "queued": Queued,
    "cache": CacheLookedUp,
    "routed": Routed,
    "started": Started,
    "thinking": Thinking,
    "answer.delta": AnswerDelta,
    "extracting": Extracting,
    "fallback": FellBack,
    "requeued": Requeued,
    "done": Done,
}
