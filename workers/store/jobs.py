"""Every change of a job's state: each is one script, fenced by the attempt number, safe to repeat.

A refused change is an answer and not an error: it returns the status that stood in the way, so that whoever holds a
late or stale attempt learns what became of the job and stops.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from workers.contracts.caching import CachedAnswer
from workers.contracts.job import Attempt, Lane, Queue
from workers.store.messages import message
from workers.store.record import CLAIMED, Claim, Overdue, encode, flat, read_claim, read_overdue
from workers.store.scripts import Scripts, life


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to accept. Hashes are hex; an empty one switches its check off."""

    job_id: str
    tenant: str
    queue: Queue
    fields: Mapping[str, Any]
    gates: tuple[tuple[str, int], ...] = ()
    idempotency_hash: str = ""
    body_hash: str = ""
    idempotency_s: float = 86_400
    exact_hash: str = ""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a submission."""

    outcome: Literal["created", "existing", "hit", "full"]
    job_id: str = ""
    body_hash: str = ""
    queue: str = ""
    depth: int = 0
    oldest_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Failure:
    """One line of the failure log: why an attempt failed, by task type, model and size. It holds no text of the job."""

    tenant: str
    job_id: str
    lane: Lane
    task_type: str
    cause: str
    model: str
    duration_s: float
    prompt_chars: int = 0
    final: bool = False

    @property
    def tally(self) -> str:
        """The name that it is counted under."""
        return f"{self.lane}|{self.task_type}|{self.model}|{self.cause}"


@dataclass(frozen=True, slots=True)
class Beat:
    """What one attempt has to tell at a heartbeat."""

    job_id: str
    attempt: int
    phase: str
    thinking_tokens: int
    answer_tokens: int
    news: Mapping[str, Any] | None = None


Told = Sequence[tuple[str, Mapping[str, Any]]]  # events by type, that come before the one that a step writes


@dataclass(frozen=True, slots=True)
class Move:
    """How a job goes on in a lane: routed there, or fallen back to it after `attempt` failed."""

    lane: Lane
    event: str
    data: Mapping[str, Any]
    fields: Mapping[str, Any]
    attempt: Attempt | None = None
    failure: Failure | None = None
    told: Told = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ends its job."""

    status: Literal["succeeded", "failed"]
    fields: Mapping[str, Any]
    attempt: Attempt | None = None
    failure: Failure | None = None
    exact_hash: str = ""
    exact_s: float = 0.0
    history: str = ""
    duration: str = ""
    done: Mapping[str, Any] = field(default_factory=dict)
    told: Told = ()


