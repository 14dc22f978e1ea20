"""The reaper: finds jobs whose worker died, whose message was lost or whose time is over, and moves them on.

Every worker process runs one; overdue.lua gives each job to one of them at a time. After a gap (its own start, or an
outage of Redis) it holds off for one lease, so that workers that live can renew before they are presumed dead.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from workers.contracts.causes import Cause
from workers.contracts.errors import StoreUnavailable
from workers.contracts.job import Attempt, Fallback, JobError, Lane
from workers.settings import Settings
from workers.store.jobs import Ending, Failure, JobStore, Move
from workers.store.record import Overdue
from workers.telemetry import logger

log = logger("reaper")


@dataclass(slots=True)
class Reaper:
    """Looks for overdue jobs until it is cancelled."""

    store: JobStore
    settings: Settings
    _silent_until: float = field(default=0.0, init=False)
    _last_pass: float = field(default=float("-inf"), init=False)

    async def reap_for_ever(self) -> None:
        """Look for overdue jobs every `reliability.reap_s` seconds."""
        while True:
            try:
                await self.reap()
            except StoreUnavailable:
                log.warning("reaper.waiting", reason="Redis is away")
            await asyncio.sleep(self.settings.reliability.reap_s)

    async def reap(self) -> int:
        """Look once; the number of jobs that were moved on."""
        now, lease_s = asyncio.get_running_loop().time(), self.settings.reliability.lease_s
        if now - self._last_pass > lease_s / 2 + self.settings.reliability.reap_s:
            self._silent_until = now + lease_s
        if now < self._silent_until:
            await self.store.heartbeat("reaper", (), ())  # only asks whether Redis is there
            self._last_pass = asyncio.get_running_loop().time()
            return 0
        rows = await self.store.overdue()
        self._last_pass = asyncio.get_running_loop().time()
        for row in rows:
            await self._move_on(row)
        return len(rows)

    async def _move_on(self, row: Overdue) -> None:
        if row.now_ms >= row.deadline_ms:
            await self._fail(row, "deadline_exceeded", "the caller's deadline passed", _late_cause(row))
        elif row.status == "running":
            await self._lost_worker(row)
        elif row.queue == "reasoning" and row.now_ms >= row.reasoning_until_ms:
            await self._fall_back(row, "queue_wait")
        elif row.message_lost:
            if not row.turn:
                log.warning("message.lost", job=row.job_id, attempt=row.attempt, queue=row.queue)
            await self.store.republish(row.queue, row.job_id, row.attempt)

    async def _lost_worker(self, row: Overdue) -> None:
        log.warning("lease.lost", job=row.job_id, attempt=row.attempt, queue=row.queue, crashes=row.crashes + 1)
        left = self.settings.reliability.max_crashes - row.crashes - 1
        if left <= 0:
            message = f"{row.crashes + 1} workers died or fell silent while they had this job"
            await self._fail(row, "poisoned", message, "worker_lost", crashes=row.crashes + 1)
        elif row.queue == "reasoning" and row.now_ms >= row.reasoning_until_ms:
            await self._fall_back(row, "worker_lost", crashes=row.crashes + 1)
        else:
            await self.store.requeue(
                row.queue, row.job_id, row.attempt, reason="worker_lost", crash=True, apart=left == 1
            )

    async def _fall_back(self, row: Overdue, cause: Cause, **fields: Any) -> None:
        log.warning("attempt.failed", job=row.job_id, lane=row.queue, cause=cause, task_type=row.task_type)
        model = self.settings.lanes.fallback.model
        note = Fallback(cause=cause, from_model=row.model, after_s=_after_s(row), task_type=row.task_type)
        await self.store.move(
            row.job_id,
            row.attempt,
            Move(
                "fallback",
                "fallback",
                {"cause": cause, "from_model": row.model, "model": model},
                {"fallback": note, "causes": ",".join([*row.causes, cause]), "model": model, **_texts(fields)},
                attempt=_attempt(row, cause),
                failure=_failure(row, cause),
            ),
            expected=row.status,
        )

    async def _fail(self, row: Overdue, code: str, message: str, cause: Cause, **fields: Any) -> None:
        causes = [*row.causes, cause]
        log.warning("job.failed", job=row.job_id, code=code, lane=row.queue, task_type=row.task_type)
        error = JobError(code=code, message=message, causes=causes)
        end = Ending(
            "failed",
            {"error": error, "causes": ",".join(causes), **_texts(fields)},
            attempt=_attempt(row, cause) if row.status == "running" else None,
            failure=_failure(row, cause),
            done={"code": code},
        )
        await self.store.finish(row.job_id, row.attempt, end, expected=row.status)


def _late_cause(row: Overdue) -> Cause:
    return "deadline" if row.status == "running" else "queue_wait"


def _after_s(row: Overdue) -> float:
    began = row.attempt_ms if row.status == "running" else row.queued_ms
    return max(0, row.now_ms - began) / 1000


def _attempt(row: Overdue, cause: Cause) -> Attempt | None:
    lane = _lane(row)
    if lane is None:
        return None
    return Attempt(
        attempt=row.attempt, lane=lane, model=row.model or "", outcome="failed", cause=cause, duration_s=_after_s(row)
    )


def _failure(row: Overdue, cause: Cause) -> Failure | None:
    lane = _lane(row)
    if lane is None:
        return None
    return Failure(
        tenant=row.tenant,
        job_id=row.job_id,
        lane=lane,
        task_type=row.task_type or "unknown",
        cause=cause,
        model=row.model or "",
        duration_s=_after_s(row),
        final=False,
    )


def _lane(row: Overdue) -> Lane | None:
    return None if row.queue == "classify" else row.queue


def _texts(fields: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in fields.items()}
