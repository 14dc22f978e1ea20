"""The semantic tier: a stored query of the same scope that means the same. Similarity proposes, a judge decides.

The replica proposes the nearest stored queries. Each is read from Redis, with the log's tail, before it is judged, so that
nothing that was removed is served however far behind the replica is; the first one that the judge accepts is the answer.
How strict the scope is (workers/contracts/audit.py) is read with them: what audits found bounds what is given.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from workers.cache.exact import ExactCache
from workers.cache.replica.follower import Follower
from workers.cache.timeliness import about_own_data
from workers.contracts.audit import Temper
from workers.contracts.caching import CachedAnswer, Looked
from workers.contracts.errors import StoreUnavailable
from workers.contracts.job import CacheNote
from workers.contracts.routing import Vector
from workers.settings import CacheSettings
from workers.store.cache_log import CacheLog, as_text
from workers.store.entries import entry_id, name_of
from workers.store.record import Claim
from workers.telemetry import logger

log = logger("cache")
MOST_REASON_CHARS: Final = 300
# Of all texts of a look-up together: they are read in the loop. Reading a new text takes 5 us a character, so this is 5 ms
# at the most; a way to another thread and back takes as long on a machine that is busy.
AT_ONCE_CHARS: Final = 1_000
UNDECIDED: Final = frozenset(
    {"words"}
)  # guards that found no difference of their own, only a word without a counterpart
AUDIT: Final = "audit"  # stands as the guard where a strict scope refuses what the judge accepts
SAME: Final = "same"  # what the judge says of pairs of the same words


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
    """Decides whether the answer to a stored query is the answer to another, by their texts and the cosine of their embeddings."""

    def glance(self, stored: str, asked: str, similarity: float) -> Verdict | None:
        """Decide what takes next to no time; None: the texts are to be read."""
        ...

    def read(self, stored: str, asked: str, similarity: float) -> Verdict:
        """Decide the others; called in the loop or, with long texts, in a thread."""
        ...


class Pairs(Protocol):
    """Takes pairs that the judge could not decide, to have them judged later."""

    async def note_pair(self, claim: Claim, entry: str, ref: str, source: str, similarity: float) -> bool:
        """Note a pair; False when it is left out."""
        ...


@dataclass(frozen=True, slots=True)
class Refused:
    """The verdict of a strict scope on what the judge accepts."""

    reason: str
    hit: bool = False
    guard: str | None = AUDIT


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
    pairs: Pairs | None = None

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
        promoted = await self._promoted(claim) if self.pairs else None
        if promoted is not None:
            return promoted
        candidates, temper = await self._candidates(_scope(claim), vector)
        if not candidates:
            return None
        if temper.level == "exact_only":
            return _closed(candidates[0], temper, self.settings.audit.limit)
        strict = temper.why(self.settings.audit.limit) if temper.level == "strict" else None
        verdicts = await self._verdicts(candidates, claim.request.query, strict)
        if verdicts[-1].hit:
            return _answer(claim, candidates[len(verdicts) - 1], verdicts[-1])
        await self._note_pair(claim, candidates, verdicts)
        return CacheNote(
            outcome="miss",
            similarity=round(candidates[0].similarity, 4),
            guard=verdicts[0].guard,
            reason=f"the nearest stored query was refused: {_words(claim, candidates[0], verdicts[0])}",
        )

    async def _candidates(self, scope: str, vector: Vector) -> tuple[list[Candidate], Temper]:
        """Propose entries and read them; with them, in the same step, the log is read to its tail.

        When that changed the scope, it is searched again, and what was not proposed before is read, too. So all that was
        added or removed before the look-up counts, and most look-ups are one round trip.
        """
        near, state = await self._proposed(scope, vector)
        seen = await self.source.look(self.follower.replica.position, scope, list(near))
        entries, temper = dict(zip(near, seen.entries, strict=True)), seen.temper
        await self.follower.follow(seen.tail)
        if self.follower.replica.state(scope) != state:
            near, _ = await self._proposed(scope, vector)
            if more := [ref for ref in near if ref not in entries]:
                again = await self.source.look("", scope, more)
                entries |= zip(more, again.entries, strict=True)
                temper = again.temper
        candidates = [
            Candidate(ref, entry, similarity)
            for ref, similarity in near.items()
            if (entry := entries[ref]) is not None and entry["text"]  # else it was removed, or its life is over
        ]
        return candidates, temper

    async def _proposed(self, scope: str, vector: Vector) -> tuple[dict[str, float], int]:
        """Propose the nearest: references with their cosines, best first, and the state of the scope."""
        settings = self.settings
        near = await self.follower.search(scope, vector, settings.candidates, settings.min_similarity)
        return dict(near), self.follower.replica.state(scope)

    async def _verdicts(self, candidates: list[Candidate], asked: str, strict: str | None) -> list[Verdict]:
        """Judge one candidate after the other, nearest first, until one is accepted; `strict` says why a scope is."""
        verdicts: list[Verdict] = []
        chars = len(asked)
        for candidate in candidates:
            chars += len(candidate.entry["text"])
            verdict = await self._verdict(candidate, asked, at_once=chars <= AT_ONCE_CHARS)
            if verdict.hit and strict and verdict.guard != SAME:
                verdict = Refused(f"only the same words are answered by meaning in this scope: {strict}")
            verdicts.append(verdict)
            if verdict.hit:
                break
        return verdicts

    async def _verdict(self, candidate: Candidate, asked: str, *, at_once: bool) -> Verdict:
        """Judge at a glance, or by reading: short texts at once, others in a thread, since they take milliseconds."""
        stored, similarity = candidate.entry["text"], candidate.similarity
        if (seen := self.judge.glance(stored, asked, similarity)) is not None:
            return seen
        if at_once:
            return self.judge.read(stored, asked, similarity)
        return await asyncio.to_thread(self.judge.read, stored, asked, similarity)

    async def _promoted(self, claim: Claim) -> CachedAnswer | None:
        """Find the answer of the stored query that a model judged to ask the same, while the scope is open."""
        alias = await self.source.alias(claim.tenant, claim.cache_key or "")
        if alias is None:
            return None
        seen = await self.source.look("", _scope(claim), [alias.ref])
        entry = seen.entries[0]
        if entry is None or entry["job"] != alias.source or seen.temper.level != "open":
            return None
        own = entry["tenant"] == claim.tenant
        note = CacheNote(
            outcome="hit",
            tier="semantic",
            source_job=entry["job"] if own else None,
            entry=entry_id(alias.ref) if own else None,
            similarity=alias.similarity,
            guard="judged",
            reason=f"judged by {alias.by}: both ask the same",
        )
        return CachedAnswer.of(note, entry, name_of(alias.ref))

    async def _note_pair(self, claim: Claim, candidates: list[Candidate], verdicts: list[Verdict]) -> None:
        """Have the nearest pair judged later that is near enough and that no guard of its own refused."""
        if self.pairs is None or about_own_data(claim.request.query):
            return
        for found, verdict in zip(candidates, verdicts, strict=True):
            if verdict.guard in UNDECIDED and found.similarity >= self.settings.grey.min_similarity:
                await self.pairs.note_pair(claim, name_of(found.ref), found.ref, found.entry["job"], found.similarity)
                return


def _scope(claim: Claim) -> str:
    """The claim's scope with its owner before it: the tenant, or the group that shares."""
    group, slash, _ = (claim.cache_key or "").partition("/")
    return f"{group if slash else claim.tenant}/{claim.cache_scope}"


def _closed(nearest: Candidate, temper: Temper, limit: float) -> CacheNote:
    return CacheNote(
        outcome="miss",
        similarity=round(nearest.similarity, 4),
        guard=AUDIT,
        reason=f"nothing is answered by meaning in this scope: {temper.why(limit)}",
    )


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
