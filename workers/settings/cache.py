"""Settings of the answer cache, of the audits of its answers, and of the pairs that are judged later."""

from __future__ import annotations

from pydantic import Field

from workers.settings.section import Name, Seconds, Section


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


class CacheSettings(Section):
    """The answer cache."""

    enabled: bool = Field(default=True, description="whether answers are kept and served")
    ttl_s: Seconds = Field(default=86_400, description="life of an answer")
    max_temperature: float = Field(default=1.0, ge=0, le=2, description="hotter answers are not kept")
    max_answer_bytes: int = Field(default=256_000, ge=100, description="larger answers are not kept")
    max_bytes: int = Field(
        default=256_000_000, ge=10_000, description="size of all entries in Redis; beyond it what is worth least goes"
    )
    now_ttl_s: float = Field(
        default=60.0, ge=0, le=604_800, description="life of answers about the present (today, latest); 0: not kept"
    )
    own_data_ttl_s: float = Field(
        default=0.0,
        ge=0,
        le=604_800,
        description="life of answers about the asker's own data (my balance); 0: not kept",
    )
    shared: dict[Name, Name] = Field(
        default_factory=dict, description="tenant -> group: tenants of one group share their answers"
    )
    join: bool = Field(
        default=True, description="whether a query equal to one in flight waits for its answer instead of paying again"
    )
    semantic: bool = Field(default=False, description="whether queries of the same meaning are answered, too")
    min_similarity: float = Field(
        default=0.75, ge=0, le=1, description="cosine below which a stored query is not even examined"
    )
    candidates: int = Field(default=8, ge=1, le=100, description="most stored queries examined for one query")
    snapshot_s: Seconds = Field(default=60.0, description="how often a changed index is written to disk at the most")
    audit: AuditSettings = Field(default_factory=AuditSettings, description="audits of cached answers")
    grey: GreySettings = Field(default_factory=GreySettings, description="pairs judged later")
