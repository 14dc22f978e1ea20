"""Checks of the cache: which may begin, what they are about, how they went, and what audits found in each scope.

A check is a hash of references; what was asked and answered is read from the job and the entry when it is claimed. Which
checks there are is decided in lua/checking.lua, in the step that gave the answer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, cast

from redis.asyncio import Redis

from workers.contracts.audit import TEMPER_FIELDS, Audited, CacheAudit, CheckDay, ScopeAudit, Temper
from workers.contracts.job import Lane, Usage
from workers.settings import Settings
from workers.store.connection import translated
from workers.store.messages import CHECK, message
from workers.store.record import CLAIMED, Claim, encode, read_claim
from workers.store.scripts import Scripts, life

Outcome = Literal["same", "wrong", "undecided", "failed", "again"]
Kind = Literal["audit", "grey"]
KINDS: Final[tuple[Kind, ...]] = ("audit", "grey")
OWN: Final = ("kind", "job", "queue", "tier", "model", "ref")  # fields of a check that its worker needs
AT_A_TIME: Final = 2  # checks of one queue under way, in all workers: they take slots that users may want next
MOST_TRIES: Final = 3
HINT_MS: Final = 30_000  # a message that was not taken for so long is taken for lost
LATER_MS: Final = 5_000  # wait after a user's job came first, or a model was down
WINDOW: Final = 500  # verdicts that decide on a scope: 0.8 % is the least upper bound that so many can show
LEAST_WRONG: Final = 2  # one may be a slip of whoever compared
LONGEST_PAUSE_MS: Final = 604_800_000  # a week


@dataclass(frozen=True, slots=True)
class Check:
    """A check that this process is at. `job` is the job that it is about, as if it were claimed in `lane` now."""

    check_id: str
    tries: int
    kind: Kind
    lane: Lane
    tier: str
    model: str
    scope: str
    job: Claim
    served: Any
    stored_text: str


@dataclass(frozen=True, slots=True)
class Spent:
    """One call that a check made."""

    model: str
    usage: Usage
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Stricter:
    """A scope became stricter."""

    temper: Temper


class CheckStore:
    """The checks."""

    def __init__(self, redis: Redis, scripts: Scripts, settings: Settings) -> None:
        self._redis: Any = redis
        self._call = scripts.call
        self._prefix = settings.redis.key_prefix
        self._cache = settings.cache
        self._lanes = settings.lanes

    async def note_pair(self, claim: Claim, entry: str, ref: str, source: str, similarity: float) -> bool:
        """Note a pair that the judge could not decide; False when it is left out."""
        grey = self._cache.grey
        told = (entry, ref, source, f"{similarity:.4f}", str(grey.per_day), str(grey.usd_per_day))
        return bool(await self._call("check_note", claim.job_id, claim.tenant, *told))

    async def due(self, queue: Lane) -> list[tuple[str, int]]:
        """Take the checks of a queue that may begin, with the tries that they had."""
        reply = await self._call("check_due", queue, str(AT_A_TIME), str(HINT_MS))
        return list(zip(reply[::2], map(int, reply[1::2]), strict=True))

    async def send_hints(self, queue: Lane, found: Sequence[tuple[str, int]]) -> None:
        """Put a message for each check into the queue; one that is lost is sent again when it is due again."""
        if found:
            hints = [message(queue, check_id, tries, task=CHECK) for check_id, tries in found]
            with translated():
                await self._redis.lpush(f"{self._prefix}{queue}", *hints)

    async def users_wait(self, queue: Lane) -> bool:
        """Whether users' jobs wait for a slot in a queue."""
        with translated():
            return bool(await self._redis.zcard(f"{self._prefix}waiting:{queue}"))

    async def claim(self, check_id: str, tries: int) -> Check | str:
        """Take a check for one try; a string says why not: `gone`, `later` or `skipped`."""
        audit, grey = self._cache.audit, self._cache.grey
        longest_s = self._lanes.reasoning.deadline_s + 2 * self._lanes.standard.deadline_s + 60
        reply = await self._call(
            "check_claim", check_id, str(tries), str(round(longest_s * 1000)), str(LATER_MS), str(MOST_TRIES),
            str(audit.per_day), str(audit.usd_per_day), str(grey.per_day), str(grey.usd_per_day),
            str(len(OWN)), *OWN, "result", *CLAIMED,
        )  # fmt: skip
        if reply[0] != "claimed":
            return str(reply[0])
        _, now, text, *values = reply
        own = dict(zip(OWN, values, strict=False))
        lane = cast("Lane", own["queue"])
        job = read_claim(own["job"], 0, lane, ["claimed", now, *values[len(OWN) + 1 :]])
        return Check(
            check_id,
            tries + 1,
            own["kind"],
            lane,
            own["tier"] or "",
            own["model"] or "",
            own["ref"].rpartition("/")[0],
            job,
            json.loads(values[len(OWN)] or "null"),
            text,
        )

    async def settle(
        self, check: Check, outcome: Outcome, spent: Sequence[Spent], judged_by: str = ""
    ) -> Stricter | str:
        """Write how a try went: `ok`, `gone` when it was settled before, or that the scope became stricter."""
        audit = self._cache.audit
        calls = [{"model": call.model, "cost_usd": call.cost_usd, **_tokens(call.usage)} for call in spent]
        reply = await self._call(
            "check_settle", check.check_id, str(check.tries), outcome, encode(calls) if calls else "[]", str(audit.limit),
            str(WINDOW), str(LEAST_WRONG), str(round(audit.recover_s * 1000)), str(LONGEST_PAUSE_MS),
            life(self._cache.ttl_s), judged_by, str(LATER_MS * 12),
        )  # fmt: skip
        if reply[0] != "stricter":
            return str(reply[0])
        level, wrong, audited, until = (int(value) for value in reply[1:])
        found = (str(level), "0", str(until), "1", "", str(wrong), str(audited))
        return Stricter(Temper.read(found, until - 1))

    async def report(self, tenant: str) -> CacheAudit:
        """Read what audits found in a tenant's scopes, and in those of its group; worst first."""
        group = self._cache.shared.get(tenant)
        scopes = []
        for owner in (tenant, *([f"@{group}"] if group else [])):
            with translated():
                names = sorted(await self._redis.smembers(f"{self._prefix}audits:{owner}"))
                pipeline = self._redis.pipeline(transaction=False)
                for name in names:
                    pipeline.hgetall(f"{self._prefix}audit:{owner}/{name}")
                rows = await pipeline.execute() if names else []
            scopes += [self._scope(owner, name, row) for name, row in zip(names, rows, strict=True) if row]
        scopes.sort(key=lambda scope: (-scope.latest.wrong, -scope.semantic.wrong, scope.scope))
        return CacheAudit(limit=self._cache.audit.limit, data=scopes, today=await self._today(tenant))

    def _scope(self, owner: str, name: str, row: dict[str, str]) -> ScopeAudit:
        temper = Temper.read([row.get(field) for field in TEMPER_FIELDS], round(time.time() * 1000))
        return ScopeAudit(
            scope=name,
            shared=owner[1:] if owner.startswith("@") else None,
            level=temper.level,
            since=_moment(temper.since_ms) if temper.since_ms else None,
            until=_moment(temper.until_ms) if temper.until_ms else None,
            reason=None if temper.level == "open" else temper.why(self._cache.audit.limit),
            latest=Audited.of(temper.audited, temper.wrong),
            semantic=Audited.read("semantic", row),
            exact=Audited.read("exact", row),
            audited_at=_moment(int(row.get("audited_at") or 0)),
        )

    async def _today(self, tenant: str) -> list[CheckDay]:
        day = int(time.time() // 86_400)
        with translated():
            row = await self._redis.hgetall(f"{self._prefix}tenant:{tenant}:checks:{day}")
        return [
            CheckDay(
                kind=kind,
                begun=int(row.get(kind) or 0),
                skipped=int(row.get(f"{kind}_skipped") or 0),
                cost_usd=round(float(row.get(f"{kind}_usd") or 0), 9),
                most=getattr(self._cache, kind).per_day,
                most_usd=getattr(self._cache, kind).usd_per_day,
            )
            for kind in KINDS
        ]


def _tokens(usage: Usage) -> dict[str, int]:
    return {name: getattr(usage, name) for name in ("prompt_tokens", "completion_tokens", "reasoning_tokens")}


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC)
