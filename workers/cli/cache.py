"""`thinkline cache judge` and `thinkline cache replay`: what the semantic cache would do, before it is turned on.

`thinkline cache audit` (audit.py) shows what it did.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from workers.cli.audit import audit
from workers.cli.failing import fail
from workers.cli.pairs import read_pairs, read_queries

cache = typer.Typer(no_args_is_help=True, help="What the semantic cache would answer, and whether it was right")
PACKAGED: Final = "all-MiniLM-L6-v2"  # the name that the encoder gives to the weights in its package


@cache.callback()
def caching() -> None:
    """What the semantic cache would answer, and whether it was right."""


cache.command()(audit)


@cache.command()
def judge(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="one JSON object a line: similarity, hit, reason, guard")
    ] = False,
    encoder: Annotated[str, typer.Option(help="the encoder: its name, or the path of its folder")] = PACKAGED,
) -> None:
    """Judge pairs from standard input, one JSON object a line: {"stored": …, "asked": …}. Works offline."""
    try:
        pairs = read_pairs(sys.stdin)
    except UnicodeDecodeError as error:
        fail(f"standard input is not UTF-8 ({error})", 2)
    from workers.cache.judge.judge import Judge  # noqa: PLC0415 - numpy comes with an extra; other commands go without
    from workers.cli.vectors import embedded  # noqa: PLC0415

    places, vectors = embedded([text for pair in pairs for text in pair], encoder)
    decide, screen = Judge(), Console()
    for stored, asked in pairs:
        verdict = decide.judge(stored, asked, float(vectors[places[stored]] @ vectors[places[asked]]))
        if as_json:
            found = {
                "similarity": round(verdict.similarity, 4), "hit": verdict.hit, "reason": verdict.reason, "guard": verdict.guard,
            }  # fmt: skip
            sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
        else:
            screen.print(
                f"{'hit ' if verdict.hit else 'miss'}  {verdict.similarity:.3f}  {verdict.reason}", markup=False
            )


@cache.command()
def replay(
    file: Annotated[
        Path, typer.Argument(help='past queries, one JSON object a line: {"input": …}; tenant, scope, cost_usd')
    ],
    *,
    plot_to: Annotated[
        Path | None, typer.Option("--plot", help="where the plot goes; FILE with .png by default")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="the figures as one JSON object instead of a table")] = False,
    encoder: Annotated[str, typer.Option(help="the encoder: its name, or the path of its folder")] = PACKAGED,
) -> None:
    """Send past queries through an empty cache: hit rate by tier, savings, and what each guard refused."""
    try:
        queries = read_queries(file.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file}: it cannot be read ({error})", 2)
    if not queries:
        fail(f"{file}: there is no query in it", 2)
    from workers.cli.replay import Outcome, plot, replayed, summary_table  # noqa: PLC0415 - as above
    from workers.cli.vectors import embedded, progress  # noqa: PLC0415

    places, vectors = embedded([query.text for query in queries], encoder)
    outcome = Outcome()
    with progress() as bar:
        for _ in bar.track(replayed(queries, places, vectors, outcome), total=len(queries), description="replaying"):
            pass
    target = plot_to or file.with_suffix(".png")
    drawn = plot(outcome, target)
    if as_json:
        sys.stdout.write(json.dumps(outcome.figures(), ensure_ascii=False) + "\n")
    else:
        console = Console()
        for table in summary_table(outcome):
            console.print(table)
    typer.echo(
        f"plot: {target}" if drawn else "no plot: matplotlib is not installed (`pip install 'thinkline[train]'`)",
        err=True,
    )
