"""Every script in every state of a job: what the table allows happens, and everything else changes nothing."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.integration.store.transitions import TABLE
from tests.support.store import TENANT, Store
from workers.contracts.caching import CachedAnswer
from workers.contracts.job import TERMINAL, Attempt, CacheNote, Usage
from workers.store.jobs import Beat, Ending, Move
from workers.store.record import Claim

pytestmark = pytest.mark.anyio
DOCUMENT = Path(__file__).parents[3] / "docs" / "state-machine.md"
STATES = ("queued", "running", "succeeded", "failed", "cancelled")
NOTE = CacheNote(outcome="hit", tier="exact", reason="the same")
HIT = CachedAnswer(NOTE, 1, None, None, f"tenant:{TENANT}:exact:known", "job_before")
FLYING = "f" * 64  # the cache key of a query that is being answered
SPENT = Attempt(attempt=0, lane="standard", model="quick", outcome="cancelled", duration_s=1)


async def in_state(store: Store, state: str) -> str:
    """Bring a new job into a state, with attempt 0 as its latest; the cache has an answer that could be served."""
    await store.redis.hset(store.key(HIT.entry), mapping={"job": HIT.source, "result": "1"})
    leader = await store.running("classify", worker="w2")
    assert await store.jobs.join(leader.job_id, 0, FLYING) == "lead"
    job_id = (await store.submit(queue="standard")).job_id
    if state == "cancelled":
        await store.jobs.cancel(job_id, TENANT)
    elif state != "queued":
        assert isinstance(await store.jobs.claim("standard", job_id, 0, "w1"), Claim)
        if state != "running":
            await store.jobs.finish(job_id, 0, Ending(state, {}))
    assert (await store.job(job_id)).status == state
    return job_id


async def claim(store: Store, job_id: str, state: str) -> str:
    """Claim; the reply that holds the job's fields stands for `ok`."""
    reply = await store.jobs.claim("standard", job_id, 0, "w1")
    return "ok" if isinstance(reply, Claim) else reply


async def heartbeat(store: Store, job_id: str, state: str) -> str:
    """Renew a lease with news."""
    (reply,) = await store.jobs.heartbeat("w1", ["standard"], [Beat(job_id, 0, "thinking", 1, 0, {"tokens": 1})])
    return "ok" if reply == "running" else reply


async def join(store: Store, job_id: str, state: str) -> str:
    """Join the job that leads; that it waits now stands for `ok`."""
    reply = await store.jobs.join(job_id, 0, FLYING)
    return "ok" if reply == "joined" else reply


Call = Callable[[Store, str, str], Awaitable[str]]
SCRIPTS: dict[str, Call] = {
    "claim": claim,
    "heartbeat": heartbeat,
    "move": lambda store, job_id, state: store.jobs.move(
        job_id, 0, Move("fallback", "fallback", {}, {}), expected=_open(state)
    ),
    "requeue": lambda store, job_id, _: store.jobs.requeue("standard", job_id, 0, reason="worker_lost", crash=True),
    "republish": lambda store, job_id, _: store.jobs.republish("standard", job_id, 0),
    "serve": lambda store, job_id, _: store.jobs.serve(job_id, 0, HIT, {"result": "1"}),
    "join": join,
    "cancel": lambda store, job_id, _: store.jobs.cancel(job_id, TENANT),
    "retry": lambda store, job_id, _: store.jobs.retry(job_id, TENANT, 0, {}),
    "note_spend": lambda store, job_id, _: store.jobs.note_spend(job_id, 0, SPENT, Usage(), 0.1),
    "finish succeeded": lambda store, job_id, _: store.jobs.finish(
        job_id, 0, Ending("succeeded", {}), expected="running"
    ),
    "finish failed": lambda store, job_id, state: store.jobs.finish(
        job_id, 0, Ending("failed", {}), expected=_open(state)
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("state", STATES)
async def test_a_script_does_what_the_table_allows_and_nothing_else(store: Store, state: str, name: str) -> None:
    """A refused script answers with the status that stood in the way, and leaves everything as it was."""
    job_id = await in_state(store, state)
    before, script = await store.everything(), name.split(maxsplit=1)[0]
    allowed = {row.after for row in TABLE if (row.before, row.script) == (state, script)}
    if " " in name:
        allowed &= {name.split()[1]}
    answer = await SCRIPTS[name](store, job_id, state)

    if allowed:
        assert answer == "ok"
        assert (await store.job(job_id)).status in allowed
        assert await store.everything() != before or (script, state) == ("claim", "running")
    else:
        assert answer == ("superseded" if script == "heartbeat" and state not in TERMINAL else state)
        assert await store.everything() == before


@pytest.mark.parametrize("name", SCRIPTS)
async def test_a_script_knows_nothing_of_a_job_that_is_not_there(store: Store, name: str) -> None:
    """An id without a record is `unknown` to every script, and stays without one."""
    before = await store.everything()

    assert await SCRIPTS[name](store, f"job_{1:032x}", "running") == "unknown"
    assert await store.everything() == before


def test_the_document_shows_the_table() -> None:
    """docs/state-machine.md has exactly the rows of the table that the tests hold."""
    rows = re.findall(r"^\| `(.+?)` \| `(.+?)` \| `(.+?)` \| (.+?) \|$", DOCUMENT.read_text(), re.MULTILINE)

    assert rows == [tuple(row) for row in TABLE]


def _open(state: str) -> str:
    """The status that the reaper saw and expects: it moves queued and running jobs."""
    return state if state in ("queued", "running") else "running"
