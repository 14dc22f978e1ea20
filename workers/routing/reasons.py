"""Why a query goes where it goes, in words; never in the words of the query."""

from __future__ import annotations

from typing import Final

import numpy as np

from workers.contracts.routing import TaskType
from workers.routing.artefact import CLASSES
from workers.routing.features import NAMES, SHAPES
from workers.routing.network import Array, Network, probabilities

MOST_NAMED: Final = 2
SAID: Final = np.array([name not in SHAPES for name in NAMES])  # a shape alone explains nothing to a reader
LEAST_MOVED: Final = 0.12  # log-odds: what moved less is not named
KIND: Final[dict[TaskType, str]] = {
    "lookup": "a question of fact or an explanation",
    "extraction": "finding something in a given text",
    "transformation": "changing a given text",
    "creative": "creative writing",
    "everyday": "an everyday request",
    "arithmetic": "a few steps of plain arithmetic",
    "mathematics": "mathematics",
    "logic": "logic or exact bookkeeping",
    "code": "programming",
    "planning": "a plan under constraints",
    "analysis": "an analysis",
}


def moves(lanes: Network, inputs: Array) -> Array:
    """Tell how far each input moved the log-odds of the reasoning lane, to first order; (queries, inputs).

    Args:
        lanes: outputs the log-odds of each of CLASSES.
        inputs: (queries, inputs), standardised, so that 0 is what is usual.
    """
    logits = lanes.logits(inputs)
    sides = np.array([1.0 if lane == "reasoning" else -1.0 for lane, _ in CLASSES], np.float32)
    pull = np.zeros_like(logits)
    for sign in (1.0, -1.0):  # the softmax within each lane says how much each of its classes speaks
        chosen = sides == sign
        pull[:, chosen] = probabilities(logits[:, chosen]) * np.float32(sign)
    active = inputs @ lanes.w1 + lanes.b1 > 0
    slopes = ((pull @ lanes.w2.T) * active) @ lanes.w1.T + pull @ lanes.skip.T
    moved: Array = slopes * inputs
    return moved


def reason(kind: TaskType, lane: str, moved: Array, dimensions: int) -> str:
    """Say what a query is like, and which of its marks moved the decision most towards its lane and against it.

    Args:
        kind: its task type.
        lane: where it goes.
        moved: (inputs,) of `moves`.
        dimensions: of the embedding, whose part is told as one thing.
    """
    sign = 1 if lane == "reasoning" else -1
    marks = np.where(SAID, moved[dimensions:], 0) * sign
    order = np.argsort(-marks, kind="stable")
    towards = [_words(NAMES[at]) for at in order[:MOST_NAMED] if marks[at] > LEAST_MOVED]
    against = [_words(NAMES[at]) for at in order[:-2:-1] if marks[at] < -2 * LEAST_MOVED]
    said = f"reads like {KIND[kind]}"
    if towards:
        said += f"; for {lane}: {', '.join(dict.fromkeys(towards))}"
    if against:
        said += f"; against it: {', '.join(dict.fromkeys(against))}"
    return said


def _words(name: str) -> str:
    """Name a feature in a sentence."""
    for prefix, said in (
        ("closing words: ", "words of "),
        ("words: ", "words of "),
        ("phrases: ", ""),
        ("instructions: ", "the instructions have words of "),
    ):
        if name.startswith(prefix):
            return (said + name.removeprefix(prefix)).replace("words of words of", "words of")
    return name.replace("opens with", "it opens with")
