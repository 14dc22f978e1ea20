"""The report of an evaluation as plots (PNG) and one HTML page that needs nothing else."""

from __future__ import annotations

import base64
import html
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workers.contracts.routing import TASK_TYPES

if TYPE_CHECKING:
    from workers.routing.evaluation import Report

BLUE, GREY, RED = "#2458d3", "#8a8f98", "#c2410c"
STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: .5rem 0 2rem; display: block; overflow-x: auto; }
th, td { padding: .25rem .9rem .25rem 0; text-align: right; border-bottom: 1px solid #8884; }
th:first-child, td:first-child { text-align: left; }
img { max-width: 100%; height: auto; background: #fff; border-radius: 6px; }
figure { margin: 0 0 2rem; } figcaption { color: #777; }
"""


def write(report: Report, folder: Path) -> str:
    """Write curve.png, calibration.png, confusion.png and report.html; returns one sentence that says where.

    Raises:
        ImportError: matplotlib is not installed.
        OSError: the folder cannot be written.
    """
    import matplotlib as mpl  # noqa: PLC0415 - an extra

    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for name, caption, draw in (
        ("curve", "Accuracy against the share of queries that go to reasoning", _curve),
        ("calibration", "How often the lane is right at each confidence; on the diagonal it is honest", _calibration),
        ("confusion", "Task types: labelled in rows, decided in columns", _confusion),
    ):
        figure = draw(report)
        if figure is not None:
            path = folder / f"{name}.png"
            figure.savefig(path, dpi=150, bbox_inches="tight", metadata={"Software": None})
            drawn.append((path, caption))
    page = folder / "report.html"
    page.write_text(_page(report, drawn), encoding="utf-8")
    return f"{page}, with {', '.join(path.name for path, _ in drawn) or 'no plots'} beside it"


def _axes(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _curve(report: Report) -> Any:
    curve = report.curve()
    if curve is None:
        return None
    figure, axes = _axes(6.4, 4.2)
    axes.plot(curve.share * 100, curve.accuracy * 100, color=BLUE, lw=2, label=report.name)
    axes.plot([0, 100], [curve.standard * 100, curve.reasoning * 100], color=GREY, ls="--", lw=1, label="at random")
    for part in (0.95, 0.98):
        share = curve.share_for(part * curve.reasoning)
        axes.plot([share * 100], [part * curve.reasoning * 100], "o", color=RED, ms=6)
        axes.annotate(
            f"{part:.0%} of always-reasoning\n{1 - share:.0%} of calls saved",
            (share * 100, part * curve.reasoning * 100),
            xytext=(10, -14),
            textcoords="offset points",
            fontsize=9,
            va="top",
        )
    axes.set_xlabel("queries to the reasoning model, %")
    axes.set_ylabel("right answers, %")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, loc="lower right")
    return figure


def _calibration(report: Report) -> Any:
    bins = report.reliability()
    if not bins:
        return None
    figure, axes = _axes(4.8, 4.4)
    said, true, counts = (np.array(column) for column in zip(*bins, strict=True))
    axes.plot([0, 1], [0, 1], color=GREY, ls="--", lw=1)
    axes.scatter(said, true, s=20 + 380 * counts / counts.max(), color=BLUE, alpha=0.75, linewidths=0)
    for x, y, count in zip(said, true, counts, strict=True):
        axes.annotate(f"{int(count):,}", (x, y), xytext=(0, -16), textcoords="offset points", ha="center", fontsize=8)
    axes.set(xlim=(0, 1.04), ylim=(0, 1.06), xlabel="confidence", ylabel="share of right lanes")
    axes.grid(alpha=0.25)
    return figure


def _confusion(report: Report) -> Any:
    counts = report.confusion
    if not counts.sum():
        return None
    figure, axes = _axes(7.4, 6.2)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*counts.shape):
        if counts[row, column]:
            dark = shares[row, column] > 0.55
            axes.text(
                column, row, f"{counts[row, column]}", ha="center", va="center", fontsize=8, color="w" if dark else "k"
            )
    axes.set_xticks(range(len(TASK_TYPES)), TASK_TYPES, rotation=45, ha="right")
    axes.set_yticks(range(len(TASK_TYPES)), TASK_TYPES)
    axes.set(xlabel="decided", ylabel="labelled")
    return figure


def _page(report: Report, drawn: list[tuple[Path, str]]) -> str:
    parts = [f"<h1>Router {html.escape(report.name)}</h1><p>{len(report.p):,} labelled queries.</p>"]
    for title, headings, rows in report.tables():
        head = "".join(f"<th>{html.escape(cell)}</th>" for cell in headings)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        parts.append(f"<h2>{html.escape(title)}</h2><table><tr>{head}</tr>{body}</table>")
    for path, caption in drawn:
        image = base64.b64encode(path.read_bytes()).decode()
        words = html.escape(caption)
        parts.append(
            f'<figure><img alt="{words}" src="data:image/png;base64,{image}"><figcaption>{words}</figcaption></figure>'
        )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Router {html.escape(report.name)}</title><style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )
