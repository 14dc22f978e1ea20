"""What the classifier says of a query: the lane, how sure it is, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

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


class RouteDecision(BaseModel):
    """Where a query goes and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lane: Literal["reasoning", "standard"]
    p_reasoning: float = Field(ge=0, le=1, description="probability that a standard model would get it wrong")
    confidence: float = Field(ge=0, le=1, description="how sure the classifier is of the lane")
    task_type: TaskType
    reason: str = Field(description="in words; never quotes the query")
    decided_by: str = Field(description="`caller`, or the name and version of the classifier")


@dataclass(frozen=True, slots=True)
class Query:
    """What a classifier looks at: the query, how it is to be answered, and what was said before."""

    text: str
    instructions: str | None = None
    history: tuple[str, ...] = ()