class JobStore:
    """The transitions of a job's state machine."""

    def __init__(self, scripts: Scripts) -> None:
        self._call = scripts.call

    async def submit(self, new: NewJob) -> Submitted:
        """Accept a job, or say why it is not new or not wanted."""
        gates = [part for name, limit in new.gates for part in (name, str(limit))]
        reply = await self._call(
            "submit", new.job_id, new.tenant, new.idempotency_hash, new.body_hash, life(new.idempotency_s),
            new.exact_hash, new.queue, message(new.queue, new.job_id, 0), str(len(new.gates)), *gates,
            *flat(new.fields),
        )  # fmt: skip
        if reply[0] == "existing":
            return Submitted("existing", job_id=reply[1], body_hash=reply[2])
        if reply[0] == "full":
            return Submitted("full", queue=reply[1], depth=int(reply[2]), oldest_s=int(reply[3]) / 1000)
        return Submitted(reply[0], job_id=new.job_id)

    async def claim(self, queue: Queue, job_id: str, attempt: int, worker: str) -> Claim | str:
        """Take a waiting attempt; a string is the status that refused it.

        After a lost reply, ask again from the same asyncio task: another is taken for a duplicate message and refused.
        """
        caller = str(id(asyncio.current_task()))
        reply = await self._call("claim", job_id, str(attempt), queue, worker, caller, *CLAIMED)
        return read_claim(job_id, attempt, queue, reply) if reply[0] == "claimed" else str(reply[0])

    async def move(self, job_id: str, attempt: int, move: Move, *, expected: str = "running") -> str:
        """Send a job to a lane's queue as its next attempt; `ok`, or the status that refused it."""
        return cast(
            "str",
            await self._call(
                "move", job_id, str(attempt), expected, move.lane, message(move.lane, job_id, attempt + 1), move.event,
                move.event, _led(move.told, move.data), encode(move.attempt) if move.attempt else "",
                encode(_entry(move.failure)) if move.failure else "", move.failure.tally if move.failure else "",
                *flat(move.fields),
            ),
        )  # fmt: skip

    async def finish(self, job_id: str, attempt: int, end: Ending, *, expected: str = "running") -> str:
        """End a job once; `ok`, or the status that refused it."""
        return cast(
            "str",
            await self._call(
                "finish", job_id, str(attempt), expected, end.status, _led(end.told, {"status": end.status, **end.done}),
                encode(end.attempt) if end.attempt else "", encode(_entry(end.failure)) if end.failure else "",
                end.failure.tally if end.failure else "", end.exact_hash, life(end.exact_s), end.history,
                end.duration, *flat(end.fields),
            ),
        )  # fmt: skip

    async def serve(self, job_id: str, attempt: int, hit: CachedAnswer, fields: Mapping[str, Any]) -> str:
        """End a job with a cached answer; `ok`, `gone` when that was removed or replaced, or the status that refused."""
        note = hit.note
        similarity = "" if note.similarity is None else f"{note.similarity:.4f}"
        told = (hit.entry, hit.source, note.tier or "", similarity, note.reason or "")
        return cast("str", await self._call("serve", job_id, str(attempt), *told, *flat(fields)))

    async def note_duration(self, history: str, duration: str) -> None:
        """Keep how long an attempt took that a limit cut off (`workers/store/durations.py` writes it)."""
        await self._call("note_duration", history, duration)

    async def join(self, job_id: str, attempt: int, cache_key: str) -> str:
        """Lead or join the job in flight that asks the same: `look`, `lead`, `alone`, `joined`, or what refused it."""
        again = message("classify", job_id, attempt + 1)
        return cast("str", await self._call("join", job_id, str(attempt), cache_key, again))

    async def note_spend(self, job_id: str, attempt: int, finished: Attempt, usage: Any, cost_usd: float) -> str:
        """Add what a cancelled attempt had cost to its ended job."""
        spent = (encode(finished), encode(usage), f"{cost_usd:.9f}")
        return cast("str", await self._call("note_spend", job_id, str(attempt), *spent))

    async def heartbeat(self, worker: str, queues: Sequence[str], beats: Sequence[Beat]) -> list[str]:
        """Renew leases and write progress; `running` an attempt, or the reason why it is lost."""
        arguments = [worker, ",".join(queues)]
        for beat in beats:
            arguments += (
                beat.job_id, str(beat.attempt), beat.phase, str(beat.thinking_tokens), str(beat.answer_tokens),
                encode(beat.news) if beat.news else "",
            )  # fmt: skip
        return cast("list[str]", await self._call("heartbeat", *arguments))

    async def cancel(self, job_id: str, tenant: str) -> str:
        """End a job for its owner; `ok`, `unknown`, or the terminal status that it had."""
        return cast("str", await self._call("cancel", job_id, tenant))

    async def retry(self, job_id: str, tenant: str, attempt: int, fields: Mapping[str, Any]) -> str:
        """Begin an ended job again; `ok`, `unknown`, or the status that does not allow it."""
        again = message("classify", job_id, attempt + 1)
        return cast("str", await self._call("retry", job_id, tenant, str(attempt), again, *flat(fields)))

    async def feedback(self, job_id: str, tenant: str, words: Any, *, wrong: bool) -> str:
        """Keep what the owner says of an answer; `ok`, `unknown`, or the status of a job that has no answer."""
        return cast("str", await self._call("feedback", job_id, tenant, encode(words), "1" if wrong else "0"))

    async def requeue(
        self, queue: Queue, job_id: str, attempt: int, *, reason: str, crash: bool, apart: bool = False
    ) -> str:
        """Give an attempt to another worker; `ok`, or the status that refused it. With `apart` it waits for its turn."""
        again = "" if apart else message(queue, job_id, attempt + 1)
        crashed = "1" if crash else "0"
        return cast("str", await self._call("requeue", job_id, str(attempt), "running", again, crashed, reason))

    async def republish(self, queue: Queue, job_id: str, attempt: int) -> str:
        """Send a waiting attempt's message again."""
        return cast("str", await self._call("republish", job_id, str(attempt), message(queue, job_id, attempt)))

    async def overdue(self, most: int = 200) -> list[Overdue]:
        """List jobs whose lease, message or time ran out."""
        return [read_overdue(row) for row in await self._call("overdue", str(most))]


def _led(told: Told, data: Mapping[str, Any]) -> str:
    """Write an event's data behind the events that come before it, as the prelude's `append` reads them."""
    return "".join(f"{kind}\t{encode(earlier)}\n" for kind, earlier in told) + encode(data)


def _entry(failure: Failure) -> dict[str, Any]:
    return {name: getattr(failure, name) for name in failure.__slots__}
