"""Reads a job's record: the strings of a Redis hash into the models of workers/contracts, and back."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from workers.contracts.causes import Cause
from workers.contracts.job import Budget, Job, Lane, Queue, Usage
from workers.contracts.request import JobRequest

# All that its owner may see; the request itself is not among it, since it can be large.
PUBLIC = (
    "status", "phase", "lane", "attempt", "route", "model", "served_by", "expected", "budget", "thinking_tokens",
    "answer_tokens", "result", "truncated", "repaired", "raw_text", "usage", "cost_usd", "cache", "fallback", "error",
    "attempts", "steps", "crashes", "metadata", "feedback", "created_at", "started_at", "first_token_at", "finished_at",
    "deadline_at", "tenant", "attempt_at",
)  # fmt: skip
# What a worker needs with its claim.
CLAIMED = (
    "request", "tenant", "created_at", "deadline_at", "reasoning_until", "budget", "route", "model", "task_type",
    "fallback", "hand_on", "causes", "usage", "cost_usd", "cache_key", "attempt_at", "cache", "cache_scope", "expected",
    "waited",
)  # fmt: skip
_JSON = ("route", "expected", "budget", "result", "usage", "cache", "fallback", "error", "metadata", "feedback")
_TIMES = ("created_at", "started_at", "first_token_at", "finished_at", "deadline_at")


@dataclass(frozen=True, slots=True)
class Claim:
    """An attempt that this process holds, with what it needs to answer. Times are milliseconds of Redis' clock."""

    job_id: str
    attempt: int
    queue: Queue
    tenant: str
    request: JobRequest
    budget: Budget
    now_ms: int
    created_ms: int
    deadline_ms: int
    reasoning_until_ms: int
    route: dict[str, Any] | None = None
    model: str | None = None
    task_type: str | None = None
    fallback: dict[str, Any] | None = None
    hand_on: str | None = None
    causes: tuple[Cause, ...] = ()
    usage: Usage = field(default_factory=Usage)
    cost_usd: float = 0.0
    cache_key: str | None = None
    cache_scope: str | None = None
    cache: dict[str, Any] | None = None
    expected_p90_s: float | None = None
    waited: bool = False

    @property
    def left_s(self) -> float:
        """Seconds until the caller's deadline, at the time of the claim."""
        return (self.deadline_ms - self.now_ms) / 1000


@dataclass(frozen=True, slots=True)
class Overdue:
    """A job that the reaper must look at."""

    job_id: str
    status: str
    attempt: int
    queue: Queue
    lane: Lane | None
    queued_ms: int
    deadline_ms: int
    reasoning_until_ms: int
    crashes: int
    message_lost: bool
    tenant: str
    model: str | None
    task_type: str | None
    attempt_ms: int
    causes: tuple[Cause, ...]
    now_ms: int
    turn: bool = False  # it had no message, and may begin apart now


def read_job(job_id: str, names: tuple[str, ...], values: list[str | None]) -> Job | None:
    """Turn the fields of a record into a Job; None when there is no record."""
    found = {name: value for name, value in zip(names, values, strict=True) if value not in (None, "")}
    if "status" not in found:
        return None
    found.pop("tenant", None)
    attempt_at = found.pop("attempt_at", None)
    data: dict[str, Any] = dict(found)
    for name in _JSON:
        if name in data:
            data[name] = json.loads(data[name])
    for name in _TIMES:
        if name in data:
            data[name] = _moment(data[name])
    data["attempts"] = json.loads(f"[{found.get('attempts', '')}]")
    data["steps"] = [{**step, "at": _moment(step["at"])} for step in json.loads(f"[{found.get('steps', '')}]")]
    end = data["finished_at"].timestamp() if "finished_at" in data else time.time()
    data["elapsed_s"] = round(max(0.0, end - data["created_at"].timestamp()), 3)
    p90_s = data.get("expected", {}).get("p90_s")
    if p90_s is not None and attempt_at and data["status"] != "queued":
        data["expected"] = {**data["expected"], "longer_than_usual": end - int(attempt_at) / 1000 > p90_s}
    return Job.model_validate({"id": job_id, **data})


def read_claim(job_id: str, attempt: int, queue: Queue, reply: list[str | None]) -> Claim:
    """Turn the reply of claim.lua into a Claim."""
    now, values = reply[1], dict(zip(CLAIMED, reply[2:], strict=True))
    return Claim(
        job_id=job_id,
        attempt=attempt,
        queue=queue,
        tenant=values["tenant"] or "",
        request=JobRequest.model_validate_json(values["request"] or "{}"),
        budget=Budget.model_validate_json(values["budget"] or "{}"),
        now_ms=int(now or 0),
        created_ms=int(values["created_at"] or 0),
        deadline_ms=int(values["deadline_at"] or 0),
        reasoning_until_ms=int(values["reasoning_until"] or 0),
        route=_loaded(values["route"]),
        model=values["model"] or None,
        task_type=values["task_type"] or None,
        fallback=_loaded(values["fallback"]),
        hand_on=values["hand_on"] or None,
        causes=_causes(values["causes"]),
        usage=Usage.model_validate_json(values["usage"]) if values["usage"] else Usage(),
        cost_usd=float(values["cost_usd"] or 0),
        cache_key=values["cache_key"] or None,
        cache_scope=values["cache_scope"] or None,
        cache=_loaded(values["cache"]),
        expected_p90_s=(_loaded(values["expected"]) or {}).get("p90_s"),
        waited=bool(values["waited"]),
    )


def read_overdue(row: list[str]) -> Overdue:
    """Turn a row of overdue.lua into an Overdue."""
    return Overdue(
        job_id=row[0],
        status=row[1],
        attempt=int(row[2]),
        queue=cast("Queue", row[3]),
        lane=cast("Lane", row[4]) if row[4] else None,
        queued_ms=int(row[5]),
        deadline_ms=int(row[6]),
        reasoning_until_ms=int(row[7]),
        crashes=int(row[8]),
        message_lost=row[9] != "0",
        turn=row[9] == "2",
        tenant=row[10],
        model=row[11] or None,
        task_type=row[12] or None,
        attempt_ms=int(row[13]),
        causes=_causes(row[14]),
        now_ms=int(row[15]),
    )


def flat(fields: Mapping[str, Any]) -> list[str]:
    """Lay a record's fields out for a script; None is left out, models and containers become JSON."""
    laid: list[str] = []
    for name, value in fields.items():
        if value is not None:
            laid += (name, encode(value))
    return laid


def encode(value: Any) -> str:
    """Write one field's value."""
    if isinstance(value, str):
        return _writable(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, BaseModel):
        try:
            return value.model_dump_json(exclude_none=True)
        except PydanticSerializationError:  # half a character, as below
            return as_json(value.model_dump(exclude_none=True))
    return as_json(value)


def as_json(value: Any) -> str:
    """Write a JSON value, a string too, as JSON text."""
    return _writable(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def _writable(text: str) -> str:
    """Join the halves of a surrogate pair, which a model may stream one by one, and replace those left alone."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _moment(ms: Any) -> datetime:
    return datetime.fromtimestamp(int(ms) / 1000, tz=UTC)


def _loaded(text: str | None) -> dict[str, Any] | None:
    return json.loads(text) if text else None


def _causes(text: str | None) -> tuple[Cause, ...]:
    return tuple(cast("Cause", cause) for cause in text.split(",")) if text else ()
