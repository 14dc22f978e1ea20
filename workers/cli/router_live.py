"""`thinkline router status | export-labels`: what the running system decides with, and labels out of its feedback."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table

from workers.cli.reach import reaching

Url = Annotated[str | None, typer.Option(help="address of the API; by default that of the settings")]
Key = Annotated[str | None, typer.Option(help="an API key; by default THINKLINE_CLIENT_KEY")]
PAGE = 100


def status(
    url: Url = None,
    key: Key = None,
    as_json: Annotated[bool, typer.Option("--json", help="the API's answer as it is")] = False,  # noqa: FBT002
) -> None:
    """Show what the classify workers decide with, what they decided, and what a candidate would have."""
    with reaching(url, key) as http:
        found = http.get("/v1/router").raise_for_status().json()
    if as_json:
        typer.echo(json.dumps(found))
        return
    console = Console(highlight=False)
    console.print(_workers(found["workers"]))
    console.print(_decisions(found["decisions"]))
    if found["shadow"]:
        console.print(_shadow(found["shadow"]))
    for outcome in found["outcomes"]:
        console.print(
            f"{outcome['task_type']} with {outcome['model']}: of late {outcome['ended']:g} attempts came to an end and"
            f" {outcome['late']:g} ran out of time"
        )


def export_labels(
    url: Url = None,
    key: Key = None,
    most: Annotated[int, typer.Option(min=1, help="newest jobs to look through")] = 10_000,
) -> None:
    """Write labels out of judged jobs as JSON lines, for `thinkline router train`; they hold the queries' text.

    A job that a standard model answered says whether the standard model was right; one that a reasoning model
    answered says that of the reasoning model. `needs_reasoning` in the feedback decides the label where it was given.
    """
    written = looked_at = 0
    with reaching(url, key) as http:
        for job in _succeeded(http, most):
            looked_at += 1
            if job["feedback"] is None or job["route"] is None:
                continue
            asked = http.get(f"/v1/jobs/{job['id']}", params={"include": "request"}).raise_for_status().json()
            typer.echo(json.dumps(label(asked), ensure_ascii=False))
            written += 1
    sys.stderr.write(f"{written} labels from {looked_at} finished jobs\n")


def label(job: dict[str, Any]) -> dict[str, Any]:
    """Make one line: `input`, `instructions`, `standard_correct`, `reasoning_correct`, `label`, `task_type`, `source`.

    What is not known is left out.
    """
    request, feedback = job["request"], job["feedback"]
    given = request["input"]
    line: dict[str, Any] = {"input": given if isinstance(given, str) else given[-1]["content"]}
    if request.get("instructions"):
        line["instructions"] = request["instructions"]
    lane = "reasoning" if job["lane"] == "reasoning" else "standard"
    line[f"{lane}_correct"] = feedback["correct"]
    needs = feedback["needs_reasoning"]
    if needs is None and lane == "standard":
        needs = not feedback["correct"]
    if needs is not None:
        line["label"] = "reasoning" if needs else "standard"
    return {**line, "task_type": job["route"]["task_type"], "source": "feedback"}


def _succeeded(http: httpx.Client, most: int) -> Iterator[dict[str, Any]]:
    """Walk through the finished jobs, newest first."""
    cursor, seen = None, 0
    while True:
        query: dict[str, str | int] = {"status": "succeeded", "limit": PAGE}
        if cursor:
            query["cursor"] = cursor
        page = http.get("/v1/jobs", params=query).raise_for_status().json()
        for job in page["data"]:
            if seen == most:
                return
            seen += 1
            yield job
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _workers(workers: list[dict[str, Any]]) -> Table:
    table = Table("worker", "decides with", "policy", "threshold", "candidate", "refused", title="Classify workers")
    for worker in workers:
        table.add_row(
            worker["worker"], worker["artefact"], worker["policy"], f"{worker['threshold']:.3f}",
            worker["shadow"] or "", worker["refused"] or "",
        )  # fmt: skip
    return table


def _decisions(counts: list[dict[str, Any]]) -> Table:
    table = Table("task type", "reasoning", "standard", title="Decisions")
    for task_type in sorted({count["task_type"] for count in counts}):
        by_lane = {count["lane"]: count["count"] for count in counts if count["task_type"] == task_type}
        table.add_row(task_type, str(by_lane.get("reasoning", 0)), str(by_lane.get("standard", 0)))
    return table


def _shadow(reports: list[dict[str, Any]]) -> Table:
    table = Table("candidate", "decisions", "agreed", "to reasoning", "to standard", "where", title="Shadow")
    for report in reports:
        where = ", ".join(f"{name} {count}" for name, count in report["by_task_type"].items())
        table.add_row(
            report["artefact"], str(report["decisions"]), f"{report['agreed'] / max(1, report['decisions']):.1%}",
            str(report["to_reasoning"]), str(report["to_standard"]), where,
        )  # fmt: skip
    return table
