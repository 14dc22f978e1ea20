"""How long answers take by task type, model and prompt size, and how often the promise held."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from workers.contracts.job import Expected, Frozen

PromptSize = Literal["short", "medium", "long"]


class Expectation(Frozen):
    """What is expected of one kind of job."""

    task_type: str
    model: str = Field(description="the catalogue's name")
    prompt_size: PromptSize = Field(description="short is below 1,000 characters, medium below 8,000")
    expected: Expected
    p90_held: float | None = Field(description="share of judged attempts that ended within their p90; null for none")
    p90_checked: int = Field(description="attempts that were promised a p90 and can be judged, of the latest 200")


class Expectations(Frozen):
    """All kinds of jobs that were answered lately."""

    object: Literal["list"] = "list"
    data: list[Expectation]
    p90_held: float | None = Field(description="the same over all kinds; near 0.9 when the expectation is right")
    p90_checked: int
