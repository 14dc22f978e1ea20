"""The second stage: answer a claimed attempt in its lane. A pipe: claim, attempt, extract, finish.

One way leads out of every attempt: it ends the job, sends it to the fallback, hands it back, or finds that it was
lost. A cancellation by the owner is never a failure, and a failure never looks like a cancellation.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from workers.contracts.calls import Ask, Reply, StructuredAnswer
from workers.contracts.errors import (
    AttemptFailed,
    BreakerOpen,
    DeadlineExceeded,
    ReplyUnusable,
    StructuredOutputInvalid,
    UpstreamFailed,
)
from workers.contracts.job import Lane
from workers.settings import Settings
from workers.stages.lease import Leases, Live
from workers.stages.persist import persist
from workers.stages.plan import Plan, plan_attempt, plan_reshape
from workers.stages.ports import Breaker, Structure, Upstream
from workers.stages.settle import Settlement
from workers.stages.stream import Tally, collect
from workers.store.jobs import JobStore
from workers.store.record import Claim
from workers.telemetry import logger

log = logger("answer")
CLAIM_FOR_S = 5.0  # beyond that the reaper sends the message again


@dataclass(frozen=True, slots=True)
class AnswerStage:
    """Answers jobs of any lane."""

    store: JobStore
    leases: Leases
    upstream: Upstream
    structure: Structure
    breaker: Breaker
    settlement: Settlement
    settings: Settings
    worker: str

    async def run(self, lane: Lane, job_id: str, attempt: int) -> None:
        """Claim one attempt and see it through."""
        claim = await persist(lambda: self.store.claim(lane, job_id, attempt, self.worker), for_s=CLAIM_FOR_S)
        if isinstance(claim, str):
            log.debug("message.dropped", job=job_id, attempt=attempt, status=claim)
            return
        tally = Tally(claim)
        with self.leases.holding(claim) as live:
            try:
                await self._attempt(claim, live, tally)
            except asyncio.CancelledError:
                await self._stopped(claim, live, tally)

    async def _attempt(self, claim: Claim, live: Live, tally: Tally) -> None:
        try:
            plan = plan_attempt(claim, self.settings, self.structure)
            tally.begin(plan.model)
            reply = await self.call(plan, live, tally)
            answer = await self._extract(reply, plan, live, tally)
        except StructuredOutputInvalid as error:
            await self.settlement.failed(claim, tally, ReplyUnusable(str(error)), live.rest(), raw_text=tally.raw_text)
        except AttemptFailed as error:
            await self.settlement.failed(claim, tally, error, live.rest())
        else:
            await self.settlement.succeeded(claim, tally, reply, answer, live.rest())

    async def call(self, plan: Plan, live: Live, tally: Tally) -> Reply:
        """Stream one reply, and tell the model's breaker how it went; raises AttemptFailed."""
        name = plan.model.name
        if not await self.breaker.allows(name):
            raise BreakerOpen(f"the model {name} is known to be down")
        try:
            async with asyncio.timeout(plan.call.limits.total_s):
                reply = await collect(self.upstream.stream(plan.call), live, tally)
        except TimeoutError as error:
            await self._judge(name, alive=tally.first_token_s is not None)
            raise DeadlineExceeded(f"no answer within {plan.call.limits.total_s:g} s") from error
        except UpstreamFailed as error:
            await self.breaker.failure(name, transient=error.transient)
            raise
        except AttemptFailed:
            await self._judge(name, alive=tally.first_token_s is not None)
            raise
        await self.breaker.success(name)
        if not reply.text.strip() and not reply.tool_arguments:
            raise ReplyUnusable("the reply is empty")
        return reply

    async def _judge(self, model: str, *, alive: bool) -> None:
        """A model that thinks too long is slow and not down; one that says nothing at all may be down."""
        if alive:
            await self.breaker.success(model)
        else:
            await self.breaker.failure(model, transient=True)

    async def _extract(self, reply: Reply, plan: Plan, live: Live, tally: Tally) -> StructuredAnswer:
        """Take the JSON out of a reply; what does not fit is given to the standard model once, to be reshaped."""
        live.enter("extracting")
        try:
            return self._read(reply, plan.ask)
        except StructuredOutputInvalid as error:
            tally.raw_text = reply.text or reply.tool_arguments or ""
            again = plan_reshape(plan, reply, error.problems, self.settings, self.structure, tally)
            if again is None:
                raise
            tally.reshape(again.model)
            live.again()
            log.info("answer.reshaping", job=tally.job_id, model=again.model.name, problems=len(error.problems))
            reshaped = await self.call(again, live, tally)
            return StructuredAnswer(self._read(reshaped, again.ask).value, repaired=True)

    def _read(self, reply: Reply, ask: Ask) -> StructuredAnswer:
        return self.structure.extract(reply, ask)

    async def _stopped(self, claim: Claim, live: Live, tally: Tally) -> None:
        """Leave a job that is no longer ours; only an unexplained cancellation is passed on."""
        if live.handed_back:
            await self.settlement.handed_back(claim)
        elif live.lost == "cancelled":
            await self.settlement.cancelled(claim, tally)
        elif not live.lost:
            raise asyncio.CancelledError
