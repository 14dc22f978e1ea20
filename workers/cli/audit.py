"""`thinkline cache audit`: how often what the cache gave was found wrong, by scope, and what follows from it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from workers.cli.reach import reaching


def audit(
    *,
    url: Annotated[str | None, typer.Option(help="address of the API; by default that of the settings")] = None,
    key: Annotated[str | None, typer.Option(help="an API key; by default THINKLINE_CLIENT_KEY")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="the API's answer as it is")] = False,
) -> None:
    """Show how often cached answers were found wrong, by scope, and how strict each scope is for that."""
    with reaching(url, key) as http:
        found: dict[str, Any] = http.get("/v1/cache/audit").raise_for_status().json()
    if as_json:
        typer.echo(json.dumps(found))
        return
    console = Console(highlight=False)
    if not found["data"]:
        console.print("No answer of the cache was audited yet.")
    else:
        console.print(_table(found))
    for day in found["today"]:
        if day["begun"] or day["skipped"]:
            console.print(
                f"Today {day['begun']} of at most {day['most']} checks ({day['kind']}) cost ${day['cost_usd']:.4f};"
                f" {day['skipped']} were left out."
            )


def _table(found: dict[str, Any]) -> Table:
    table = Table("scope", "level", "until", "by meaning", "at most", "same query", "at most",
                  title=f"Answers found wrong, of those audited (limit {found['limit']:.1%})")  # fmt: skip
    for row in found["data"]:
        near, exact = row["semantic"], row["exact"]
        table.add_row(
            row["scope"][:12], row["level"], (row["until"] or "")[:16].replace("T", " "), _of(near), _most(near), _of(exact),
            _most(exact),
        )  # fmt: skip
    return table


def _of(tier: dict[str, Any]) -> str:
    return f"{tier['wrong']} of {tier['audited']}"


def _most(tier: dict[str, Any]) -> str:
    return f"{tier['upper_bound']:.1%}" if tier["audited"] else ""
