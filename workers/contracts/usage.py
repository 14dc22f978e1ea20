"""What a tenant's jobs used, what they cost, and what reasoning struggled with: sums that hold no text."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Size = Literal["small", "medium", "large", "huge"]


class Sums(BaseModel):
    """A sum over a period."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class UsageRow(Sums):
    """The attempts of one day in one lane, by model and task type."""

    day: date
    lane: Literal["reasoning", "standard", "fallback"]
    model: str
    task_type: str
    attempts: int
    succeeded: int
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int = Field(description="part of the completion tokens")
    cost_usd: float
    seconds: float = Field(description="time that the attempts took, added up")


class CacheRow(Sums):
    """The jobs of one day that a cache answered."""

    day: date
    tier: Literal["exact_cache", "semantic_cache"]
    task_type: str
    jobs: int


class CheckRow(Sums):
    """The calls of one day that checked the cache: no job of yours asked for them, and they are paid for like others."""

    day: date
    kind: Literal["audit", "grey"] = Field(
        description="`audit`: a cached answer was answered again; `grey`: a pair of queries was judged"
    )
    model: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int = Field(description="part of the completion tokens")
    cost_usd: float


class UsageReport(Sums):
    """Tokens and money by day, lane, model and task type, beside what always-reasoning would have cost.

    The comparison is an estimate: every answered job at the mean cost of a reasoning answer of its task type in the
    period, or of all task types where its own has none. It is null where reasoning answered nothing.
    """

    object: Literal["usage"] = "usage"
    since: date
    until: date
    data: list[UsageRow]
    cached: list[CacheRow]
    checks: list[CheckRow]
    cost_usd: float = Field(description="of `data` and `checks` together")
    always_reasoning_usd: float | None = Field(description="an estimate; null where there is nothing to make it from")
    saved_share: float | None = Field(description="1 - cost / always-reasoning; null as above")


class FailureRow(Sums):
    """What became of reasoning attempts of one kind."""

    task_type: str
    model: str
    size: Size = Field(description="of the request: small < 1 kB, medium < 8 kB, large < 64 kB, else huge")
    cause: str
    failures: int
    attempts: int = Field(description="all reasoning attempts of this task type, model and size")
    rate: float = Field(description="failures / attempts")
    mean_s: float = Field(description="time that such a failure took, in the mean")
    cost_usd: float = Field(description="what the failures cost")


class RescueRow(Sums):
    """What the fallback made of the jobs that reasoning failed for one cause."""

    cause: str
    task_type: str
    succeeded: int
    failed: int


class FailureReport(Sums):
    """What the reasoning model struggles with, most failures first, and what the fallback made of it."""

    object: Literal["failures"] = "failures"
    since: date
    until: date
    data: list[FailureRow]
    fallback: list[RescueRow]
