"""Settings of the checks of the cache: audits of its answers, and pairs of queries that are judged later."""

from __future__ import annotations

from pydantic import Field

from workers.section import Seconds, Section


class AuditSettings(Section):
    """Cached answers that are answered again in the background, to see whether they were right."""

    rate: float = Field(
        default=0.01, ge=0, le=1, description="share of the answers given by meaning that are answered again; 0: none"
    )
    exact_rate: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="the same of answers given to the same query: shows ageing, and a model's mood",
    )
    limit: float = Field(
        default=0.05,
        gt=0,
        le=1,
        description="upper bound of the error rate (Wilson, 95 %) from which on a scope becomes stricter",
    )
    recover_s: Seconds = Field(
        default=86_400,
        description="after that a scope becomes one step less strict; twice as long each time, to a week",
    )
    per_day: int = Field(default=200, ge=0, description="most audits of one tenant a day")
    usd_per_day: float = Field(default=1.0, ge=0, description="what they may cost in US dollars; none begins beyond it")


class GreySettings(Section):
    """Pairs that the judge cannot decide, judged later by the standard model."""

    per_day: int = Field(default=0, ge=0, description="most pairs of one tenant judged a day; 0: none")
    usd_per_day: float = Field(default=0.5, ge=0, description="what they may cost in US dollars; none begins beyond it")
    min_similarity: float = Field(default=0.85, ge=0, le=1, description="cosine below which a pair is not worth it")
