"""The exact tier at classification: the same query in the same scope was answered while this job waited in line.

At submission the same look-up is part of submit.lua. The semantic tier will stand behind the same face.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from workers.contracts.caching import CachedAnswer
from workers.contracts.job import CacheNote
from workers.contracts.routing import RouteDecision
from workers.store.reading import JobReader
from workers.store.record import Claim


@dataclass(frozen=True, slots=True)
class ExactCache:
    """Looks a claimed job up by the hash of its query and scope."""

    reader: JobReader

    async def look_up(self, claim: Claim) -> CachedAnswer | None:
        """Find the answer to the same query in the same scope; the store's entry ends by itself."""
        if not claim.cache_key:
            return None
        entry = await self.reader.exact(claim.tenant, claim.cache_key)
        if entry is None:
            return None
        note = CacheNote(
            outcome="hit",
            tier="exact",
            source_job=entry["job"],
            reason="same query in the same scope, answered meanwhile",
        )
        route = RouteDecision.model_validate_json(entry["route"]) if entry["route"] else None
        return CachedAnswer(note, json.loads(entry["result"]), entry["model"] or None, route)
