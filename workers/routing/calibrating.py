"""Turns scores of queries that a router was not trained on into probabilities, a confidence, and a curve of costs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.routing import metrics, scoring
from workers.routing.artefact import THRESHOLD, Artefact, Calibration
from workers.routing.examples import Example, near_duplicate_key
from workers.routing.features import matrix

FOLDS: Final = 5
POINTS: Final = 101  # of the stored curve
LEAST_ROWS: Final = 40  # fewer leave the slope and the confidence as they are
Scores = NDArray[np.float32]


def folded(examples: Sequence[Example]) -> Iterator[NDArray[np.bool_]]:
    """Split rows into FOLDS parts by what their texts say: near-duplicates fall into one part."""
    part = np.array(
        [int(hashlib.sha256(near_duplicate_key(one.text).encode()).hexdigest()[:8], 16) % FOLDS for one in examples]
    )
    for fold in range(FOLDS):
        yield part == fold


def calibrated(examples: Sequence[Example], score: Scores, strange: Scores, before: Calibration) -> Calibration:
    """Fit slope, offset and confidence to labelled rows, and measure the curve.

    Args:
        examples: rows; sources count alike.
        score: blended scores of a router that did not see them.
        strange: how unfamiliar each was.
        before: kept where there are too few rows.
    """
    known = np.array([one.label is not None and one.label in {0.0, 1.0} for one in examples])
    found = before
    if known.sum() >= LEAST_ROWS and len({one.label for one, at in zip(examples, known, strict=True) if at}) > 1:
        label = np.array([one.label or 0.0 for one in examples])
        weight = _sources_alike(examples, known)
        slope, offset = _logistic(np.stack([score], 1)[known], label[known], weight[known])
        found = replace(found, slope=max(0.05, slope), offset=offset)
        p = scoring.probability(score, found)
        distance = np.abs(found.slope * score + found.offset - np.log(THRESHOLD / (1 - THRESHOLD)))
        right = ((p >= THRESHOLD) == (label >= 0.5)).astype(float)
        factor, unfamiliar, constant = _logistic(np.stack([distance, -strange], 1)[known], right[known], weight[known])
        found = replace(found, sure=(constant, max(0.0, factor), max(0.0, unfamiliar)))
    return with_curve(examples, scoring.probability(score, found), found)


def with_curve(examples: Sequence[Example], p: Scores, calibration: Calibration) -> Calibration:
    """Measure the curve of costs: on the rows with measured answers where there are any, else shares alone."""
    measured = np.array([one.measured for one in examples])
    if measured.any():
        weak = np.array([one.standard or 0.0 for one in examples])[measured]
        strong = np.array([one.reasoning or 0.0 for one in examples])[measured]
        curve = metrics.curve(p[measured], weak, strong)
        names = sorted({one.source for one, at in zip(examples, measured, strict=True) if at})
        said = f"{int(measured.sum())} measured queries of {', '.join(names)}"
    else:
        curve = metrics.curve(p, np.zeros(len(p)), np.ones(len(p)))
        said = f"{len(p)} labelled queries, without measured answers"
    at = np.unique(np.searchsorted(curve.share, np.linspace(0, 1, POINTS)).clip(0, len(curve.share) - 1))
    quality = curve.accuracy[at] / max(curve.reasoning, 1e-9)
    return replace(
        calibration,
        share=tuple(curve.share[at].tolist()),
        threshold=tuple(curve.threshold[at].tolist()),
        quality=tuple(quality.tolist()) if measured.any() else (),
        measured_on=said,
    )


def _sources_alike(examples: Sequence[Example], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    names = [one.source for one in examples]
    size = {name: sum(1 for at, one in enumerate(names) if one == name and known[at]) or 1 for name in set(names)}
    return np.array([1 / size[name] for name in names])


def _logistic(x: NDArray[np.float32], y: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, ...]:
    """Fit a small logistic regression by Newton's method; returns the slopes and then the constant."""
    inputs = np.concatenate([x, np.ones((len(x), 1))], axis=1).astype(np.float64)
    weight = weight / weight.sum()
    found = np.zeros(inputs.shape[1])
    ridge = 1e-3 * np.eye(len(found))
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(inputs @ found, -30, 30)))
        gradient = inputs.T @ (weight * (p - y)) + ridge @ found
        bend = (inputs * (weight * p * (1 - p))[:, None]).T @ inputs + ridge
        found = found - np.linalg.solve(bend, gradient)
    return tuple(float(value) for value in found)


def recalibrated(artefact: Artefact, examples: Sequence[Example], vectors: Scores) -> Artefact:
    """Calibrate a trained router on other queries than it was trained on; its weights stay.

    Args:
        artefact: the router.
        examples: labelled queries.
        vectors: (examples, dimensions), of their texts.
    """
    seen = scoring.scores(artefact, vectors, matrix([(one.text, one.instructions) for one in examples]))
    score = seen.score(artefact.calibration)
    return replace(artefact, calibration=calibrated(examples, score, seen.strangeness, artefact.calibration))
