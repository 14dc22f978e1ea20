"""What the cache hands to others: an answer that was given before, a rule of keeping, and entries as their owner sees them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, JsonValue

from workers.contracts.job import CacheNote, Frozen, Lane
from workers.contracts.routing import RouteDecision

TAG_KEY = "cache_tag"  # of a job's metadata: one tag, or several with commas between them


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """An answer that may be given to this query, and why. `entry` is its key in the store, `source` the job that gave it."""

    note: CacheNote
    result: Any
    model: str | None
    route: RouteDecision | None
    entry: str = ""
    source: str = ""

    @classmethod
    def of(cls, note: CacheNote, entry: Mapping[str, str | None], name: str) -> CachedAnswer:
        """Take the answer out of an entry: `job`, `result` and `route` as JSON, `model`."""
        route = RouteDecision.model_validate_json(entry["route"]) if entry["route"] else None
        return cls(note, json.loads(entry["result"] or "null"), entry["model"] or None, route, name, entry["job"] or "")


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look-up by meaning found: an answer, or what the job's record takes along for when its answer is kept."""

    hit: CachedAnswer | None = None
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """Which rule decided on keeping an answer, and for how long; 0 seconds: not at all."""

    rule: str
    life_s: float


@dataclass(frozen=True, slots=True)
class CacheChoice:
    """Which entries of a tenant are meant; what is None is not asked."""

    scope: str | None = None
    tag: str | None = None
    older_than_s: float | None = None


class CacheEntry(Frozen):
    """A kept answer as the tenant that stored it sees it."""

    id: str
    object: Literal["cache_entry"] = "cache_entry"
    scope: str = Field(description="entries of one scope may answer each other's queries")
    shared: str | None = Field(default=None, description="the group of tenants that share it, if any")
    input: str | None = Field(default=None, description="what was asked when the answer was stored")
    source_job: str = Field(description="the job that gave the answer")
    model: str | None = None
    lane: Lane | None = None
    task_type: str | None = None
    rule: str | None = Field(default=None, description="the rule by which it was kept")
    tags: list[str] = Field(default_factory=list)
    semantic: bool = Field(description="whether it can be found by meaning, too")
    stored_at: datetime
    expires_at: datetime
    size_bytes: int
    hits: int = Field(description="how often it was given")
    saved_usd: float = Field(description="what its hits would have cost")
    saved_s: float = Field(description="how long they would have taken")


class CacheServed(Frozen):
    """One job that was given an entry's answer."""

    job: str | None = Field(default=None, description="absent when it was another tenant's, in a shared scope")
    at: datetime
    tier: Literal["exact", "semantic", "join"]
    similarity: float | None = None
    reason: str = Field(description="why it was accepted")
    input: str | None = Field(default=None, description="what that job asked, while it is kept")


class CacheEntryDetail(CacheEntry):
    """An entry with its answer and the latest jobs that were given it, newest first."""

    result: JsonValue | None = None
    served: list[CacheServed] = Field(default_factory=list)


class CachePage(Frozen):
    """One page of a tenant's entries, newest first."""

    object: Literal["list"] = "list"
    data: list[CacheEntry]
    next_cursor: str | None = Field(default=None, description="give it back as `cursor` for the next page")


class CacheRemoved(Frozen):
    """How many entries were taken away."""

    object: Literal["cache_removed"] = "cache_removed"
    removed: int
