"""The answers that are no jobs, and examples of those that are: what the OpenAPI document shows."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

JOB_ID = "job_019a0f3c5b7e0123456789abcdef0123"


class Answer(BaseModel):
    """A body that the API writes."""

    model_config = ConfigDict(frozen=True)


class Accepted(Answer):
    """A job that was accepted and is durable, and where it can be followed."""

    id: str = Field(examples=[JOB_ID])
    object: Literal["job"] = "job"
    status: Literal["queued", "running"] = Field(description="`running` only for a repeat with an idempotency key")
    url: str = Field(description="where to poll; `?wait=30` waits for the end", examples=[f"/v1/jobs/{JOB_ID}"])
    events_url: str = Field(
        description="where it can be followed live, and its events replayed", examples=[f"/v1/jobs/{JOB_ID}/events"]
    )
    cancel_url: str = Field(description="where to POST to end it", examples=[f"/v1/jobs/{JOB_ID}/cancel"])


class FieldError(Answer):
    """One field that does not fit."""

    field: str = Field(description="the caller's name for it", examples=["input[3].content", "schema.properties.age"])
    message: str = Field(examples=["Field required"])


class ProblemDetails(Answer):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=["urn:thinkline:problem:invalid_request"])
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    code: str = Field(description="a stable word for programs", examples=["invalid_request"])
    detail: str = Field(description="a sentence for people", examples=["deadline_s: Input should be less than 86400"])
    instance: str = Field(description="the address that was asked", examples=["/v1/jobs"])
    errors: list[FieldError] | None = Field(default=None, description="each field that does not fit")


class Alive(Answer):
    """The process lives."""

    status: Literal["ok"]


class Readiness(Answer):
    """Which parts of the system are there."""

    status: Literal["ok", "missing"]
    missing: list[str] = Field(examples=[["worker_reasoning"]])
    parts: dict[str, bool] = Field(examples=[{"redis": True, "worker_classify": True, "worker_reasoning": False}])


class CatalogueEntry(Answer):
    """One model of the catalogue."""

    id: str = Field(description="the catalogue's name, for `model` of a submission", examples=["deep"])
    object: Literal["model"] = "model"
    model: str = Field(description="the name that its upstream knows", examples=["big-thinker"])
    lanes: list[str] = Field(description="lanes that it answers by default", examples=[["reasoning"]])
    structured: str = Field(description="its best means for JSON", examples=["json_schema"])
    input_usd_per_mtok: float = Field(description="price of a million prompt tokens", examples=[2.0])
    output_usd_per_mtok: float = Field(description="price of a million completion tokens", examples=[8.0])
    simulated: bool = Field(description="true where a script answers and no model", examples=[False])


class Catalogue(Answer):
    """The models that this installation knows."""

    object: Literal["list"] = "list"
    data: list[CatalogueEntry]


BUDGET = {"deadline_s": 120.0, "reasoning_s": 88.0, "fallback_s": 30.0, "margin_s": 2.0}
ROUTE = {
    "lane": "reasoning", "p_reasoning": 0.91, "confidence": 0.82, "task_type": "arithmetic",
    "reason": "several steps of arithmetic", "decided_by": "minilm-2",
}  # fmt: skip
RUNNING: dict[str, Any] = {
    "id": JOB_ID, "object": "job", "status": "running", "phase": "thinking", "lane": "reasoning", "attempt": 1,
    "route": ROUTE, "model": "deep", "elapsed_s": 6.2, "budget": BUDGET, "thinking_tokens": 412,
    "expected": {
        "known": True, "p50_s": 14.0, "p90_s": 31.5, "samples": 120, "basis": "kind and size", "longer_than_usual": False,
    },
    "cache": {"outcome": "miss", "tier": None, "source_job": None, "reason": None}, "metadata": {"ticket": "4711"},
    "created_at": "2026-01-05T09:00:00Z", "started_at": "2026-01-05T09:00:00.210Z",
    "deadline_at": "2026-01-05T09:02:00Z",
}  # fmt: skip
SUCCEEDED: dict[str, Any] = {
    **RUNNING, "status": "succeeded", "phase": None, "served_by": "model", "elapsed_s": 15.8, "thinking_tokens": 1230,
    "answer_tokens": 9, "result": {"minutes": 205}, "cost_usd": 0.010062,
    "usage": {"prompt_tokens": 75, "completion_tokens": 1239, "reasoning_tokens": 1230, "estimated": False},
    "finished_at": "2026-01-05T09:00:15.800Z",
}  # fmt: skip
HIT: dict[str, Any] = {
    **RUNNING, "status": "succeeded", "phase": None, "attempt": 0, "served_by": "exact_cache", "elapsed_s": 0.0,
    "thinking_tokens": 0, "result": {"minutes": 205}, "finished_at": "2026-01-05T09:00:00Z", "started_at": None,
    "cache": {"outcome": "hit", "tier": "exact", "source_job": JOB_ID, "reason": "same query in the same scope"},
}  # fmt: skip
FELL_BACK: dict[str, Any] = {
    **SUCCEEDED, "lane": "fallback", "attempt": 2, "model": "quick", "elapsed_s": 94.1,
    "fallback": {"cause": "deadline", "from_model": "deep", "after_s": 88.0, "task_type": "arithmetic"},
}  # fmt: skip
JUDGED: dict[str, Any] = {**SUCCEEDED, "feedback": {"correct": False, "needs_reasoning": True, "comment": None}}
CANCELLED: dict[str, Any] = {
    **RUNNING, "status": "cancelled", "phase": None, "finished_at": "2026-01-05T09:00:06.200Z",
}  # fmt: skip
AGAIN: dict[str, Any] = {
    **RUNNING, "status": "queued", "phase": "waiting", "attempt": 3, "lane": None, "route": None, "model": None,
    "elapsed_s": 0.0, "thinking_tokens": 0,
}  # fmt: skip
EVENTS = [
    {
        "id": "1767603600000-0",
        "type": "queued",
        "data": {"queue": "classify", "place": None, "estimate_s": None, "retry": False},
    },
    {
        "id": "1767603606200-0",
        "type": "thinking",
        "data": {
            "phase": "thinking",
            "lane": "reasoning",
            "attempt": 1,
            "thinking_tokens": 412,
            "elapsed_s": 6.2,
            "attempt_s": 5.9,
            "expected": RUNNING["expected"],
            "budget_share": 0.0517,
            "longer_than_usual": False,
        },
    },
]
