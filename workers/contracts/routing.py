"""What the classifier says of a query: the lane, how sure it is, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field

TaskType = Literal[
    "lookup",
    "extraction",
    "transformation",
    "creative",
    "everyday",
    "arithmetic",
    "mathematics",
    "logic",
    "code",
    "planning",
    "analysis",
]
TASK_TYPES: tuple[str, ...] = get_args(TaskType)
# A numpy array of shape (dimensions,), float32, of length one; None where no encoder runs. This package imports no numpy.
Vector: TypeAlias = Any


class RouteDecision(BaseModel):
    """Where a query goes and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lane: Literal["reasoning", "standard"]
    p_reasoning: float = Field(ge=0, le=1, description="probability that a standard model would get it wrong")
    confidence: float = Field(ge=0, le=1, description="how sure the classifier is of the lane")
    task_type: TaskType
    reason: str = Field(description="in words; never quotes the query")
    decided_by: str = Field(description="`caller`, or the name and version of the classifier")


class RouterWorker(BaseModel):
    """How one classify worker decides at the moment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    worker: str
    artefact: str = Field(description="name and version of what decides: `rules-1`, or a trained artefact's")
    policy: str = Field(description="the setting by which the threshold was chosen, in words")
    threshold: float = Field(description="the p_reasoning from which on a query goes to reasoning")
    shadow: str | None = Field(default=None, description="the candidate that decides beside it, if any")
    refused: str | None = Field(default=None, description="why the newest artefact on disk was not taken over")


class RouteCount(BaseModel):
    """How many queries of a task type went to a lane by the classifier's own decision."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lane: Literal["reasoning", "standard"]
    task_type: str
    count: int


class ShadowReport(BaseModel):
    """How a candidate would have decided, beside what was decided."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    artefact: str
    decisions: int
    agreed: int
    to_reasoning: int = Field(description="queries that only the candidate would send to reasoning")
    to_standard: int = Field(description="queries that only the candidate would send to the standard lane")
    by_task_type: dict[str, int] = Field(description="differences by the live artefact's task type")


class LateShare(BaseModel):
    """How reasoning did of late for a task type; the counts fade by half in a quarter of an hour."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task_type: str
    model: str
    ended: float
    late: float = Field(description="attempts that ran out of time")


class RouterStatus(BaseModel):
    """What the classify workers decide with, what they decided, and what a candidate would have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    object: Literal["router"] = "router"
    workers: list[RouterWorker]
    decisions: list[RouteCount]
    shadow: list[ShadowReport]
    outcomes: list[LateShare]


@dataclass(frozen=True, slots=True)
class Query:
    """What a classifier looks at: the query, how it is to be answered, and what was said before."""

    text: str
    instructions: str | None = None
    history: tuple[str, ...] = ()
