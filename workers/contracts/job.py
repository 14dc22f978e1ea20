"""A job as its owner sees it, and the words for its states, lanes and phases.

The record in Redis (workers/store) is the truth; these models are its reading. docs/state-machine.md says who
moves a job out of each state, also after a crash.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from workers.contracts.causes import Cause
from workers.contracts.routing import RouteDecision

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Lane = Literal["reasoning", "standard", "fallback"]
Queue = Literal["classify", "reasoning", "standard", "fallback"]
ServedQueue = Literal["classify", "reasoning", "standard", "fallback", "deliver"]
Phase = Literal["classifying", "waiting", "thinking", "answering", "extracting"]
ServedBy = Literal["model", "exact_cache", "semantic_cache"]

TERMINAL: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})
LANES: tuple[Lane, ...] = ("reasoning", "standard", "fallback")
QUEUES: tuple[Queue, ...] = ("classify", "reasoning", "standard", "fallback")  # those that jobs wait in
DELIVER: Literal["deliver"] = "deliver"  # the queue of webhooks
SERVED: tuple[ServedQueue, ...] = (*QUEUES, DELIVER)  # those that have workers


class Frozen(BaseModel):
    """A model that nobody changes after it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Usage(Frozen):
    """Tokens of one attempt, or of a whole job; reasoning tokens are part of the completion tokens."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = Field(default=False, description="true where the upstream reported none and we counted")

    def __add__(self, other: Usage) -> Usage:
        """Sum two usages; the sum is estimated when either is."""
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            estimated=self.estimated or other.estimated,
        )


class Budget(Frozen):
    """How the caller's deadline was divided at submission; all in seconds."""

    deadline_s: float = Field(description="what the caller allows in all, from submission")
    reasoning_s: float = Field(description="latest end of a reasoning attempt, counted from submission")
    fallback_s: float = Field(description="kept for the fallback")
    margin_s: float = Field(description="kept for queues and bookkeeping")


class Expected(Frozen):
    """How long an attempt is likely to take, from the history of its task type, model and prompt size."""

    known: bool = False
    p50_s: float | None = Field(default=None, description="half of such attempts have answered by then")
    p90_s: float | None = Field(default=None, description="nine of ten have")
    samples: int = Field(default=0, description="answers of the same task type, model and prompt size behind it")
    basis: Literal["kind and size", "kind", "model"] | None = Field(
        default=None, description="whose history carries it: the same kind of job, or all that the model answered"
    )
    longer_than_usual: bool = Field(default=False, description="the attempt has outlived its p90_s")


class JobError(Frozen):
    """Why a job failed: a stable code, a sentence, and the cause of each failed attempt."""

    code: str
    message: str
    causes: list[Cause] = Field(default_factory=list)


class Attempt(Frozen):
    """One finished try at answering in one lane."""

    attempt: int
    lane: Lane
    model: str
    outcome: Literal["succeeded", "failed", "cancelled", "handed_back"]
    cause: Cause | None = None
    detail: str | None = None
    duration_s: float
    first_token_s: float | None = None
    usage: Usage = Usage()
    cost_usd: float = 0.0


class Fallback(Frozen):
    """Why and from where a job came to the fallback lane."""

    cause: Cause
    from_model: str | None
    after_s: float = Field(description="seconds of the reasoning attempt until it was given up")
    task_type: str | None = None


class Step(Frozen):
    """When a job entered a step of its way."""

    step: str
    at: datetime
    lane: Lane | None = None
    attempt: int | None = None


class CacheNote(Frozen):
    """What the cache did for this job, and by which rule."""

    outcome: Literal["hit", "miss", "off", "refresh"]
    tier: Literal["exact", "semantic", "join"] | None = Field(
        default=None, description="`join`: it waited for the answer of a job in flight that asked the same"
    )
    source_job: str | None = None
    reason: str | None = None
    similarity: float | None = Field(
        default=None, description="cosine of the two queries, or of the nearest one refused"
    )
    guard: str | None = Field(
        default=None, description="what refused the nearest one, or accepted the one that was given"
    )
    entry: str | None = Field(default=None, description="the entry that was given, see `GET /v1/cache/{entry}`")
    rule: str | None = Field(default=None, description="the rule by which this job's answer is kept, or is not")
    kept_s: float | None = Field(default=None, description="how long its answer is kept, in seconds; 0: not at all")


class Feedback(Frozen):
    """What its owner says of a job's answer."""

    correct: bool = Field(description="whether the answer was right")
    needs_reasoning: bool | None = Field(
        default=None, description="whether the query needs a reasoning model, when its owner knows"
    )
    comment: str | None = Field(default=None, max_length=2_000, description="in words; kept with the job, never logged")


class Job(Frozen):
    """A job as its owner reads it."""

    id: str
    object: Literal["job"] = "job"
    status: Status
    phase: Phase | None = None
    lane: Lane | None = None
    attempt: int = 0
    route: RouteDecision | None = None
    model: str | None = Field(default=None, description="the catalogue's name of the model asked in this lane")
    served_by: ServedBy | None = None
    elapsed_s: float = Field(description="from submission to now, or to the end")
    expected: Expected = Expected()
    budget: Budget
    thinking_tokens: int = Field(default=0, description="so far; an estimate until the upstream reports its usage")
    answer_tokens: int = 0
    result: JsonValue | None = None
    truncated: bool = Field(default=False, description="the model stopped at its token limit")
    repaired: bool = Field(default=False, description="the JSON had to be repaired or reshaped")
    raw_text: str | None = Field(default=None, description="the reply as it came, kept when no valid JSON was in it")
    usage: Usage = Usage()
    cost_usd: float = 0.0
    cache: CacheNote | None = None
    fallback: Fallback | None = None
    error: JobError | None = None
    attempts: list[Attempt] = Field(default_factory=list)
    steps: list[Step] = Field(default_factory=list)
    crashes: int = 0
    metadata: dict[str, str] = Field(default_factory=dict)
    feedback: Feedback | None = None
    request: dict[str, JsonValue] | None = Field(
        default=None, description="the job as it was submitted; only with `include=request`"
    )
    created_at: datetime
    started_at: datetime | None = None
    first_token_at: datetime | None = None
    finished_at: datetime | None = None
    deadline_at: datetime

    @property
    def terminal(self) -> bool:
        """Whether nothing more will happen to the job."""
        return self.status in TERMINAL


class JobPage(Frozen):
    """One page of a tenant's jobs, newest first."""

    object: Literal["list"] = "list"
    data: list[Job]
    next_cursor: str | None = Field(default=None, description="give it back as `cursor` for the next page")


class JobEvent(Frozen):
    """One event of a job's stream; `id` is a cursor that can be resumed from."""

    id: str
    type: str
    data: dict[str, Any]
