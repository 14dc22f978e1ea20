"""An answer that was given before, as the cache hands it to the classify stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workers.contracts.job import CacheNote
from workers.contracts.routing import RouteDecision


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """An answer that may be given to this query, and why."""

    note: CacheNote
    result: Any
    model: str | None
    route: RouteDecision | None
