"""From inputs to what the router believes: lane, difficulty, task type, and how familiar a query is.

    score = hold(lane) + share * tanh(mix of (difficulty - centre) / spread)      p = sigmoid(slope * score + offset)

`lane` is the log-odds that this kind of task needs reasoning: all classes of the reasoning lane against all of the
standard lane, held between two limits. `difficulty` is how much a reasoning model helps with this very query, learnt from
measured answers: an output for each kind of problem and one for questions of knowledge, mixed by the task types, as the
lower limit and the share are. It orders queries of one kind and cannot turn a plain case around.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.contracts.routing import TASK_TYPES
from workers.routing.artefact import DIFFICULTIES, DIFFICULTY_OF, Artefact, Calibration
from workers.routing.features import matrix
from workers.routing.network import Array, probabilities

CLIP: Final = 4.0  # standard deviations: an input that training never saw moves nothing without bound
TASKS: Final = len(TASK_TYPES)
_KIND: Final = np.eye(len(DIFFICULTIES), dtype=np.float32)[list(DIFFICULTY_OF)]  # (task types, DIFFICULTIES)


@dataclass(frozen=True, slots=True)
class Scores:
    """What the router believes of several queries; one number a query unless said.

    Attributes:
        inputs: (queries, dimensions + COUNT), standardised.
        lane: log-odds that the kind of task needs reasoning.
        difficulty: (queries, DIFFICULTIES), how much a reasoning model helps.
        tasks: (queries, task types), probabilities.
        strangeness: 1 - the largest cosine to what training knows; 0 where there is no vector.
    """

    inputs: Array
    lane: Array
    difficulty: Array
    tasks: Array
    strangeness: Array

    def score(self, calibration: Calibration) -> Array:
        """Blend lane and difficulty."""
        kinds = self.tasks @ _KIND
        limit, centre, spread, share = (
            np.array(values, np.float32)
            for values in (
                calibration.lane_limit,
                calibration.difficulty_centre,
                calibration.difficulty_spread,
                calibration.difficulty_share,
            )
        )
        held = np.clip(self.lane, -kinds @ limit, calibration.lane_ceiling)
        hard = np.tanh((kinds * (self.difficulty - centre) / spread).sum(axis=1))
        blended: Array = held + kinds @ share * hard
        return blended


def standardised(artefact: Artefact, vectors: NDArray[np.float32] | None, counts: Array) -> Array:
    """Join vectors and features; without vectors their part is left at its mean, as in a share of the training."""
    size = artefact.dimensions
    found = np.zeros((len(counts), size + counts.shape[1]), np.float32)
    if vectors is not None:
        found[:, :size] = (vectors - artefact.mean[:size]) / artefact.scale[:size]
    found[:, size:] = (counts - artefact.mean[size:]) / artefact.scale[size:]
    clipped: Array = np.clip(found, -CLIP, CLIP)
    return clipped


def scores(artefact: Artefact, vectors: NDArray[np.float32] | None, counts: Array) -> Scores:
    """Score several queries."""
    inputs = standardised(artefact, vectors, counts)
    classes = probabilities(artefact.lanes.logits(inputs))
    reasoning, standard = classes[:, :TASKS], classes[:, TASKS:]
    lane = np.log(reasoning.sum(1) + 1e-9) - np.log(standard.sum(1) + 1e-9)
    known = artefact.centres.T
    strange = np.zeros(len(counts), np.float32) if vectors is None else 1 - (vectors @ known).max(axis=1)
    return Scores(inputs, lane, artefact.difficulty.logits(inputs), reasoning + standard, strange)


def structural(artefact: Artefact, texts: Sequence[str]) -> Scores:
    """Score texts by their form alone, without an embedding: the earlier turns of a conversation."""
    return scores(artefact, None, matrix([(text, None) for text in texts]))


def probability(score: Array, calibration: Calibration) -> Array:
    """Turn blended scores into the probability that a standard model gets it wrong."""
    found: Array = 1 / (1 + np.exp(-np.clip(calibration.slope * score + calibration.offset, -30, 30)))
    return found


def confidence(p: Array, strangeness: Array, calibration: Calibration, threshold: float = 0.5) -> Array:
    """Tell how likely the lane is right: it rises with the distance from the threshold and falls where all is strange."""
    constant, factor, unfamiliar = calibration.sure
    ends = np.clip(p, 1e-4, 1 - 1e-4)
    line = np.clip(threshold, 1e-4, 1 - 1e-4)
    distance = np.abs(np.log(ends / (1 - ends)) - np.log(line / (1 - line)))
    found: Array = 1 / (1 + np.exp(-np.clip(constant + factor * distance - unfamiliar * strangeness, -30, 30)))
    return found
