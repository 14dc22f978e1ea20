"""Checks of the cache, when no user's job waits: a cached answer is answered again and compared, or a pair of queries judged.

A clock puts hints into a lane's queue while nothing else is in it; a worker that takes one claims the check, which is refused
when a user's job has come since, and which is broken off when it has the last slot of its process and a user's job waits. A
check has no caller: whatever goes wrong costs a sample, and never a job.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from workers.contracts.calls import ModelCall, Reply, StreamLimits
from workers.contracts.errors import AttemptFailed, ReplyUnusable, StoreUnavailable, StructuredOutputInvalid
from workers.contracts.job import Lane
from workers.contracts.request import Generation, JobRequest
from workers.settings import Settings
from workers.stages import comparing
from workers.stages.lease import Live
from workers.stages.persist import persist
from workers.stages.plan import Plan, plan_attempt
from workers.stages.ports import Structure
from workers.stages.stream import Tally
from workers.store.checks import MOST_TRIES, Check, CheckStore, Outcome, Spent, Stricter
from workers.telemetry import logger

log = logger("check")
CLAIM_FOR_S: Final = 5.0
SETTLE_FOR_S: Final = 60.0  # what was found was paid for
PUMP_S: Final = 1.0
WATCH_S: Final = 0.2


class Caller(Protocol):
    """Makes one call of a model, behind its breaker and within its limits."""

    async def call(self, plan: Plan, live: Live, tally: Tally) -> Reply:
        """Stream one reply; raises AttemptFailed."""
        ...


@dataclass(frozen=True, slots=True)
class CheckStage:
    """Checks the cache."""

    store: CheckStore
    caller: Caller
    structure: Structure
    settings: Settings
    crowded: Callable[[], bool] = lambda: False  # whether this process has no slot left for users' jobs
    _running: set[asyncio.Task[Any]] = field(default_factory=set, init=False)

    async def run(self, check_id: str, tries: int) -> None:
        """Claim one check, do it, and write what it found."""
        check = await persist(lambda: self.store.claim(check_id, tries), for_s=CLAIM_FOR_S)
        task = asyncio.current_task()
        if isinstance(check, str) or task is None:
            log.debug("check.dropped", check=check_id, status=check)
            return
        spent: list[Spent] = []
        self._running.add(task)
        watch = asyncio.create_task(self._give_way(check.lane, task))
        outcome: Outcome
        try:
            outcome = await self._outcome(check, spent)
        except asyncio.CancelledError:
            outcome = "again"
        finally:
            self._running.discard(task)
            watch.cancel()
        await self._settle(check, outcome, spent)

    async def pump_for_ever(self, queues: Sequence[Lane]) -> None:
        """Put hints for what may begin into the queues until cancelled."""
        while True:
            await asyncio.sleep(PUMP_S)
            try:
                for queue in queues:
                    await self.store.send_hints(queue, await self.store.due(queue))
            except StoreUnavailable:
                log.warning("checks.waiting", reason="Redis is away")

    def stop(self) -> None:
        """Break off what runs: it is begun again by another worker, and users' jobs get the grace."""
        for task in tuple(self._running):
            task.cancel()

    async def _give_way(self, queue: Lane, task: asyncio.Task[Any]) -> None:
        """Break a check off when a user's job waits for the slot that it has."""
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                if self.crowded() and await self.store.users_wait(queue):
                    log.info("check.gave_way", queue=queue)
                    task.cancel()
                    return
            except StoreUnavailable:
                continue

    async def _outcome(self, check: Check, spent: list[Spent]) -> Outcome:
        try:
            return await (self._audit(check, spent) if check.kind == "audit" else self._pair(check, spent))
        except (StructuredOutputInvalid, ReplyUnusable):
            return "undecided"
        except AttemptFailed as error:
            log.info("check.failed", check=check.check_id, cause=error.cause, tries=check.tries)
            return "again" if check.tries < MOST_TRIES else "failed"

    async def _audit(self, check: Check, spent: list[Spent]) -> Outcome:
        """Ask the model that gave the stored answer, with all that the served job had asked."""
        if check.model not in self.settings.models:
            return "failed"
        lane = getattr(self.settings.lanes, check.lane)
        until = check.job.now_ms + round(lane.deadline_s * 1000)
        request = check.job.request.model_copy(update={"model": check.model})
        claim = replace(check.job, request=request, deadline_ms=until, reasoning_until_ms=until)
        plan = plan_attempt(claim, self.settings, self.structure)
        reply = await self._call(check, plan, spent)
        if reply.truncated:
            return "undecided"
        fresh = self.structure.extract(reply, plan.ask).value
        found = comparing.compare(check.served, fresh)
        if found != "texts":
            return found
        return await self._judged(check, comparing.ask_about_answers(request.query, check.served, fresh), spent)

    async def _pair(self, check: Check, spent: list[Spent]) -> Outcome:
        asked = comparing.ask_about_questions(check.stored_text, check.job.request.query)
        return await self._judged(check, asked, spent)

    async def _judged(self, check: Check, asked: JobRequest | None, spent: list[Spent]) -> Outcome:
        """Have the standard model say whether two things are the same."""
        if asked is None:
            return "undecided"
        lane = self.settings.lanes.standard
        model = self.settings.models[lane.model]
        ask = self.structure.ask(asked, model)
        limits = StreamLimits(lane.first_token_s, lane.silence_s, lane.deadline_s, lane.max_reply_bytes)
        call = ModelCall(model, ask.messages, Generation(temperature=asked.temperature), limits, ask.body)
        plan = Plan(model, ask, call, lane)
        reply = await self._call(check, plan, spent)
        return "same" if self.structure.extract(reply, ask).value["same"] else "wrong"

    async def _call(self, check: Check, plan: Plan, spent: list[Spent]) -> Reply:
        task = asyncio.current_task()
        if task is None:  # pragma: no cover - a coroutine always runs in a task
            raise RuntimeError("a call needs a task to be cancelled by")
        tally = Tally(check.job)
        tally.begin(plan.model)
        try:
            return await self.caller.call(plan, Live(check.check_id, check.tries, task, "waiting"), tally)
        finally:
            if tally.usage.prompt_tokens or tally.usage.completion_tokens:
                spent.append(Spent(plan.model.name, tally.usage, tally.cost_usd))

    async def _settle(self, check: Check, outcome: Outcome, spent: Sequence[Spent]) -> None:
        judge = self.settings.lanes.standard.model
        done = await persist(lambda: self.store.settle(check, outcome, spent, judge), for_s=SETTLE_FOR_S)
        log.info(
            "cache.checked",
            check=check.check_id,
            kind=check.kind,
            tier=check.tier or None,
            outcome=outcome,
            scope=check.scope,
        )
        if isinstance(done, Stricter):
            temper = done.temper
            log.warning(
                "cache.stricter", scope=check.scope, level=temper.level, wrong=temper.found[0], audited=temper.found[1],
                limit=self.settings.cache.audit.limit, until_ms=temper.until_ms,
            )  # fmt: skip
