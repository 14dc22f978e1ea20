"""Settles an attempt: succeeded, failed, sent to the fallback, cancelled, or handed back. One function for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from workers.contracts.caching import TAG_KEY, Kept
from workers.contracts.calls import Reply, StructuredAnswer
from workers.contracts.causes import Cause
from workers.contracts.errors import AttemptFailed, StoreUnavailable
from workers.contracts.job import Attempt, CacheNote, Fallback, JobError, Lane
from workers.settings import Settings
from workers.stages.persist import persist
from workers.stages.ports import Expectations, Keeping
from workers.stages.stream import Tally
from workers.store.durations import Duration
from workers.store.jobs import Ending, Failure, JobStore, Move, Told
from workers.store.record import Claim, as_json
from workers.telemetry import logger

log = logger("answer")
USD_A_SECOND = 0.0001  # what a second of waiting counts beside the price, so that answers of free models differ, too
News = Mapping[str, Any]
CUT_OFF = frozenset({"deadline", "silence", "first_token_timeout"})  # causes after which it would have needed longer
SETTLE_FOR_S = 120.0  # an outage of Redis that an answer in hand survives


@dataclass(frozen=True, slots=True)
class Settlement:
    """Writes how attempts ended."""

    store: JobStore
    expectations: Expectations
    keeping: Keeping
    settings: Settings

    async def succeeded(
        self, claim: Claim, tally: Tally, reply: Reply, answer: StructuredAnswer, rest: Sequence[News] = ()
    ) -> None:
        """End the job with its answer; keep the answer for repeats when a rule says so.

        Args:
            claim: the attempt.
            tally: what it used.
            reply: what the model wrote.
            answer: the JSON in it.
            rest: what no heartbeat has told yet.
        """
        model = tally.model.name if tally.model else ""
        result = as_json(answer.value)
        kept = self.keeping.rule(claim, reply, answer, len(result.encode()))
        fields = {
            **_spent(claim, tally),
            **_for_the_cache(claim, tally, kept),
            "result": result,
            "served_by": "model",
            "truncated": reply.truncated or None,
            "repaired": answer.repaired or None,
            "thinking_tokens": str(tally.usage.reasoning_tokens) if tally.usage.reasoning_tokens else None,
        }
        end = Ending(
            "succeeded",
            fields,
            attempt=_attempt(claim, tally, "succeeded"),
            exact_hash=claim.cache_key or "" if kept and kept.life_s else "",
            exact_s=kept.life_s if kept else 0.0,
            history=f"{claim.task_type}:{model}" if claim.task_type else "",
            duration=_duration(claim, tally, answered=True).write(),
            done={"lane": claim.queue},
            told=_told(rest),
        )
        if await self._finish(claim, end):
            log.info(
                "attempt.succeeded", job=claim.job_id, attempt=claim.attempt, lane=claim.queue, model=model,
                task_type=claim.task_type, duration_s=round(tally.elapsed_s, 3),
            )  # fmt: skip

    async def failed(
        self,
        claim: Claim,
        tally: Tally,
        error: AttemptFailed,
        rest: Sequence[News] = (),
        *,
        raw_text: str | None = None,
    ) -> None:
        """Log the failure by task type; reasoning goes on in the fallback, the others end the job."""
        failure = _failure(claim, tally, error, final=claim.queue != "reasoning")
        log.warning(
            "attempt.failed", job=claim.job_id, attempt=claim.attempt, lane=claim.queue, cause=error.cause,
            task_type=failure.task_type, model=failure.model, duration_s=round(failure.duration_s, 3),
        )  # fmt: skip
        if claim.queue == "reasoning":
            await self._fall_back(claim, tally, error, failure, rest)
        else:
            await self._fail(claim, tally, error, failure, _told(rest), raw_text)
        await self._remember_cut_off(claim, tally, error)

    async def _fail(
        self,
        claim: Claim,
        tally: Tally,
        error: AttemptFailed,
        failure: Failure,
        told: Told,
        raw_text: str | None,
    ) -> None:
        causes = [*claim.causes, error.cause]
        code = "structured_output_invalid" if error.cause == "unusable_output" else error.code
        fields = {
            **_spent(claim, tally),
            "error": JobError(code=code, message=_sentence(claim, error), causes=causes),
            "causes": ",".join(causes),
            "raw_text": raw_text,
        }
        attempt = _attempt(claim, tally, "failed", error)
        await self._finish(
            claim, Ending("failed", fields, attempt=attempt, failure=failure, done={"code": code}, told=told)
        )

    async def cancelled(self, claim: Claim, tally: Tally) -> None:
        """Add what the attempt had cost to the job that its owner ended."""
        spent, finished = _spent(claim, tally), _attempt(claim, tally, "cancelled")
        await persist(
            lambda: self.store.note_spend(
                claim.job_id, claim.attempt, finished, spent["usage"], claim.cost_usd + tally.cost_usd
            ),
            for_s=SETTLE_FOR_S,
        )

    async def handed_back(self, claim: Claim) -> None:
        """Give the attempt to another worker at once, without counting a crash."""
        queue, job_id, attempt = claim.queue, claim.job_id, claim.attempt
        await persist(lambda: self.store.requeue(queue, job_id, attempt, reason="handed_back", crash=False), for_s=2.0)

    async def _remember_cut_off(self, claim: Claim, tally: Tally, error: AttemptFailed) -> None:
        """Keep that the model needed longer than it was given; of other failures its duration says nothing."""
        model = tally.model.name if tally.model else ""
        if error.cause not in CUT_OFF or not model or not claim.task_type:
            return
        duration = _duration(claim, tally, answered=False).write()
        with suppress(StoreUnavailable):
            await self.store.note_duration(f"{claim.task_type}:{model}", duration)

    async def _fall_back(
        self, claim: Claim, tally: Tally, error: AttemptFailed, failure: Failure, rest: Sequence[News]
    ) -> None:
        model, task_type = self.settings.lanes.fallback.model, claim.task_type or "lookup"
        causes = [*claim.causes, error.cause]
        note = Fallback(
            cause=error.cause, from_model=failure.model, after_s=round(tally.elapsed_s, 3), task_type=task_type
        )
        expected = await self.expectations.expected(task_type, model, tally.prompt_chars)
        fields: dict[str, Any] = {
            **_spent(claim, tally),
            "fallback": note,
            "causes": ",".join(causes),
            "model": model,
            "expected": expected,
        }
        if self.settings.budget.hand_on_thinking and tally.thinking:
            fields["hand_on"] = tally.thinking[-self.settings.budget.hand_on_chars :]
        data = {
            "cause": error.cause, "from_model": failure.model, "model": model, "after_s": note.after_s,
            "expected": expected.model_dump(exclude_none=True),
        }  # fmt: skip
        move = Move(
            "fallback", "fallback", data, fields,
            attempt=_attempt(claim, tally, "failed", error), failure=failure, told=_told(rest),
        )  # fmt: skip
        sent = await persist(lambda: self.store.move(claim.job_id, claim.attempt, move), for_s=SETTLE_FOR_S)
        if sent != "ok":
            log.info("fallback.refused", job=claim.job_id, attempt=claim.attempt, status=sent)

    async def _finish(self, claim: Claim, end: Ending) -> bool:
        done = await persist(lambda: self.store.finish(claim.job_id, claim.attempt, end), for_s=SETTLE_FOR_S)
        if done != "ok":  # a successor holds the job, or it ended: ours is not wanted any more
            log.info("finish.refused", job=claim.job_id, attempt=claim.attempt, status=done)
        return done == "ok"


def _told(rest: Sequence[News]) -> Told:
    return [("progress", news) for news in rest]


def _duration(claim: Claim, tally: Tally, *, answered: bool) -> Duration:
    return Duration(tally.elapsed_s, tally.prompt_chars, claim.expected_p90_s, answered)


def _spent(claim: Claim, tally: Tally) -> dict[str, Any]:
    """What the job has used in all its attempts."""
    return {"usage": claim.usage + tally.usage, "cost_usd": f"{claim.cost_usd + tally.cost_usd:.9f}"}


def _for_the_cache(claim: Claim, tally: Tally, kept: Kept | None) -> dict[str, Any]:
    """What the job tells of the rule, and what an entry needs beside the answer."""
    if kept is None:
        return {}
    before = CacheNote.model_validate(claim.cache or {"outcome": "miss"})
    fields: dict[str, Any] = {"cache": before.model_copy(update={"rule": kept.rule, "kept_s": kept.life_s})}
    if not kept.life_s:
        return fields
    cost_usd = claim.cost_usd + tally.cost_usd
    tags = claim.request.metadata.get(TAG_KEY, "")
    return {
        **fields,
        "cache_text": claim.request.query,
        "cache_rule": kept.rule,
        "cache_tags": as_json(sorted({tag.strip() for tag in tags.split(",")} - {""})),
        "cache_cost": f"{cost_usd:.9f}",
        "cache_took": f"{tally.elapsed_s:.3f}",
        "cache_worth": f"{cost_usd + tally.elapsed_s * USD_A_SECOND:.9f}",
    }


def _attempt(
    claim: Claim,
    tally: Tally,
    outcome: Literal["succeeded", "failed", "cancelled"],
    error: AttemptFailed | None = None,
) -> Attempt:
    return Attempt(
        attempt=claim.attempt,
        lane=_lane(claim),
        model=tally.model.name if tally.model else claim.model or "",
        outcome=outcome,
        cause=error.cause if error else None,
        detail=str(error) if error else None,
        duration_s=round(tally.elapsed_s, 3),
        first_token_s=None if tally.first_token_s is None else round(tally.first_token_s, 3),
        usage=tally.usage,
        cost_usd=round(tally.cost_usd, 9),
    )


def _failure(claim: Claim, tally: Tally, error: AttemptFailed, *, final: bool) -> Failure:
    return Failure(
        tenant=claim.tenant,
        job_id=claim.job_id,
        lane=_lane(claim),
        task_type=claim.task_type or "unknown",
        cause=error.cause,
        model=tally.model.name if tally.model else claim.model or "",
        duration_s=round(tally.elapsed_s, 3),
        prompt_chars=tally.prompt_chars,
        final=final,
    )


def _lane(claim: Claim) -> Lane:
    if claim.queue == "classify":
        raise ValueError("classification is not an attempt at answering")
    return claim.queue


def _sentence(claim: Claim, error: AttemptFailed) -> str:
    if not claim.causes:
        return f"the {claim.queue} attempt failed: {error}"
    before: list[Cause] = list(claim.causes)
    return f"reasoning failed ({', '.join(before)}) and so did the fallback: {error}"
