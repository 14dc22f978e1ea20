"""`thinkline router export-labels` and `status`, against a real API on a real Redis."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
from typer import Typer
from typer.testing import CliRunner

from tests.support.http import serving
from tests.support.playing import SUCCESS, play
from workers.cli.router_live import export_labels, label, status
from workers.contracts.routing import RouteDecision, RouterWorker
from workers.settings import Settings
from workers.store.connection import connect
from workers.store.jobs import Ending
from workers.store.routing import RouterStore

ROUTE = RouteDecision(
    lane="standard", p_reasoning=0.2, confidence=0.6, task_type="lookup", reason="short", decided_by="rules-1"
)
ANSWERED = Ending("succeeded", {**SUCCESS.fields, "route": ROUTE})


def run(command: Callable[..., None], http: httpx.Client, *arguments: str) -> Any:
    """Run a command against an API."""
    app = Typer()
    app.command()(command)
    return CliRunner().invoke(app, ["--url", str(http.base_url), *arguments])


def test_judged_jobs_become_labels_with_their_text(make: Callable[..., Settings]) -> None:
    """Only judged ones, one JSON object a line, as `router train` reads them."""
    settings = make()
    with serving(settings) as http:
        for text, words in (("wrong?", {"correct": False}), ("right?", {"correct": True}), ("unjudged?", None)):
            job_id = http.post("/v1/jobs", json={"input": text, "instructions": "Be short."}).json()["id"]
            play(settings, job_id, ANSWERED)
            if words:
                http.post(f"/v1/jobs/{job_id}/feedback", json=words)
        done = run(export_labels, http)
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    common = {"instructions": "Be short.", "task_type": "lookup", "source": "feedback"}
    assert sorted(rows, key=lambda row: row["input"]) == [
        {"input": "right?", "standard_correct": True, "label": "standard", **common},
        {"input": "wrong?", "standard_correct": False, "label": "reasoning", **common},
    ]
    assert "2 labels from 3 finished jobs" in done.stderr


def test_what_is_not_known_is_left_out() -> None:
    """A reasoning model's success says nothing of a standard one; the owner's word decides where it was given."""
    job: dict[str, Any] = {
        "request": {"input": [{"role": "user", "content": "first"}, {"role": "user", "content": "last"}]},
        "feedback": {"correct": True, "needs_reasoning": None},
        "lane": "reasoning",
        "route": {"task_type": "logic"},
    }
    assert label(job) == {"input": "last", "reasoning_correct": True, "task_type": "logic", "source": "feedback"}
    job["feedback"]["needs_reasoning"] = False
    assert label(job)["label"] == "standard"


def test_the_status_shows_workers_decisions_and_the_candidate(make: Callable[..., Settings]) -> None:
    """As a table for people, and as the API's answer for programs."""
    settings = make()

    async def tell() -> None:
        redis = connect(settings)
        said = RouterWorker(worker="w1", artefact="live-1", policy="balanced", threshold=0.41, shadow="next-2")
        await RouterStore(redis, settings).note(
            said, {"reasoning|logic": 3}, {"all": 4, "agreed": 3, "to_standard": 1, "type|logic": 1}, now_s=time.time()
        )
        await redis.aclose()

    asyncio.run(tell())
    with serving(settings) as http:
        shown, raw = run(status, http), run(status, http, "--json")
    assert shown.exit_code == 0, shown.output
    for words in ("live-1", "next-2", "0.410", "75.0%", "logic"):
        assert words in shown.stdout
    assert json.loads(raw.stdout)["shadow"][0]["to_standard"] == 1


def test_an_api_that_is_not_there_is_one_sentence() -> None:
    """No traceback."""
    app = Typer()
    app.command()(status)
    done = CliRunner().invoke(app, ["--url", "http://127.0.0.1:9"])
    assert done.exit_code == 1
    assert "nothing answers at http://127.0.0.1:9" in done.stderr
