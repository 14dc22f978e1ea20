"""Tells a job's events as its owner reads them: a fold over what the store holds, from the first event on. Pure.

What is told of an event depends on the events before it alone, so that a replay, a live stream and the rest of an
interrupted one are the same sequence: whoever resumes reads from the beginning and leaves out what was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from workers.contracts.job import Job, JobEvent

UNKNOWN = {"known": False}


@dataclass(slots=True)
class Story:
    """One job's story as far as it was told. Times are milliseconds of Redis' clock."""

    created_ms: int
    deadline_s: float
    thinking_text: bool = False
    queue: str | None = "classify"  # where it waits; None while a worker has it, or at its end
    ended: bool = False
    lane: str | None = None
    attempt: int | None = None
    attempt_ms: int | None = None
    phase: str = "waiting"
    thinking_tokens: int = 0
    expected: Mapping[str, Any] = field(default_factory=lambda: UNKNOWN)

    @classmethod
    def of(cls, job: Job, *, thinking_text: bool = False) -> Story:
        """Begin the story of a job."""
        return cls(round(job.created_at.timestamp() * 1000), job.budget.deadline_s, thinking_text)

    def tell(self, event: JobEvent) -> list[JobEvent]:
        """Tell one event of the store; a heartbeat's may be several."""
        at = int(event.id.partition("-")[0])
        told = list(self._told(event.type, event.data, at))
        return [
            JobEvent(id=event.id if k == 0 else f"{event.id}.{k}", type=kind, data=data)
            for k, (kind, data) in enumerate(told)
        ]

    def tick(self, now_ms: int) -> JobEvent | None:
        """Tell the time that a model has worked by now; None when there is nothing of the kind to tell."""
        if self.attempt_ms is None or self.ended or self.phase not in ("waiting", "thinking"):
            return None
        return JobEvent(id="", type="thinking", data=self._thinking(now_ms))

    def _told(self, kind: str, data: dict[str, Any], at: int) -> Iterator[tuple[str, dict[str, Any]]]:
        match kind:
            case "queued":
                self._wait("classify")
                retry = bool(data.get("retry"))
                if retry:  # a new life with a fresh budget
                    self.created_ms, self.lane, self.expected = at, None, UNKNOWN
                yield "queued", {"queue": "classify", "place": None, "estimate_s": None, "retry": retry}
            case "routed":
                data = dict(data)
                outcome = data.pop("cache", None)
                if outcome:
                    yield "cache", {"outcome": outcome, "tier": None, "reason": None}
                self.lane = data.get("lane")
                self._wait(self.lane)
                self.expected = data.setdefault("expected", UNKNOWN)
                yield "routed", data
            case "started":
                self.queue, self.attempt_ms, self.phase, self.thinking_tokens = None, at, "waiting", 0
                self.lane, self.attempt = data.get("lane"), data.get("attempt")
                yield "started", data
            case "progress":
                yield from self._progress(data, at)
            case "fallback":
                self.lane = "fallback"
                self._wait(self.lane)
                self.expected = data.get("expected") or UNKNOWN
                yield (
                    "fallback",
                    {"from_model": None, "model": None, "after_s": None, **data, "expected": self.expected},
                )
            case "requeued":
                self._wait(self.lane or "classify")
                yield "requeued", data
            case "done":
                self.queue, self.ended = None, True
                yield "done", {"lane": None, "code": None, **data, "job": None}
            case _:
                yield kind, data

    def _progress(self, data: dict[str, Any], at: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Tell a heartbeat: how it thinks, what it wrote, and that it is done writing; each only where it is news."""
        before, self.phase = self.phase, data.get("phase", self.phase)
        tokens, text = data.get("thinking_tokens", 0), data.get("thinking") if self.thinking_text else None
        delta, extracting = data.get("delta"), self.phase == "extracting" and before != "extracting"
        if tokens != self.thinking_tokens or text or not (delta or extracting):
            self.thinking_tokens = tokens
            yield "thinking", {**self._thinking(at), **({"text": text} if text else {})}
        if delta:
            yield (
                "answer.delta",
                {"text": delta, "offset": data.get("offset", 0), "answer_tokens": data.get("answer_tokens", 0)},
            )
        if extracting:
            yield "extracting", {}

    def _wait(self, queue: str | None) -> None:
        self.queue, self.ended, self.attempt, self.attempt_ms = queue, False, None, None
        self.phase, self.thinking_tokens = "waiting", 0

    def _thinking(self, at: int) -> dict[str, Any]:
        elapsed_s = max(0, at - self.created_ms) / 1000
        attempt_s = None if self.attempt_ms is None else max(0, at - self.attempt_ms) / 1000
        p90_s = self.expected.get("p90_s")
        longer = p90_s is not None and attempt_s is not None and attempt_s > p90_s
        return {
            "phase": self.phase,
            "lane": self.lane,
            "attempt": self.attempt,
            "thinking_tokens": self.thinking_tokens,
            "elapsed_s": elapsed_s,
            "attempt_s": attempt_s,
            "expected": {**self.expected, "longer_than_usual": longer},
            "budget_share": round(elapsed_s / self.deadline_s, 4),
            "longer_than_usual": longer,
        }
