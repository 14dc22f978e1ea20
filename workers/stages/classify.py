"""The first stage: look the query up in the cache, else decide its lane and send it there.

The router and the cache are Protocols defined here; runtime.py chooses who plays them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from workers.contracts.caching import CachedAnswer, Looked
from workers.contracts.job import Expected, Fallback, Lane
from workers.contracts.routing import Query, RouteDecision, Vector
from workers.settings import Settings
from workers.stages.lease import Leases, Live
from workers.stages.persist import persist
from workers.store.jobs import JobStore, Move
from workers.store.record import Claim, as_json
from workers.telemetry import logger

log = logger("classify")
CLAIM_FOR_S = 5.0  # beyond that the reaper sends the message again
SETTLE_FOR_S = 60.0


class Encoder(Protocol):
    """Turns a query into the vector that router and cache share; None where neither needs one."""

    async def embed(self, text: str) -> Vector:
        """Encode one text, together with whatever else waits."""
        ...


class Router(Protocol):
    """Decides for each query whether it needs a reasoning model."""

    async def decide(self, queries: Sequence[Query], vectors: Sequence[Vector]) -> list[RouteDecision]:
        """Decide several queries at once, by their vectors."""
        ...

    def count(self, decision: RouteDecision) -> None:
        """Count a decision that is followed."""
        ...


class AnswerCache(Protocol):
    """Finds an answer that was given before."""

    async def look_up(self, claim: Claim) -> CachedAnswer | None:
        """Find the answer to the same query in the claim's scope; None when there is none."""
        ...

    def may_join(self, claim: Claim) -> bool:
        """Whether the claim may wait for the answer of a job in flight that asks the same."""
        ...

    async def look_near(self, claim: Claim, vector: Vector) -> Looked:
        """Find the answer to a query of the same meaning, and say what the record takes along without one."""
        ...


class Expectations(Protocol):
    """Knows how long answers take."""

    async def expected(self, task_type: str, model: str, prompt_chars: int) -> Expected:
        """Tell how long an answer of this task type by this model to a prompt of this size is likely to take."""
        ...


@dataclass(frozen=True, slots=True)
class ClassifyStage:
    """Classifies one job."""

    store: JobStore
    leases: Leases
    encoder: Encoder
    router: Router
    cache: AnswerCache
    expectations: Expectations
    depths: Callable[[], Awaitable[dict[str, int]]]
    settings: Settings
    worker: str

    async def run(self, job_id: str, attempt: int) -> None:
        """Claim, look up, decide, send on."""
        claim = await persist(lambda: self.store.claim("classify", job_id, attempt, self.worker), for_s=CLAIM_FOR_S)
        if isinstance(claim, str):
            log.debug("message.dropped", job=job_id, attempt=attempt, status=claim)
            return
        with self.leases.holding(claim) as live:
            try:
                await self._classify(claim)
            except asyncio.CancelledError:
                await self._stopped(claim, live)

    async def _classify(self, claim: Claim) -> None:
        if claim.request.cache == "use" and await self._answered_or_joined(claim):
            return
        vector = await self.encoder.embed(claim.request.query)
        near = await self.cache.look_near(claim, vector)
        if near.hit is not None and await self._serve(claim, near.hit):
            return
        await self._send_on(claim, await self._decide(claim, vector), near.fields)

    async def _answered_or_joined(self, claim: Claim) -> bool:
        """Serve the same query's answer, or wait for the job in flight that is about to bring it."""
        key = claim.cache_key or ""
        while True:
            hit = await self.cache.look_up(claim)
            if hit is not None and await self._serve(claim, hit):
                return True
            if not self.cache.may_join(claim):
                return False
            done = await persist(lambda: self.store.join(claim.job_id, claim.attempt, key), for_s=SETTLE_FOR_S)
            if done != "look":  # else the answer came between the two questions
                return done not in ("lead", "alone")

    async def _stopped(self, claim: Claim, live: Live) -> None:
        """Leave a job that is no longer ours; only an unexplained cancellation is passed on."""
        if live.handed_back:
            await self.store.requeue("classify", claim.job_id, claim.attempt, reason="handed_back", crash=False)
        elif not live.lost:
            raise asyncio.CancelledError

    async def _decide(self, claim: Claim, vector: Vector) -> RouteDecision:
        request = claim.request
        history = tuple(turn.content for turn in request.messages[:-1] if turn.role != "system")
        (decision,) = await self.router.decide([Query(request.query, request.instructions, history)], [vector])
        if request.route == "auto":
            self.router.count(decision)
            return decision
        return decision.model_copy(
            update={
                "lane": request.route,
                "confidence": 1.0,
                "reason": f"the caller asked for the {request.route} lane",
                "decided_by": "caller",
            }
        )

    async def _serve(self, claim: Claim, hit: CachedAnswer) -> bool:
        """End the job with a cached answer; False when that was removed or replaced meanwhile."""
        fields = {
            "result": as_json(hit.result),
            "model": hit.model,
            "route": hit.route,
            "cache": hit.note,
            "served_by": "semantic_cache" if hit.note.tier == "semantic" else "exact_cache",
        }
        served = await persist(lambda: self.store.serve(claim.job_id, claim.attempt, hit, fields), for_s=SETTLE_FOR_S)
        if served == "ok":
            log.info("cache.hit", job=claim.job_id, tier=hit.note.tier, similarity=hit.note.similarity)
        return served != "gone"

    async def _send_on(self, claim: Claim, decision: RouteDecision, along: Mapping[str, Any]) -> None:
        move = await self._move(claim, decision, along)
        sent = await persist(lambda: self.store.move(claim.job_id, claim.attempt, move), for_s=SETTLE_FOR_S)
        if sent != "ok":
            log.info("route.refused", job=claim.job_id, attempt=claim.attempt, status=sent)

    async def _move(self, claim: Claim, decision: RouteDecision, along: Mapping[str, Any]) -> Move:
        lanes = self.settings.lanes
        lane: Lane = decision.lane
        fields: dict[str, Any] = {**along, "route": decision, "task_type": decision.task_type}
        if lane == "reasoning" and (await self.depths())["reasoning"] >= lanes.reasoning.max_depth:
            lane = "fallback"
            fields["fallback"] = Fallback(
                cause="queue_full", from_model=None, after_s=0.0, task_type=decision.task_type
            )
            fields["causes"] = "queue_full"
        model = lanes.fallback.model if lane == "fallback" else claim.request.model or getattr(lanes, lane).model
        fields["model"] = model
        chars = sum(len(turn.content) for turn in claim.request.messages)
        expected = fields["expected"] = await self.expectations.expected(decision.task_type, model, chars)
        data = {
            "lane": lane,
            "model": model,
            "confidence": decision.confidence,
            "reason": decision.reason,
            "task_type": decision.task_type,
            "expected": expected.model_dump(exclude_none=True),
            "cache": _cache_outcome(claim),
        }
        return Move(lane, "routed", data, fields)


def _cache_outcome(claim: Claim) -> str:
    """What the cache did for a query that goes on to a model."""
    if claim.cache_key is None:
        return "off"
    return "refresh" if claim.request.cache == "refresh" else "miss"
