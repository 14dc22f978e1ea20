"""What a router is worth on labelled queries that it was not trained on: figures with intervals, in tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from workers.contracts.routing import TASK_TYPES
from workers.routing import metrics, scoring
from workers.routing.artefact import THRESHOLD, Artefact
from workers.routing.examples import Example, near_duplicate_key
from workers.routing.features import matrix
from workers.routing.metrics import Curve

Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]
QUALITIES = (0.95, 0.98, 0.99)


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured.

    Attributes:
        name: of the router.
        sources: of each row.
        labels: 1 reasoning, 0 standard, nan where not labelled; one a row.
        p: probability that a standard model gets it wrong; one a row.
        sure: confidence; one a row.
        standard: whether the standard model was right, nan where not measured; one a row.
        reasoning: the same of the reasoning model.
        confusion: (task types, task types): said by the label, decided.
        keys: rows of one key are near-duplicates and drawn together.
    """

    name: str
    sources: Sequence[str]
    labels: NDArray[np.float64]
    p: NDArray[np.float64]
    sure: NDArray[np.float64]
    standard: NDArray[np.float64]
    reasoning: NDArray[np.float64]
    confusion: NDArray[np.int64]
    keys: Sequence[str]

    def curve(self) -> Curve | None:
        """Return quality against share of reasoning; None when nothing was measured."""
        known = self._measured()
        return metrics.curve(self.p[known], self.standard[known], self.reasoning[known]) if known.any() else None

    def reliability(self) -> list[tuple[float, float, int]]:
        """Return (confidence, share of right lanes, queries) in bins."""
        known = ~np.isnan(self.labels)
        return metrics.calibration(self.sure[known], self._right()[known]) if known.any() else []

    def tables(self) -> list[Table]:
        """Return the report as titles, headings and rows."""
        found = [self._by_source()] if not np.isnan(self.labels).all() else []
        curve = self.curve()
        return [*found, self._costs(curve)] if curve is not None and curve.reasoning > curve.standard else found

    def _right(self) -> NDArray[np.float64]:
        right: NDArray[np.float64] = ((self.p >= THRESHOLD) == (self.labels >= 0.5)).astype(np.float64)
        return right

    def _measured(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.standard) & ~np.isnan(self.reasoning)

    def _keys(self, chosen: NDArray[np.intp]) -> list[str]:
        return [self.keys[int(at)] for at in chosen]

    def _by_source(self) -> Table:
        known, right = ~np.isnan(self.labels), self._right()
        rows: list[tuple[str, ...]] = []
        means: list[float] = []
        for name in sorted(set(self.sources)):
            chosen = np.flatnonzero(known & (np.array(self.sources) == name))
            if not len(chosen):
                continue
            low, high = metrics.interval(partial(_mean, right[chosen]), self._keys(chosen))
            means.append(float(right[chosen].mean()))
            sent = (self.p[chosen] >= THRESHOLD).mean()
            rows.append((name, str(len(chosen)), f"{means[-1]:.1%}", f"{low:.1%} to {high:.1%}", f"{sent:.1%}"))
        rows.append(("mean of the sources", str(int(known.sum())), f"{np.mean(means):.1%}", "", ""))
        error = metrics.calibration_error(self.sure[known], right[known])
        rows.append(("calibration error of the confidence", "", f"{error:.3f}", "", ""))
        return "Right lane by source", ("source", "queries", "right", "95 % interval", "to reasoning"), rows

    def _costs(self, curve: Curve) -> Table:
        known = np.flatnonzero(self._measured())
        p, weak, strong = self.p[known], self.standard[known], self.reasoning[known]
        measures: dict[str, Callable[[Curve], float]] = {
            "APGR (0.5 by chance)": Curve.apgr,
            "CPT(50): calls for half of the gap": lambda one: one.cpt(0.5),
            "CPT(80): calls for 80 % of the gap": lambda one: one.cpt(0.8),
        } | {f"calls saved at {part:.0%} of always-reasoning": partial(Curve.saved, quality=part) for part in QUALITIES}
        rows: list[tuple[str, ...]] = [
            ("always standard", f"{curve.standard:.1%}", ""),
            ("always reasoning", f"{curve.reasoning:.1%}", ""),
        ]
        for title, measure in measures.items():
            low, high = metrics.interval(partial(_of_curve, measure, p, weak, strong), self._keys(known))
            rows.append((title, f"{measure(curve):.3f}", f"{low:.3f} to {high:.3f}"))
        return f"Quality and calls, {len(known)} measured queries", ("measure", "value", "95 % interval"), rows


def evaluated(artefact: Artefact, examples: Sequence[Example], vectors: NDArray[np.float32]) -> Report:
    """Measure a router.

    Args:
        artefact: the router.
        examples: labelled queries that it was not trained on.
        vectors: (examples, dimensions), of their texts.
    """
    seen = scoring.scores(artefact, vectors, matrix([(one.text, one.instructions) for one in examples]))
    p = scoring.probability(seen.score(artefact.calibration), artefact.calibration)
    sure = scoring.confidence(p, seen.strangeness, artefact.calibration, THRESHOLD)
    confusion = np.zeros((len(TASK_TYPES), len(TASK_TYPES)), np.int64)
    for one, decided in zip(examples, seen.tasks.argmax(axis=1), strict=True):
        if one.task_type is not None:
            confusion[TASK_TYPES.index(one.task_type), decided] += 1
    return Report(
        name=artefact.name,
        sources=[one.source for one in examples],
        labels=_numbers([one.label for one in examples]),
        p=p.astype(np.float64),
        sure=sure.astype(np.float64),
        standard=_numbers([one.standard for one in examples]),
        reasoning=_numbers([one.reasoning for one in examples]),
        confusion=confusion,
        keys=[near_duplicate_key(one.text) for one in examples],
    )


def _mean(values: NDArray[np.float64], at: NDArray[np.intp]) -> float:
    return float(values[at].mean())


def _of_curve(
    measure: Callable[[Curve], float],
    p: NDArray[np.float64],
    weak: NDArray[np.float64],
    strong: NDArray[np.float64],
    at: NDArray[np.intp],
) -> float:
    return measure(metrics.curve(p[at], weak[at], strong[at]))


def _numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], np.float64)
