"""What was used and what failed, over HTTP and on the terminal, on a real Redis."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from typer import Typer
from typer.testing import CliRunner

from tests.support.http import serving
from tests.support.store import TENANT, open_store
from workers.cli.reports import failures, usage
from workers.contracts.causes import Cause
from workers.contracts.job import Attempt, Fallback, Lane, Usage
from workers.settings import Settings
from workers.store.jobs import Ending, Move

OWN = "default"  # the tenant of an API without keys


def attempt(lane: Lane, cause: Cause | None = None, cost_usd: float = 0.0) -> Attempt:
    """One finished attempt of two seconds."""
    return Attempt(
        attempt=0, lane=lane, model="deep" if lane == "reasoning" else "quick",
        outcome="failed" if cause else "succeeded", cause=cause, duration_s=2.0, cost_usd=cost_usd,
        usage=Usage(prompt_tokens=10, completion_tokens=30, reasoning_tokens=20 if lane == "reasoning" else 0),
    )  # fmt: skip


def success(lane: Lane, cost_usd: float) -> Ending:
    """How an attempt succeeds."""
    return Ending("succeeded", {"result": "{}", "served_by": "model"}, attempt=attempt(lane, cost_usd=cost_usd))


async def play(settings: Settings) -> None:
    """Three reasoning attempts, of which one was too late and was rescued; two standard answers."""
    async with open_store(settings) as store:
        for task in ("logic", "logic"):
            claim = await store.running("reasoning", fields={"task_type": task, "tenant": OWN}, tenant=OWN)
            await store.jobs.finish(claim.job_id, 0, success("reasoning", 0.5))
        claim = await store.running("reasoning", fields={"task_type": "logic", "tenant": OWN}, tenant=OWN)
        note = Fallback(cause="deadline", from_model="deep", after_s=2.0, task_type="logic")
        late = attempt("reasoning", "deadline", cost_usd=0.75)
        await store.jobs.move(
            claim.job_id, 0, Move("fallback", "fallback", {}, {"fallback": note, "model": "quick"}, attempt=late)
        )
        again = await store.jobs.claim("fallback", claim.job_id, 1, "w")
        assert not isinstance(again, str)
        await store.jobs.finish(claim.job_id, 1, success("fallback", 0.01))
        for tenant in (OWN, OWN, TENANT):
            claim = await store.running("standard", fields={"task_type": "lookup", "tenant": tenant}, tenant=tenant)
            await store.jobs.finish(claim.job_id, 0, success("standard", 0.02))


def run(command: Callable[..., None], http: httpx.Client, *arguments: str) -> Any:
    """Run a command against an API."""
    app = Typer()
    app.command()(command)
    return CliRunner().invoke(app, ["--url", str(http.base_url), *arguments], env={"COLUMNS": "200"})


@pytest.fixture
def http(make: Callable[..., Settings]) -> Any:
    """An API over a tenant's day."""
    settings = make()
    asyncio.run(play(settings))
    with serving(settings) as client:
        yield client


def test_usage_adds_up_and_is_compared_with_always_reasoning(http: httpx.Client) -> None:
    """Own jobs alone; five answers at the mean cost of a reasoning answer are the other side."""
    report = http.get("/v1/usage").json()
    rows = {(row["lane"], row["task_type"]): row for row in report["data"]}
    assert set(rows) == {("reasoning", "logic"), ("standard", "lookup"), ("fallback", "logic")}
    reasoning = rows[("reasoning", "logic")]
    assert (reasoning["attempts"], reasoning["succeeded"], reasoning["reasoning_tokens"]) == (3, 2, 60)
    assert reasoning["cost_usd"] == pytest.approx(1.75)
    assert rows[("standard", "lookup")]["attempts"] == 2
    assert report["cost_usd"] == pytest.approx(1.80)
    assert report["always_reasoning_usd"] == pytest.approx(5 * 0.5)
    assert report["saved_share"] == pytest.approx(1 - 1.80 / 2.5)


def test_failures_have_rates_and_what_the_fallback_made_of_them(http: httpx.Client) -> None:
    """One of three was too late, and was rescued."""
    report = http.get("/v1/failures?days=2").json()
    (row,) = report["data"]
    assert (row["task_type"], row["cause"], row["model"], row["size"]) == ("logic", "deadline", "deep", "small")
    assert (row["failures"], row["attempts"], row["rate"], row["mean_s"]) == (1, 3, 0.3333, 2.0)
    assert report["fallback"] == [{"cause": "deadline", "task_type": "logic", "succeeded": 1, "failed": 0}]


def test_a_cached_answer_is_counted_for_its_tier(make: Callable[..., Settings]) -> None:
    """It costs nothing, and counts as an answer that always-reasoning would have paid for."""
    settings = make()

    async def answer(job_id: str) -> None:
        async with open_store(settings) as store:
            claim = await store.jobs.claim("classify", job_id, 0, "w")
            assert not isinstance(claim, str)
            fields = {"result": "{}", "task_type": "lookup", "served_by": "model"}
            end = Ending("succeeded", fields, exact_hash=claim.cache_key or "", exact_s=60)
            assert await store.jobs.finish(job_id, 0, end) == "ok"

    with serving(settings) as http:
        asyncio.run(answer(http.post("/v1/jobs", json={"input": "x"}).json()["id"]))
        assert http.post("/v1/jobs", json={"input": "x"}).status_code == 200
        report = http.get("/v1/usage").json()
    (row,) = report["cached"]
    assert (row["tier"], row["task_type"], row["jobs"]) == ("exact_cache", "lookup", 1)
    assert report["always_reasoning_usd"] is None


def test_days_that_make_no_sense_are_refused(http: httpx.Client) -> None:
    """By name."""
    for days in ("0", "401", "many"):
        refused = http.get("/v1/usage", params={"days": days})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "days")


def test_the_terminal_shows_both(http: httpx.Client) -> None:
    """As tables for people, and as JSON for programs."""
    shown = run(failures, http)
    assert shown.exit_code == 0, shown.output
    assert "33%" in shown.stdout
    assert "After deadline (logic) the fallback answered 1 of 1." in shown.stdout
    shown = run(usage, http)
    assert "28% saved" in shown.stdout
    assert json.loads(run(usage, http, "--json").stdout)["object"] == "usage"
