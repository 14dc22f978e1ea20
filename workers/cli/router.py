"""`thinkline router train | evaluate | calibrate`: fits the router to one's own traffic, and shows what it is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from workers.cli.failing import fail
from workers.contracts.errors import SettingsError, ThinklineError

if TYPE_CHECKING:
    import numpy as np

    from workers.routing.artefact import Artefact
    from workers.routing.evaluation import Report
    from workers.routing.examples import Example

router = typer.Typer(no_args_is_help=True, help="The trained router: fit it, measure it, set it")
console = Console()
Lines = Annotated[
    Path,
    typer.Argument(help='JSON lines: {"input", "label"} or {"input", "standard_correct", "reasoning_correct"}'),
]
Source = Annotated[Path | None, typer.Option("--artefact", help="a trained router; by default the shipped one")]
Model = Annotated[str, typer.Option("--encoder", help="the encoder: its name or a folder")]
STANDARD_DOLLARS, REASONING_DOLLARS = 0.0002, 0.0185  # see docs/router.md: 150 tokens in, 300 or 1,500 out, list prices
WISHES = (
    ("quality", 0.99),
    ("quality", 0.98),
    ("quality", 0.95),
    ("budget", 0.4),
    ("budget", 0.2),
    ("threshold", 0.22),
)


@router.callback()
def routers() -> None:
    """The trained router."""


@router.command()
def train(
    lines: Lines,
    output: Annotated[Path, typer.Option(help="where to write the artefact")] = Path("router.json"),
    artefact: Source = None,
    encoder: Model = "all-MiniLM-L6-v2",
    from_scratch: Annotated[bool, typer.Option(help="do not start from a trained router")] = False,  # noqa: FBT002
    name: Annotated[str, typer.Option(help="shown as `decided_by`")] = "own-1",
) -> None:
    """Train on your own labelled queries, starting from the shipped router; the same lines give the same file."""
    examples = _examples(lines)
    vectors, found, known = _embedded(examples, encoder, None if from_scratch else artefact or _shipped())
    from workers.routing.training import train as trained  # noqa: PLC0415 - heavy

    try:
        with console.status("training"):
            made = trained(examples, vectors, known, name=name, prior=found)
    except ValueError as error:
        fail(f"{lines}: {error}", 2)
    with _writing(output):
        made.write(output)
    console.print(f"{output}: trained on {len(examples)} queries, data {made.data['fingerprint'][:8]}")
    _show_prices(made)


@router.command()
def evaluate(
    lines: Lines,
    output: Annotated[Path, typer.Option(help="folder for the plots and the page")] = Path("router-report"),
    artefact: Source = None,
    encoder: Model = "all-MiniLM-L6-v2",
) -> None:
    """Measure a router on labelled queries that it was not trained on: a report, plots and one HTML page."""
    examples, vectors, found = _measured_with(lines, encoder, artefact)
    from workers.routing.evaluation import evaluated  # noqa: PLC0415 - heavy

    report = evaluated(found, examples, vectors)
    _show_report(report)
    try:
        from workers.routing.plots import write  # noqa: PLC0415 - an extra
    except ImportError as error:
        fail(f"no plots: {error.name} is not installed (`pip install 'thinkline[train]'`)", 2)
    with _writing(output):
        console.print(f"\n{write(report, output)}")


@router.command()
def calibrate(
    lines: Lines,
    output: Annotated[Path, typer.Option(help="where to write the artefact")] = Path("router.json"),
    artefact: Source = None,
    encoder: Model = "all-MiniLM-L6-v2",
) -> None:
    """Measure on your own queries what each setting costs, and write it into an artefact; the weights stay."""
    examples, vectors, found = _measured_with(lines, encoder, artefact)
    from workers.routing.calibrating import recalibrated  # noqa: PLC0415 - heavy

    made = recalibrated(found, examples, vectors)
    with _writing(output):
        made.write(output)
    console.print(f"{output}: calibrated on {made.calibration.measured_on}")
    _show_prices(made)


@contextmanager
def _writing(output: Path) -> Iterator[None]:
    """End the command with what is wrong with the place to write to."""
    try:
        yield
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror}", 2)


def _measured_with(lines: Path, encoder: str, artefact: Path | None) -> tuple[list[Example], np.ndarray, Artefact]:
    """Read and embed labelled queries and load the artefact that is to be measured on them."""
    examples, path = _examples(lines), artefact or _shipped()
    vectors, found, _ = _embedded(examples, encoder, path)
    if found is None:
        fail(f"{path} holds no artefact", 2)
    return examples, vectors, found


def _examples(lines: Path) -> list[Example]:
    """Read labelled queries, or end the command with what is wrong with them."""
    from workers.routing.examples import read  # noqa: PLC0415

    try:
        with lines.open(encoding="utf-8") as file:
            return read(file)
    except OSError as error:
        fail(f"{lines} cannot be read: {error.strerror}", 2)
    except UnicodeDecodeError:
        fail(f"{lines} is no UTF-8", 2)
    except ThinklineError as error:
        fail(f"{lines}, {error}", 2)


def _shipped() -> Path:
    from workers.routing.artefact import SHIPPED  # noqa: PLC0415

    return SHIPPED


def _embedded(examples: Sequence[Example], model: str, path: Path | None):  # type: ignore[no-untyped-def]  # noqa: ANN202
    """Load encoder and artefact and embed the queries; returns (vectors, artefact, the encoder's name)."""
    try:
        from workers.encoding.encoder import Encoder  # noqa: PLC0415 - heavy
        from workers.routing.artefact import load  # noqa: PLC0415
        from workers.routing.training import EncoderName  # noqa: PLC0415

        embedder = Encoder(model)
        found = load(path, embedder.fingerprint) if path else None
    except SettingsError as error:
        fail(str(error), 2)
    with console.status(f"embedding {len(examples)} queries"):
        vectors = embedder.embed([one.text for one in examples])
    return vectors, found, EncoderName(embedder.name, embedder.fingerprint)


def _show_prices(artefact: Artefact) -> None:
    """Print what the three settings cost on the calibration set."""
    from workers.routing.policy import price  # noqa: PLC0415

    table = Table(
        title=f"What each setting costs, on {artefact.calibration.measured_on}", title_justify="left", box=None
    )
    for heading in ("setting", "threshold", "to reasoning", "of always-reasoning accuracy", "dollars per 1,000"):
        table.add_column(heading, justify="left" if heading == "setting" else "right")
    for setting, value in WISHES:
        try:
            found = price(setting, value, artefact.calibration)  # type: ignore[arg-type]
        except SettingsError:
            continue
        dollars = 1_000 * (STANDARD_DOLLARS + found.share * (REASONING_DOLLARS - STANDARD_DOLLARS))
        kept = "not measured" if found.quality is None else f"{found.quality:.1%}"
        words = {"quality": f"keep {value:.0%}", "budget": f"at most {value:.0%}", "threshold": f"from p = {value:g}"}
        table.add_row(
            f"by {setting}: {words[setting]}", f"{found.threshold:.3f}", f"{found.share:.1%}", kept, f"{dollars:.2f}"
        )
    console.print(table)


def _show_report(report: Report) -> None:
    for title, headings, rows in report.tables():
        table = Table(title=title, title_justify="left", box=None, header_style="bold")
        for at, heading in enumerate(headings):
            table.add_column(heading, justify="right" if at else "left")
        for row in rows:
            table.add_row(*row)
        console.print(table)
        console.print()
