"""Checks of the cache for tests: hits that are chosen for an audit, claimed, and settled with any verdict."""

from __future__ import annotations

from typing import Any

from tests.support.cache import SCOPE, hash_of
from tests.support.store import TENANT, Store
from workers.contracts.caching import CachedAnswer
from workers.contracts.job import CacheNote, Usage
from workers.store.checks import Check, CheckStore, Outcome, Spent, Stricter

CALL = Spent("quick", Usage(prompt_tokens=20, completion_tokens=5, reasoning_tokens=1), 0.25)


def checks(store: Store) -> CheckStore:
    """The checks of one process."""
    return CheckStore(store.redis, store.scripts, store.settings)


async def serve(
    store: Store, text: str, source: str, *, tenant: str = TENANT, tier: Any = "semantic", group: str = "", **job: Any
) -> str:
    """Give a stored answer to one more job; gives that job's id."""
    claim = await store.running("classify", tenant=tenant, **job)
    owner = f"shared:{group}" if group else f"tenant:{tenant}"
    entry = f"{owner}:exact:{hash_of(text, SCOPE)}"
    hit = CachedAnswer(
        CacheNote(outcome="hit", tier=tier, reason="the same words"), {"answer": "Paris"}, "quick", None, entry, source
    )
    fields = {"result": '{"answer":"Paris"}', "model": "quick", "served_by": "semantic_cache"}
    assert await store.jobs.serve(claim.job_id, 0, hit, fields) == "ok"
    return claim.job_id


def check_of(job_id: str) -> str:
    """Name the check of a job."""
    return job_id.replace("job_", "chk_")


async def settled(store: Store, job_id: str, outcome: Outcome) -> Stricter | str:
    """Claim the check of a job and settle it."""
    check = await checks(store).claim(check_of(job_id), 0)
    assert isinstance(check, Check), check
    return await checks(store).settle(check, outcome, [CALL], "quick")
