"""`thinkline failures` and `thinkline usage`: what reasoning struggles with, and what everything costs."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from workers.cli.reach import reaching

Url = Annotated[str | None, typer.Option(help="address of the API; by default that of the settings")]
Key = Annotated[str | None, typer.Option(help="an API key; by default THINKLINE_CLIENT_KEY")]
Days = Annotated[int, typer.Option(min=1, max=400, help="the last so many days, today included")]
AsJson = Annotated[bool, typer.Option("--json", help="the API's answer as it is")]


def failures(url: Url = None, key: Key = None, days: Days = 7, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show what the reasoning model struggles with, and what the fallback made of it."""
    found = _read(url, key, "/v1/failures", days)
    if as_json:
        typer.echo(json.dumps(found))
        return
    console = Console(highlight=False)
    if not found["data"]:
        console.print(f"No reasoning attempt failed from {found['since']} to {found['until']}.")
        return
    table = Table("task type", "model", "request", "cause", "failed", "of", "rate", "mean time", "cost",
                  title=f"Failed reasoning attempts, {found['since']} to {found['until']}")  # fmt: skip
    for row in found["data"]:
        table.add_row(
            row["task_type"], row["model"], row["size"], row["cause"], str(row["failures"]), str(row["attempts"]),
            f"{row['rate']:.0%}", f"{row['mean_s']:.1f} s", _usd(row["cost_usd"]),
        )  # fmt: skip
    console.print(table)
    for row in found["fallback"]:
        console.print(
            f"After {row['cause']} ({row['task_type']}) the fallback answered {row['succeeded']} of"
            f" {row['succeeded'] + row['failed']}."
        )


def usage(url: Url = None, key: Key = None, days: Days = 7, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show tokens and money, beside what always-reasoning would have cost."""
    found = _read(url, key, "/v1/usage", days)
    if as_json:
        typer.echo(json.dumps(found))
        return
    console = Console(highlight=False)
    table = Table("day", "lane", "model", "task type", "attempts", "tokens in", "out", "thinking", "cost",
                  title=f"Usage, {found['since']} to {found['until']}")  # fmt: skip
    for row in found["data"]:
        table.add_row(
            row["day"], row["lane"], row["model"], row["task_type"], str(row["attempts"]), str(row["prompt_tokens"]),
            str(row["completion_tokens"]), str(row["reasoning_tokens"]), _usd(row["cost_usd"]),
        )  # fmt: skip
    console.print(table)
    cached = sum(row["jobs"] for row in found["cached"])
    checked, spent = (sum(row[name] for row in found["checks"]) for name in ("calls", "cost_usd"))
    if checked:
        console.print(f"{checked} calls checked answers of the cache, for {_usd(spent)}.")
    console.print(f"{cached} jobs were answered by the cache. Everything cost {_usd(found['cost_usd'])}.")
    if found["saved_share"] is not None:
        console.print(
            f"Always-reasoning would have cost about {_usd(found['always_reasoning_usd'])}: {found['saved_share']:.0%}"
            " saved (an estimate: each answer at the mean cost of a reasoning answer of its task type)."
        )


def _read(url: str | None, key: str | None, path: str, days: int) -> dict[str, Any]:
    with reaching(url, key) as http:
        found: dict[str, Any] = http.get(path, params={"days": days}).raise_for_status().json()
    return found


def _usd(amount: float) -> str:
    return f"${amount:.4f}" if amount < 1 else f"${amount:,.2f}"
