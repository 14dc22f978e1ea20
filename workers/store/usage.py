"""Reads the counters that note_attempt in lua/prelude.lua keeps: one hash a tenant and day.

Fields: `WHAT|lane|task type|model|size|outcome or cause` with WHAT one of attempts, prompt_tokens, completion_tokens,
reasoning_tokens, cost_usd, seconds; `rescued|cause|task type|outcome`; `served|tier|task type`; `checked_WHAT|kind|model` with
WHAT one of calls, the three kinds of tokens, cost_usd (lua/check_settle.lua).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from redis.asyncio import Redis

from workers.contracts.usage import CacheRow, CheckRow, FailureReport, FailureRow, RescueRow, UsageReport, UsageRow
from workers.settings import Settings
from workers.store.connection import translated

EPOCH = date(1970, 1, 1)
COUNTS = ("attempts", "prompt_tokens", "completion_tokens", "reasoning_tokens")
Kind = tuple[str, str, str, str, str]  # lane, task type, model, size, outcome or cause


@dataclass(slots=True)
class Day:
    """The counters of one day."""

    day: date
    attempts: dict[Kind, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    rescued: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    served: Counter[tuple[str, str]] = field(default_factory=Counter)
    checked: dict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))


class UsageReader:
    """Sums up a tenant's days."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis: Any = redis
        self._prefix = settings.redis.key_prefix

    async def usage(self, tenant: str, days: int) -> UsageReport:
        """Report tokens and money of the last `days` days, today included (UTC)."""
        found = await self._days(tenant, days)
        rows = list(_usage_rows(found))
        checks = [_check_row(day.day, *key, counts) for day in found for key, counts in sorted(day.checked.items())]
        cost = sum(row.cost_usd for row in rows) + sum(row.cost_usd for row in checks)
        always = _always_reasoning(found)
        return UsageReport(
            since=found[0].day,
            until=found[-1].day,
            data=rows,
            cached=[
                CacheRow.model_validate({"day": day.day, "tier": tier, "task_type": task_type, "jobs": jobs})
                for day in found
                for (tier, task_type), jobs in sorted(day.served.items())
            ],
            checks=checks,
            cost_usd=round(cost, 9),
            always_reasoning_usd=None if always is None else round(always, 9),
            saved_share=round(1 - cost / always, 4) if always else None,
        )

    async def failures(self, tenant: str, days: int) -> FailureReport:
        """Report what reasoning struggled with in the last `days` days, today included (UTC)."""
        found = await self._days(tenant, days)
        rescued: Counter[tuple[str, str, str]] = Counter()
        for day in found:
            rescued += day.rescued
        return FailureReport(
            since=found[0].day,
            until=found[-1].day,
            data=_failure_rows(found),
            fallback=[
                RescueRow(
                    cause=cause,
                    task_type=task_type,
                    succeeded=rescued[(cause, task_type, "succeeded")],
                    failed=rescued[(cause, task_type, "failed")],
                )
                for cause, task_type in sorted({(cause, task_type) for cause, task_type, _ in rescued})
            ],
        )

    async def _days(self, tenant: str, days: int) -> list[Day]:
        today = datetime.now(UTC).date()
        wanted = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
        with translated():
            pipeline = self._redis.pipeline(transaction=False)
            for day in wanted:
                pipeline.hgetall(f"{self._prefix}tenant:{tenant}:usage:{(day - EPOCH).days}")
            return [_read(day, counters) for day, counters in zip(wanted, await pipeline.execute(), strict=True)]


def _read(day: date, counters: dict[str, str]) -> Day:
    found = Day(day)
    for name, value in counters.items():
        what, *parts = name.split("|")
        if what == "rescued":
            found.rescued[(parts[0], parts[1], parts[2])] += int(value)
        elif what == "served":
            found.served[(parts[0], parts[1])] += int(value)
        elif what.startswith("checked_"):
            found.checked[(parts[0], parts[1])][what.removeprefix("checked_")] += float(value)  # type: ignore[assignment]
        else:
            lane, task_type, model, size, outcome = parts
            number = int(value) if what in COUNTS else float(value)
            found.attempts[(lane, task_type, model, size, outcome)][what] += number  # type: ignore[assignment]
    return found


def _check_row(day: date, kind: str, model: str, counts: Counter[str]) -> CheckRow:
    whole = {name: int(counts[name]) for name in ("calls", *COUNTS[1:])}
    return CheckRow.model_validate(
        {"day": day, "kind": kind, "model": model, **whole, "cost_usd": round(float(counts["cost_usd"]), 9)}
    )


def _usage_rows(days: list[Day]) -> Iterator[UsageRow]:
    for day in days:
        sums: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
        for (lane, task_type, model, _, outcome), counts in day.attempts.items():
            row = sums[(lane, model, task_type)]
            row.update(counts)
            row["succeeded"] += counts["attempts"] if outcome == "succeeded" else 0
        for (lane, model, task_type), row in sorted(sums.items()):
            yield UsageRow.model_validate({
                "day": day.day, "lane": lane, "model": model, "task_type": task_type,
                **{name: row[name] for name in (*COUNTS, "succeeded")},
                "cost_usd": round(float(row["cost_usd"]), 9), "seconds": round(float(row["seconds"]), 3),
            })  # fmt: skip


def _always_reasoning(days: list[Day]) -> float | None:
    """Price every answered job at what a reasoning answer of its task type costs in the mean."""
    cost: Counter[str] = Counter()
    answers: Counter[str] = Counter()
    jobs: Counter[str] = Counter()
    for day in days:
        for (lane, task_type, _, _, outcome), counts in day.attempts.items():
            if outcome != "succeeded":
                continue
            jobs[task_type] += counts["attempts"]
            if lane == "reasoning":
                cost[task_type] += counts["cost_usd"]
                answers[task_type] += counts["attempts"]
        for (_, task_type), served in day.served.items():
            jobs[task_type] += served
    if not answers:
        return None
    mean = cost.total() / answers.total()
    return sum(
        count * (cost[task_type] / answers[task_type] if answers[task_type] else mean)
        for task_type, count in jobs.items()
    )


def _failure_rows(days: list[Day]) -> list[FailureRow]:
    all_of: Counter[tuple[str, str, str]] = Counter()
    failed: dict[tuple[str, str, str, str], Counter[str]] = defaultdict(Counter)
    for day in days:
        for (lane, task_type, model, size, outcome), counts in day.attempts.items():
            if lane != "reasoning" or outcome in ("cancelled", "handed_back"):
                continue
            all_of[(task_type, model, size)] += counts["attempts"]
            if outcome != "succeeded":
                failed[(task_type, model, size, outcome)].update(counts)
    rows = [
        FailureRow.model_validate({
            "task_type": task_type, "model": model, "size": size, "cause": cause, "failures": counts["attempts"],
            "attempts": all_of[(task_type, model, size)],
            "rate": round(counts["attempts"] / all_of[(task_type, model, size)], 4),
            "mean_s": round(counts["seconds"] / counts["attempts"], 3), "cost_usd": round(float(counts["cost_usd"]), 9),
        })
        for (task_type, model, size, cause), counts in failed.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row.failures, row.task_type, row.cause, row.model, row.size))
