"""The semantic tier: a stored query of the same scope that means the same. Similarity proposes, a judge decides.

The replica proposes the nearest stored queries. Each is read from Redis, with the log's tail, before it is judged, so that
nothing that was removed is served however far behind the replica is; the first one that the judge accepts is the answer.
How strict the scope is (workers/contracts/audit.py) is read with them: what audits found bounds what is given.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from workers.cache.exact import ExactCache
from workers.cache.examining import AUDIT, Examination, Judge
from workers.cache.replica.follower import Follower
from workers.cache.timeliness import about_own_data
from workers.contracts.caching import CachedAnswer, Looked
from workers.contracts.errors import StoreUnavailable
from workers.contracts.job import CacheNote
from workers.contracts.routing import Vector
from workers.memory import collect_early
from workers.settings import CacheSettings
from workers.store.cache_log import CacheLog, Looking, as_text
from workers.store.entries import entry_id, name_of
from workers.store.record import Claim
from workers.telemetry import logger

log = logger("cache")
MOST_REASON_CHARS: Final = 300
PAUSE: Final = 4  # times as long as preparing one text takes: a fifth of one core at the most
UNDECIDED: Final = frozenset(
    {"words"}
)  # guards that found no difference of their own, only a word without a counterpart


class Pairs(Protocol):
    """Takes pairs that the judge could not decide, to have them judged later."""

    async def note_pair(self, claim: Claim, entry: str, ref: str, source: str, similarity: float) -> bool:
        """Note a pair; False when it is left out."""
        ...


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

    async def prepare_for_ever(self) -> None:
        """Prepare the judge for what comes into the cache: a look-up is waited for, this is not."""
        while True:
            text = await self.follower.texts.fresh()
            began = time.perf_counter()
            try:
                self.judge.prepare(text)
                collect_early()
            except Exception as error:  # noqa: BLE001 - a look-up will meet it again, and go on without the cache
                log.error("cache.preparing_failed", error=type(error).__name__)  # noqa: TRY400 - its text may quote
            await asyncio.sleep(PAUSE * (time.perf_counter() - began))

    async def _find(self, claim: Claim, vector: Vector) -> CachedAnswer | CacheNote | None:
        """Look for an answer; a note tells why the nearest stored query was refused.

        While Redis reads the log to its tail, the candidates that are known already are judged, and what has to be read
        is asked for behind it. When the log then changes the scope, it is searched again. So all that was added or
        removed before the look-up counts, and a look-up that finds nothing takes one round trip, with all of its own
        work beside it.
        """
        promoted = await self._promoted(claim) if self.pairs else None
        if promoted is not None:
            return promoted
        scope, query = _scope(claim), claim.request.query
        asking = await self.source.ask(self.follower.replica.position)
        examined, state = await self._proposed(scope, vector, query)
        wanted = await examined.go_on()
        looking = await self.source.ask_for(scope, wanted) if wanted else None
        await self.follower.follow(await asking.tail())
        if self.follower.replica.state(scope) != state:
            examined, _ = await self._proposed(scope, vector, query)
            wanted, looking = await examined.go_on(), None
        return await self._decided(claim, examined, wanted, looking)

    async def _proposed(self, scope: str, vector: Vector, query: str) -> tuple[Examination, int]:
        """Propose the nearest, and name the state of the scope."""
        settings = self.settings
        near = await self.follower.search(scope, vector, settings.candidates, settings.min_similarity)
        examined = Examination(dict(near), query, self.judge, self.follower.texts)
        return examined, self.follower.replica.state(scope)

    async def _decided(
        self, claim: Claim, examined: Examination, wanted: list[str], looking: Looking | None
    ) -> CachedAnswer | CacheNote | None:
        """Read what is wanted, and may be asked for already, and judge on, until there is an answer or none.

        How strict the scope is, is heeded.
        """
        limit = self.settings.audit.limit
        while wanted:
            seen = await (looking or await self.source.ask_for(_scope(claim), wanted)).look()
            looking = None
            if seen.temper.level == "exact_only":
                return _closed(examined, seen.temper.why(limit))
            examined.strict = seen.temper.why(limit) if seen.temper.level == "strict" else None
            examined.take(wanted, seen.entries)
            self.follower.know(wanted, seen.entries)
            wanted = await examined.go_on()
        if examined.accepted is not None:
            return _answer(claim, examined, examined.accepted)
        await self._note_pair(claim, examined)
        return _refused(claim, examined)

    async def _promoted(self, claim: Claim) -> CachedAnswer | None:
        """Find the answer of the stored query that a model judged to ask the same, while the scope is open."""
        alias = await self.source.alias(claim.tenant, claim.cache_key or "")
        if alias is None:
            return None
        seen = await self.source.look(_scope(claim), [alias.ref])
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

    async def _note_pair(self, claim: Claim, examined: Examination) -> None:
        """Have the nearest pair judged later that is near enough and that no guard of its own refused."""
        if self.pairs is None or about_own_data(claim.request.query):
            return
        for ref, verdict in examined.verdicts.items():
            similarity = examined.near[ref]
            if verdict.guard in UNDECIDED and similarity >= self.settings.grey.min_similarity:
                if (await examined.read(ref)).guard not in UNDECIDED:
                    continue
                seen = await self.source.look(_scope(claim), [ref])
                entry = seen.entries[0]
                if entry is not None and seen.temper.level != "exact_only":
                    await self.pairs.note_pair(claim, name_of(ref), ref, entry["job"], similarity)
                return


def _scope(claim: Claim) -> str:
    """The claim's scope with its owner before it: the tenant, or the group that shares."""
    group, slash, _ = (claim.cache_key or "").partition("/")
    return f"{group if slash else claim.tenant}/{claim.cache_scope}"


def _closed(examined: Examination, why: str) -> CacheNote:
    return CacheNote(
        outcome="miss",
        similarity=round(next(iter(examined.near.values())), 4),
        guard=AUDIT,
        reason=f"nothing is answered by meaning in this scope: {why}",
    )


def _refused(claim: Claim, examined: Examination) -> CacheNote | None:
    nearest = next(iter(examined.verdicts), None)
    if nearest is None:
        return None
    return CacheNote(
        outcome="miss",
        similarity=round(examined.near[nearest], 4),
        guard=examined.verdicts[nearest].guard,
        reason=f"the nearest stored query was refused: {_words(claim, examined, nearest)}",
    )


def _words(claim: Claim, examined: Examination, ref: str) -> str:
    """Say why; the judge may quote the stored query, which in a shared scope only its own tenant may read."""
    verdict, own = examined.verdicts[ref], examined.of(ref).tenant == claim.tenant
    return verdict.reason[:MOST_REASON_CHARS] if own else f"by the judge's rule `{verdict.guard}`"


def _answer(claim: Claim, examined: Examination, ref: str) -> CachedAnswer:
    entry = examined.entries[ref]
    if entry is None:
        raise RuntimeError("accepted, and not there")  # `Examination` accepts what was read
    own = entry["tenant"] == claim.tenant
    note = CacheNote(
        outcome="hit",
        tier="semantic",
        source_job=entry["job"] if own else None,
        entry=entry_id(ref) if own else None,
        similarity=round(examined.near[ref], 4),
        guard=examined.verdicts[ref].guard,
        reason=_words(claim, examined, ref),
    )
    return CachedAnswer.of(note, entry, name_of(ref))
