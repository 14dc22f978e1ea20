"""How good a ranking of queries is, and how honest its probabilities are.

All of it takes measured answers: whether the standard model was right (`standard`, 0 or 1 a query) and whether the
reasoning model was (`reasoning`). A query with a higher p goes to reasoning before one with a lower p; queries of equal
p go together. APGR and CPT are defined by Ong et al., "RouteLLM" (arXiv 2406.18665, section 3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
RESAMPLES: Final = 1_000
BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Curve:
    """Accuracy against the share of queries that go to reasoning, from none (0) to all (1).

    Attributes:
        share: rising from 0 to 1.
        accuracy: of the answers, at each share.
        threshold: the lowest p that still goes to reasoning, at each share; above 1 at share 0.
    """

    share: Floats
    accuracy: Floats
    threshold: Floats

    @property
    def standard(self) -> float:
        """Accuracy when everything goes to the standard model."""
        return float(self.accuracy[0])

    @property
    def reasoning(self) -> float:
        """Accuracy when everything goes to the reasoning model."""
        return float(self.accuracy[-1])

    def apgr(self) -> float:
        """Average performance gap recovered: the mean over all shares of (accuracy - standard) / (reasoning - standard).

        0.5 is what chance gives, 0 when the two models are equally good.
        """
        gap = self.reasoning - self.standard
        area = float(np.trapezoid(self.accuracy, self.share))
        return (area - self.standard) / gap if gap else 0.0

    def cpt(self, recovered: float) -> float:
        """Call-performance threshold: the smallest share that recovers this part of the gap, such as 0.5."""
        return self.share_for(self.standard + recovered * (self.reasoning - self.standard))

    def share_for(self, accuracy: float) -> float:
        """Find the smallest share at which an accuracy is reached; 1 when it never is."""
        reached = np.flatnonzero(self.accuracy >= accuracy - 1e-12)
        if not len(reached):
            return 1.0
        at = int(reached[0])
        if at == 0:
            return 0.0
        low, high = self.accuracy[at - 1], self.accuracy[at]
        part = (accuracy - low) / (high - low)
        return float(self.share[at - 1] + part * (self.share[at] - self.share[at - 1]))

    def saved(self, quality: float) -> float:
        """Share of reasoning calls saved while this part of always-reasoning accuracy is kept, such as 0.95."""
        return 1 - self.share_for(quality * self.reasoning)


def curve(p: ArrayLike, standard: ArrayLike, reasoning: ArrayLike) -> Curve:
    """Send queries to reasoning one after another, the highest p first."""
    scores, weak, strong = (np.asarray(values, np.float64) for values in (p, standard, reasoning))
    order = np.argsort(-scores, kind="stable")
    gained = np.cumsum((strong - weak)[order])
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)  # of each group of equals
    return Curve(
        share=np.concatenate([[0.0], (last + 1) / len(scores)]),
        accuracy=np.concatenate([[weak.mean()], (weak.sum() + gained[last]) / len(scores)]),
        threshold=np.concatenate([[1.01], scores[order][last]]),
    )


def calibration(p: ArrayLike, label: ArrayLike, bins: int = BINS) -> list[tuple[float, float, int]]:
    """Sort queries into bins of equal width of p; returns (mean p, share of label 1, queries) of each that is not empty."""
    scores, truth = np.asarray(p, np.float64), np.asarray(label, np.float64)
    which = np.minimum((scores * bins).astype(int), bins - 1)
    return [
        (float(scores[which == at].mean()), float(truth[which == at].mean()), int((which == at).sum()))
        for at in range(bins)
        if (which == at).any()
    ]


def calibration_error(p: ArrayLike, label: ArrayLike, bins: int = BINS) -> float:
    """Expected calibration error: the mean distance between p and what happened, over bins weighted by their queries."""
    found = calibration(p, label, bins)
    whole = sum(count for _, _, count in found)
    return sum(count * abs(said - true) for said, true, count in found) / max(1, whole)


def interval(
    measure: Callable[[NDArray[np.intp]], float], groups: Sequence[object], *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float]:
    """95 % bootstrap interval of a measure of chosen rows; rows of one group are drawn together.

    Args:
        measure: takes the numbers of the rows that were drawn.
        groups: the group of each row; a row of its own where all differ.
        resamples: how often to draw.
        seed: of the draws.
    """
    _, member = np.unique(np.asarray([str(group) for group in groups]), return_inverse=True)
    order = np.argsort(member, kind="stable")
    starts = np.searchsorted(member[order], np.arange(member.max() + 2))
    rows = [order[start:end] for start, end in pairwise(starts)]
    draws = np.random.default_rng(seed)
    found = [
        measure(np.concatenate([rows[at] for at in draws.integers(0, len(rows), len(rows))])) for _ in range(resamples)
    ]
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)
