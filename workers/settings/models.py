"""Settings of what answers: upstreams, the models of the catalogue, the lanes with their limits, breakers and budgets."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from workers.contracts.calls import ModelSpec
from workers.settings.section import Seconds, Section


class UpstreamSettings(Section):
    """An OpenAI-compatible endpoint."""

    base_url: str = Field(pattern=r"^https?://", description="address up to and with `/v1`")
    api_key_env: str | None = Field(default=None, description="name of the environment variable that holds its key")
    headers: dict[str, str] = Field(default_factory=dict, description="sent with every call")
    connect_timeout_s: Seconds = Field(default=5.0, description="limit for connecting")
    max_retries: int = Field(default=2, ge=0, le=10, description="tries again before the first token")
    verify_tls: bool = Field(default=True, description="whether its certificate is checked")


class ModelSettings(ModelSpec):
    """One model of the catalogue; its name is its key in the file."""

    name: str = Field(default="", description="set from the key")


class LaneSettings(Section):
    """Limits of one lane."""

    model: str = Field(default="", description="the catalogue's name of the model that answers in this lane")
    deadline_s: Seconds = Field(description="longest an attempt may take")
    first_token_s: Seconds = Field(description="longest wait for the first token")
    silence_s: Seconds = Field(description="longest pause between tokens")
    slots: int = Field(ge=1, le=5_000, description="jobs in flight in one worker process")
    max_depth: int = Field(default=10_000, ge=1, description="waiting jobs above which new ones get 429")
    max_reply_bytes: int = Field(default=4_000_000, ge=1_000, description="size of a reply that is given up")


def _reasoning_lane() -> LaneSettings:
    return LaneSettings(deadline_s=300, first_token_s=120, silence_s=60, slots=200)


def _standard_lane() -> LaneSettings:
    return LaneSettings(deadline_s=60, first_token_s=30, silence_s=20, slots=100)


def _fallback_lane() -> LaneSettings:
    return LaneSettings(deadline_s=30, first_token_s=20, silence_s=15, slots=100)


class LanesSettings(Section):
    """The three lanes."""

    reasoning: LaneSettings = Field(default_factory=_reasoning_lane)
    standard: LaneSettings = Field(default_factory=_standard_lane)
    fallback: LaneSettings = Field(default_factory=_fallback_lane)

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, value: Any) -> Any:
        """Let a file name only the limits that it changes."""
        if not isinstance(value, dict):
            return value
        defaults = {"reasoning": _reasoning_lane, "standard": _standard_lane, "fallback": _fallback_lane}
        return {
            name: {**defaults[name]().model_dump(), **lane} if name in defaults and isinstance(lane, dict) else lane
            for name, lane in value.items()
        }


class BreakerSettings(Section):
    """The circuit breaker of each model."""

    failures: int = Field(default=5, ge=1, le=1_000, description="failures within the window that open it")
    window_s: Seconds = Field(default=30.0, description="the window")
    open_s: Seconds = Field(default=15.0, description="how long it stays open before one probe is let through")


class BudgetSettings(Section):
    """How a deadline is divided, and what the fallback gets."""

    default_deadline_s: Seconds = Field(default=600.0, description="a job's deadline when the caller gives none")
    max_deadline_s: Seconds = Field(default=3_600.0, description="longest deadline that a caller may ask for")
    margin_s: Seconds = Field(
        default=2.0, description="kept for queues and bookkeeping, at most a tenth of the deadline"
    )
    min_reasoning_s: Seconds = Field(default=1.0, description="with less than this left, reasoning is not begun")
    hand_on_thinking: bool = Field(default=False, description="give the fallback what the timed-out model had thought")
    hand_on_chars: int = Field(default=4_000, ge=100, le=100_000, description="how much of it, from its end")
