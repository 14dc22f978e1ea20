"""`thinkline route`: where queries would go, and why; offline, without Redis and without a running system."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from workers.cli.failing import fail
from workers.contracts.errors import SettingsError, ThinklineError
from workers.contracts.routing import Query, RouteDecision

if TYPE_CHECKING:
    from workers.encoding.encoder import Encoder
    from workers.routing.router import TrainedRouter

BATCH = 128  # longer batches waste less on padding, shorter ones move the bar sooner
PROGRESS_FROM = 100  # fewer are over before a bar is read
SHOWN_CHARS = 60
COLOURS = {"reasoning": "magenta", "standard": "green"}
Artefact = Annotated[Path | None, typer.Option("--artefact", help="a trained router; by default the shipped one")]
Model = Annotated[str, typer.Option("--encoder", help="the encoder: its name or a folder")]


def route(  # noqa: PLR0913, PLR0917 - options of a command
    queries: Annotated[
        list[str] | None, typer.Argument(help="queries; without any, JSON lines on standard input")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,  # noqa: FBT002
    artefact: Artefact = None,
    encoder: Model = "all-MiniLM-L6-v2",
    quality: Annotated[
        float | None, typer.Option(help="keep this part of always-reasoning accuracy, such as 0.98")
    ] = None,
    budget: Annotated[float | None, typer.Option(help="send at most this part to reasoning, such as 0.4")] = None,
    threshold: Annotated[float | None, typer.Option(help="send to reasoning from this probability on")] = None,
) -> None:
    """Decide where queries go: reasoning or standard, with a probability, a confidence and a reason."""
    asked = [Query(text) for text in queries] if queries else _read()
    try:
        router, embedder = loaded(artefact, encoder, (quality, budget, threshold))
    except SettingsError as error:
        fail(str(error), 2)
    decided = decisions(router, embedder, asked)
    if as_json:
        for query, decision in decided:
            typer.echo(json.dumps({"input": query.text, **_fields(decision)}, ensure_ascii=False))
    else:
        _show(list(decided))


def loaded(
    path: Path | None, model: str, wishes: tuple[float | None, float | None, float | None]
) -> tuple[TrainedRouter, Encoder]:
    """Load a router and its encoder.

    Raises:
        SettingsError: one of them cannot be loaded, they do not fit, or two wishes were given at once.
    """
    from workers.encoding.encoder import Encoder  # noqa: PLC0415 - heavy, and other commands go without it
    from workers.routing.artefact import SHIPPED, load  # noqa: PLC0415
    from workers.routing.policy import Policy, Setting  # noqa: PLC0415
    from workers.routing.router import TrainedRouter  # noqa: PLC0415

    names: tuple[Setting, ...] = ("quality", "budget", "threshold")
    given = [(name, value) for name, value in zip(names, wishes, strict=True) if value is not None]
    if len(given) > 1:
        raise SettingsError("give one of --quality, --budget and --threshold")
    policy = Policy(*given[0]) if given else Policy()
    policy.check()
    embedder = Encoder(model)
    return TrainedRouter(load(path or SHIPPED, embedder.fingerprint), policy), embedder


def decisions(
    router: TrainedRouter, embedder: Encoder, queries: Sequence[Query]
) -> Iterator[tuple[Query, RouteDecision]]:
    """Decide batch by batch, with a bar on standard error when there are many."""
    console = Console(stderr=True)
    columns = (TextColumn("routing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown = len(queries) >= PROGRESS_FROM and console.is_terminal
    with Progress(*columns, console=console, disable=not shown, transient=True) as progress:
        task = progress.add_task("routing", total=len(queries))
        for begin in range(0, len(queries), BATCH):
            part = queries[begin : begin + BATCH]
            yield from zip(part, router.decide(part, embedder.embed([query.text for query in part])), strict=True)
            progress.advance(task, len(part))


def _read() -> list[Query]:
    """Read JSON lines from standard input, or end the command with the line and the field that are wrong."""
    from workers.routing.examples import parse_object  # noqa: PLC0415

    if sys.stdin.isatty():
        fail('give queries as arguments, or JSON lines such as {"input": "…"} on standard input', 2)
    try:
        rows = [parse_object(number, line) for number, line in enumerate(sys.stdin, 1) if line.strip()]
    except ThinklineError as error:
        fail(str(error), 2)
    except UnicodeDecodeError:
        fail("standard input is no UTF-8", 2)
    if not rows:
        fail('there is nothing to route: give JSON lines such as {"input": "…"}', 2)
    return [Query(row["input"], row.get("instructions")) for row in rows]


def _fields(decision: RouteDecision) -> dict[str, object]:
    return decision.model_dump(include={"lane", "p_reasoning", "confidence", "task_type", "reason"})


def _show(decided: Sequence[tuple[Query, RouteDecision]]) -> None:
    """Print each query with its decision, the reason under it, and at the end how many go where."""
    console = Console()
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    table.add_column("query", ratio=1)
    for heading in ("lane", "p", "sure", "task"):
        table.add_column(heading, justify="right" if heading in {"p", "sure"} else "left", no_wrap=True)
    for query, decision in decided:
        said = Text(shortened(query.text, max(20, console.width - 48)), no_wrap=True)
        why = Text(decision.reason, "dim")
        lane = Text(decision.lane, COLOURS[decision.lane])
        numbers = (f"{decision.p_reasoning:.2f}", f"{decision.confidence:.2f}")
        table.add_row(Group(said, why), lane, *numbers, decision.task_type)
    console.print(table)
    if len(decided) > 1:
        hard = sum(decision.lane == "reasoning" for _, decision in decided)
        console.print(f"\n{hard} of {len(decided)} to reasoning ({hard / len(decided):.0%})")


def shortened(text: str, most: int = SHOWN_CHARS) -> str:
    """Write a query in one short line, its beginning and its end."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 14]} … {line[-11:]}"
