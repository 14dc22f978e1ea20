"""What the demonstration shows of each job: lane, phase, elapsed and expected time, thinking tokens, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

COLOURS = {"succeeded": "green", "failed": "red", "cancelled": "yellow"}
MOST_CHARS = 120
NOTHING = "-"


@dataclass(slots=True)
class Row:
    """One job of the demonstration as it was last read."""

    kind: str
    query: str
    job: dict[str, Any]
    submitted_s: float


class View:
    """A table that lives while the jobs do; without a terminal, one line for each step of a job."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=10) if console.is_terminal else None
        self._spinners: dict[str, Spinner] = {}
        self._told: dict[str, tuple[Any, ...]] = {}

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave the last state on the screen."""
        if self._live:
            self._live.stop()

    def show(self, rows: Sequence[Row]) -> None:
        """Show the jobs as they are now."""
        if self._live:
            self._live.update(self._table(rows))
            return
        for row in rows:
            state = (row.job["status"], row.job["phase"], row.job["lane"])
            if self._told.get(row.job["id"]) != state:
                self._told[row.job["id"]] = state
                self._console.print(escape(f"{row.kind}: {' · '.join(_cells(row.job))}"), soft_wrap=True)

    def explain(self, row: Row) -> None:
        """Say how a job ended, and how it came to its answer."""
        job = row.job
        colour = COLOURS.get(job["status"], "white")
        self._console.print(f"\n[bold]{escape(row.kind)}[/] [dim]{escape(row.query)}[/]", soft_wrap=True)
        self._console.print(f"  [{colour}]{job['status']}[/] {escape(_story(row))}", soft_wrap=True)
        self._console.print(f"  {escape(_answer(job))}", soft_wrap=True)

    def _table(self, rows: Sequence[Row]) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for column in ("job", "lane", "phase", "elapsed", "expected", "thinking"):
            table.add_column(column, justify="right" if column in ("elapsed", "thinking") else "left", no_wrap=True)
        for row in rows:
            lane, phase, *rest = _cells(row.job)
            ended = COLOURS.get(row.job["status"])
            table.add_row(row.kind, lane, Text(phase, style=ended) if ended else self._moving(row.job, phase), *rest)
        return table

    def _moving(self, job: dict[str, Any], phase: str) -> Spinner:
        """Keep a job's spinner from table to table, so that it goes on turning."""
        spinner = self._spinners.setdefault(job["id"], Spinner("dots"))
        spinner.update(text=phase)
        return spinner


def _cells(job: dict[str, Any]) -> tuple[str, str, str, str, str]:
    phase = job["status"] if job["status"] != "running" else job["phase"] or "running"
    thinking = f"{job['thinking_tokens']} tokens" if job["thinking_tokens"] else NOTHING
    return job["lane"] or NOTHING, phase, f"{job['elapsed_s']:.1f} s", _expected(job["expected"]), thinking


def _expected(expected: dict[str, Any]) -> str:
    if not expected["known"]:
        return "unknown yet"
    return f"{expected['p50_s']:.1f} s, 90 % in {expected['p90_s']:.1f} s"


def _story(row: Row) -> str:
    job, parts = row.job, []
    if job["served_by"] == "exact_cache":
        return f"at once by the exact cache, in {row.submitted_s * 1000:.0f} ms; no model was asked"
    if job["fallback"]:
        fell = job["fallback"]
        parts.append(f"{fell['from_model']} was given up after {fell['after_s']:.1f} s ({fell['cause']}), then")
    parts.append(f"by {job['model']} in the {job['lane']} lane in {job['elapsed_s']:.1f} s")
    if job["route"]:
        parts.append(f"({job['route']['reason']})")
    return " ".join(parts)


def _answer(job: dict[str, Any]) -> str:
    if job["error"]:
        return f"{job['error']['code']}: {job['error']['message']}"
    result = job["result"]
    text = result["answer"] if isinstance(result, dict) and set(result) == {"answer"} else json.dumps(result)
    line = " ".join(str(text).split())
    return f"“{line if len(line) <= MOST_CHARS else line[: MOST_CHARS - 1] + '…'}”"
