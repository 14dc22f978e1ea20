"""`thinkline demo`: submits a handful of queries to the running system, over HTTP alone, and shows what becomes of each.

Among them are a repeat that the cache answers, and a job whose reasoning model is too slow, so that the fallback
answers. That model is simulated, always, and is named so; every other answer comes from the models of the lanes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from workers.cli.demo_view import Row, View
from workers.cli.reach import reaching
from workers.local.services import DEMO_MODEL

POLL_S = 0.2
ENDED = frozenset({"succeeded", "failed", "cancelled"})
SHORT = {"max_output_tokens": 64, "temperature": 0}
# `refresh`: answered anew each time that the demonstration is shown, and then remembered for the repeat.
FIRST: tuple[tuple[str, dict[str, Any]], ...] = (
    ("a question of fact", {"input": "What is the capital of France?"}),
    ("writing", {"input": "Write one sentence about the sea."}),
    ("code", {"input": "Write a Python function that reverses a string."}),
    (
        "several steps",
        {"input": "A train leaves at 9:40 and travels 150 km at 60 km/h. When does it arrive? Prove it step by step."},
    ),
)
TOO_SLOW = (
    "a model that is too slow",
    {"input": "What is the capital of Japan?", "route": "reasoning", "model": DEMO_MODEL, "deadline_s": 24},
)
REPEAT = ("a repeat", {"input": "What is the capital of France?"})


def demo(
    url: Annotated[str | None, typer.Option(help="address of the API; by default that of the settings")] = None,
    key: Annotated[str | None, typer.Option(help="an API key, where the API asks for one")] = None,
) -> None:
    """Show the life of some jobs on the running system."""
    with reaching(url, key) as http:
        failed = _show(http)
    raise typer.Exit(1 if failed else 0)


def _show(http: httpx.Client) -> int:
    """Run the demonstration; returns how many jobs did not succeed."""
    console = Console(highlight=False)
    console.print(f"Submitting to {http.base_url} …\n")
    wanted = list(FIRST)
    if _has_slow_model(http):
        wanted.append(TOO_SLOW)
        console.print(
            f"[dim]{DEMO_MODEL} is a scripted stand-in that thinks for ever: no model, and its tokens mean nothing.[/]"
        )
    else:
        console.print(f"[dim]The system has no model {DEMO_MODEL} (`thinkline up` adds it): no fallback is shown.[/]")
    with View(console) as view:
        rows = [_submit(http, kind, {**SHORT, "cache": "refresh", **body}) for kind, body in wanted]
        _follow(http, view, rows)
        rows.append(_submit(http, REPEAT[0], {**SHORT, "cache": "use", **REPEAT[1]}))
        _follow(http, view, rows)
    for row in rows:
        view.explain(row)
    return sum(row.job["status"] != "succeeded" for row in rows)


def _submit(http: httpx.Client, kind: str, body: dict[str, Any]) -> Row:
    began = time.monotonic()
    reply = http.post("/v1/jobs", json=body)
    reply.raise_for_status()
    took_s = time.monotonic() - began
    return Row(kind, body["input"], http.get(f"/v1/jobs/{reply.json()['id']}").raise_for_status().json(), took_s)


def _follow(http: httpx.Client, view: View, rows: Sequence[Row]) -> None:
    """Show the jobs until all have ended."""
    while True:
        view.show(rows)
        open_rows = [row for row in rows if row.job["status"] not in ENDED]
        if not open_rows:
            return
        time.sleep(POLL_S)
        for row in open_rows:
            row.job = http.get(f"/v1/jobs/{row.job['id']}").raise_for_status().json()


def _has_slow_model(http: httpx.Client) -> bool:
    models = http.get("/v1/models").raise_for_status().json()["data"]
    return any(model["id"] == DEMO_MODEL and model["simulated"] for model in models)
