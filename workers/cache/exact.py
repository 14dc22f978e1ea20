"""The exact tier at classification: the same query in the same scope was answered while this job waited in line.

At submission the same look-up is part of submit.lua. The semantic tier (semantic.py) stands behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from workers.cache.timeliness import about_own_data
from workers.contracts.caching import CachedAnswer, Looked
from workers.contracts.job import CacheNote
from workers.contracts.routing import Vector
from workers.store.entries import entry_name
from workers.store.reading import JobReader
from workers.store.record import Claim

WAITED: Final = "waited for the answer to the same query in the same scope"


@dataclass(frozen=True, slots=True)
class ExactCache:
    """Looks a claimed job up by the hash of its query and scope."""

    reader: JobReader
    join: bool = True

    def may_join(self, claim: Claim) -> bool:
        """Whether the claim may wait for another's answer: not when that is about another asker's own data."""
        return self.join and bool(claim.cache_key) and not about_own_data(claim.request.query)

    async def look_up(self, claim: Claim) -> CachedAnswer | None:
        """Find the answer to the same query in the same scope; the store's entry ends by itself."""
        if not claim.cache_key:
            return None
        entry = await self.reader.exact(claim.tenant, claim.cache_key)
        if entry is None:
            return None
        own = entry["tenant"] in (None, claim.tenant)
        note = CacheNote(
            outcome="hit",
            tier="join" if claim.waited else "exact",
            source_job=entry["job"] if own else None,
            reason=WAITED if claim.waited else "same query in the same scope, answered meanwhile",
        )
        return CachedAnswer.of(note, entry, entry_name(claim.tenant, claim.cache_key))

    async def look_near(self, claim: Claim, vector: Vector) -> Looked:  # noqa: ARG002 - the Protocol's
        """Find nothing: the semantic tier is switched off."""
        return Looked()
