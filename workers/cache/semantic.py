"""The semantic tier: a stored query of the same scope that means the same. Similarity proposes, a judge decides.

The replica proposes the nearest stored queries. Each is read from Redis before it is judged, so that nothing that was
removed is served however far behind the replica is; the first one that the judge accepts is the answer.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from workers.cache.exact import ExactCache
from workers.cache.replica.follower import Follower
from workers.contracts.caching import CachedAnswer, Looked
from workers.contracts.errors import StoreUnavailable
from workers.contracts.job import CacheNote
from workers.contracts.routing import Vector
from workers.settings import CacheSettings
from workers.store.cache_log import CacheLog, as_bytes, as_text
from workers.store.entries import entry_id, name_of
from workers.store.record import Claim
from workers.telemetry import logger

log = logger("cache")
MOST_REASON_CHARS: Final = 300


class Verdict(Protocol):
    """What a judge says: whether the stored answer may be given, why, and the guard that refused, if one did."""

    @property
    def hit(self) -> bool:
        """Whether it may be given."""
        ...

    @property
    def reason(self) -> str:
        """Why, or why not."""
        ...

    @property
    def guard(self) -> str | None:
        """The name of what refused, or accepted."""
        ...


class Judge(Protocol):
    """Decides whether the answer to a stored query is the answer to another; called in a thread."""

    def judge(self, stored: str, asked: str, vectors: tuple[Vector, Vector]) -> Verdict:
        """Judge a pair of queries with their vectors, in the same order, each of length one."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored query that is near, as it is in Redis now."""

    ref: str
    entry: dict[str, str]
    similarity: float


@dataclass(frozen=True, slots=True)
class SemanticCache:
    """The exact tier again, then the semantic one."""

    exact: ExactCache
    follower: Follower
    source: CacheLog
    judge: Judge
    encoder: str
    settings: CacheSettings

    def may_join(self, claim: Claim) -> bool:
        """Whether the claim may wait for another's answer."""
        return self.exact.may_join(claim)

    async def look_up(self, claim: Claim) -> CachedAnswer | None:
        """Find the answer to the same query in the same scope."""
        return await self.exact.look_up(claim)

    async def look_near(self, claim: Claim, vector: Vector) -> Looked:
        """Find the answer to a query of the same meaning in the same scope.

        Without one, the job takes its vector along, so that its own answer can be found later. An error of index or
        judge is a miss: it costs an answer, and must not cost the job.
        """
        if not claim.cache_key or not claim.cache_scope or vector is None:
            return Looked()
        row = np.ascontiguousarray(vector, "<f4")
        fields: dict[str, Any] = {"cache_vector": as_text(row.tobytes()), "cache_encoder": self.encoder}
        if claim.request.cache != "use":
            return Looked(None, fields)
        try:
            found = await self._find(claim, row)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever broke in the cache, the job can be answered without it
            log.error("cache.broken", job=claim.job_id, error=type(error).__name__)  # noqa: TRY400 - its text may quote
            return Looked(None, fields)
        if isinstance(found, CachedAnswer):
            return Looked(found, fields)
        return Looked(None, fields if found is None else {**fields, "cache": found})

    async def _find(self, claim: Claim, vector: Vector) -> CachedAnswer | CacheNote | None:
        """Look for an answer; a note tells why the nearest stored query was refused."""
        await self.follower.catch_up()
        settings = self.settings
        near = await self.follower.search(_scope(claim), vector, settings.candidates, settings.min_similarity)
        entries = await self.source.entries([ref for ref, _ in near]) if near else []
        candidates = [
            Candidate(ref, entry, similarity)
            for (ref, similarity), entry in zip(near, entries, strict=True)
            if entry is not None and entry["text"]  # else it was removed, or its life is over
        ]
        if not candidates:
            return None
        verdicts = await asyncio.to_thread(self._judged, candidates, claim.request.query, vector)
        if verdicts[-1].hit:
            return _answer(claim, candidates[len(verdicts) - 1], verdicts[-1])
        return CacheNote(
            outcome="miss",
            similarity=round(candidates[0].similarity, 4),
            guard=verdicts[0].guard,
            reason=f"the nearest stored query was refused: {_words(claim, candidates[0], verdicts[0])}",
        )

    def _judged(self, candidates: list[Candidate], asked: str, vector: Vector) -> list[Verdict]:
        """Judge one candidate after the other, nearest first, until one is accepted."""
        verdicts = []
        for candidate in candidates:
            stored = np.frombuffer(as_bytes(candidate.entry["vector"]), "<f4")
            verdicts.append(self.judge.judge(candidate.entry["text"], asked, (stored, vector)))
            if verdicts[-1].hit:
                break
        return verdicts


def _scope(claim: Claim) -> str:
    """The claim's scope with its owner before it: the tenant, or the group that shares."""
    group, slash, _ = (claim.cache_key or "").partition("/")
    return f"{group if slash else claim.tenant}/{claim.cache_scope}"


def _own(claim: Claim, found: Candidate) -> bool:
    return bool(found.entry["tenant"] == claim.tenant)


def _words(claim: Claim, found: Candidate, verdict: Verdict) -> str:
    """Say why; the judge may quote the stored query, which in a shared scope only its own tenant may read."""
    return verdict.reason[:MOST_REASON_CHARS] if _own(claim, found) else f"by the judge's rule `{verdict.guard}`"


def _answer(claim: Claim, found: Candidate, verdict: Verdict) -> CachedAnswer:
    own = _own(claim, found)
    note = CacheNote(
        outcome="hit",
        tier="semantic",
        source_job=found.entry["job"] if own else None,
        entry=entry_id(found.ref) if own else None,
        similarity=round(found.similarity, 4),
        guard=verdict.guard,
        reason=_words(claim, found, verdict),
    )
    return CachedAnswer.of(note, found.entry, name_of(found.ref))
