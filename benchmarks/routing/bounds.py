"""What stands below and above the router on measured answers: a simple regression, and what no query tells.

The simple regression is the usual first thing: the embedding and eight counts of the surface learn that the standard
model was wrong. What no query tells is how two other models did on this very question; nothing that reads the query alone
can be expected to know more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.sources import STANDARD_MODEL, WEAK_MODELS, rows
from workers.routing.training import Rows

ORDER: Final = {"gsm": 0.0, "crux": 0.5, "math-l5": 0.5}  # added to the share of failures: easy word problems come last
Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]


def surface(text: str) -> list[float]:
    """Count eight things: words, questions, digits, symbols, lines, formulas, code, numbers."""
    size = max(1, len(text))
    return [
        float(np.log1p(len(text.split()))),
        float(text.count("?")),
        sum(letter.isdigit() for letter in text) / size,
        sum(not letter.isalnum() and not letter.isspace() for letter in text) / size,
        float(text.count("\n")),
        float("$" in text or "\\" in text),
        float("def " in text or "```" in text),
        float(len(re.findall(r"\d+", text))),
    ]


def simple(table: Rows, kept: Mask, wanted: Mask) -> Numbers:
    """Train the simple regression on the kept rows; returns p of every wanted row, 0 of the others."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow to import

    either = np.flatnonzero(kept | wanted)
    counts = np.array([surface(table.examples[int(at)].text) for at in either])
    learnt = kept[either]
    spread = counts[learnt].std(axis=0)
    scaled = (counts - counts[learnt].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    inputs = np.hstack([table.vectors[either], scaled])
    wrong = np.array([(table.examples[int(at)].standard or 0.0) < 1 for at in either])
    model = LogisticRegression(C=1.0, max_iter=2_000).fit(inputs[learnt], wrong[learnt])
    found = np.zeros(len(table.examples))
    found[either[wanted[either]]] = model.predict_proba(inputs[wanted[either]])[:, 1]
    return found


def others_failed(folder: Path, texts: Sequence[str]) -> Numbers:
    """Tell for each measured question which of two other standard models failed on it, and the kind of its set."""
    told = {row["question"]: row for row in rows(folder, "measured_reasoning_vs_standard")}
    others = [model for model in WEAK_MODELS if model != STANDARD_MODEL]
    found = [
        1 - np.mean([told[text]["correct"][model] for model in others]) + ORDER[told[text]["dataset"]] for text in texts
    ]
    return np.array(found, np.float64)
