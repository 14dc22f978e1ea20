"""A small network in numpy: one hidden layer beside a direct linear path, deciding and being trained.

    z = relu(x W1 + b1) W2 + b2 + x S

Several networks average to one wider network of the same form (`averaged`), so an ensemble costs no other code path.
Training is Adam on a weighted cross-entropy, in a fixed order from a seed: the same rows give the same weights on the
same machine. Weights are pulled towards where training began: towards zero for a new network, towards the shipped one
when that is fitted to somebody's own traffic, so that a few hundred rows move it and do not replace it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
BETA_1: Final = 0.9  # Adam's own defaults (arXiv 1412.6980)
BETA_2: Final = 0.999
TINY: Final = 1e-8


@dataclass(frozen=True, slots=True)
class Network:
    """The weights: d inputs, k hidden units, m outputs.

    Attributes:
        w1: (d, k).
        b1: (k,).
        w2: (k, m).
        b2: (m,).
        skip: (d, m), the direct path.
    """

    w1: Array
    b1: Array
    w2: Array
    b2: Array
    skip: Array

    def logits(self, x: Array) -> Array:
        """Return (rows, m) log-odds for (rows, d) inputs."""
        found: Array = np.maximum(x @ self.w1 + self.b1, 0) @ self.w2 + self.b2 + x @ self.skip
        return found

    def slopes(self, x: Array, output: int = 0) -> Array:
        """Return (rows, d): how much one output changes with each input, at these inputs."""
        active = (x @ self.w1 + self.b1 > 0) * self.w2[:, output]
        found: Array = active @ self.w1.T + self.skip[:, output]
        return found

    def arrays(self) -> dict[str, Array]:
        """Name the weights, in the order of their definition."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train.

    Attributes:
        hidden: units; 0 leaves the direct path alone, which is logistic regression.
        steps: of training; each draws `batch` rows, in proportion to their weights.
        rate: of learning at the start; it falls to zero along a cosine.
        pull: strength of the pull towards where training began.
        drop_hidden: share of hidden units left out of each step.
        drop_input: share of inputs left out of each step.
        drop_blocks: (first input, behind the last, share): blocks of inputs that are left out of whole rows, so that
            the rest must decide alone.
        batch: rows a step.
        seed: of order, dropout and first weights.
    """

    hidden: int = 32
    steps: int = 1_200
    rate: float = 4e-3
    pull: float = 3e-2
    drop_hidden: float = 0.3
    drop_input: float = 0.1
    drop_blocks: tuple[tuple[int, int, float], ...] = ()
    batch: int = 256
    seed: int = 0


def new(inputs: int, outputs: int, plan: Plan) -> Network:
    """Make a network to train: small random hidden weights, a direct path of zeros."""
    draws = np.random.default_rng(plan.seed)
    scale_in, scale_out = (1 / max(1, size) ** 0.5 for size in (inputs, plan.hidden))
    return Network(
        w1=draws.normal(0, scale_in, (inputs, plan.hidden)).astype(np.float32),
        b1=np.zeros(plan.hidden, np.float32),
        w2=draws.normal(0, scale_out, (plan.hidden, outputs)).astype(np.float32),
        b2=np.zeros(outputs, np.float32),
        skip=np.zeros((inputs, outputs), np.float32),
    )


def averaged(networks: Sequence[Network]) -> Network:
    """Join networks into one whose output is the mean of theirs."""
    count = len(networks)
    return Network(
        w1=np.concatenate([one.w1 for one in networks], axis=1),
        b1=np.concatenate([one.b1 for one in networks]),
        w2=np.concatenate([one.w2 / np.float32(count) for one in networks]).astype(np.float32),
        b2=np.mean([one.b2 for one in networks], axis=0, dtype=np.float32),
        skip=np.mean([one.skip for one in networks], axis=0, dtype=np.float32),
    )


def train(
    start: Network, x: Array, target: Array, weight: Array, plan: Plan, *, towards_start: bool = False
) -> Network:
    """Train from `start`.

    Args:
        start: where to begin.
        x: (rows, d) inputs.
        target: (rows, m) probabilities; one output is a sigmoid, several are a softmax.
        weight: (rows,) how much each row counts; only the proportions matter.
        plan: how to train.
        towards_start: pull towards the first weights instead of towards zero.
    """
    draws = np.random.default_rng(plan.seed + 1)
    origin = list(start.arrays().values())
    now = [array.copy() for array in origin]
    first, second = ([np.zeros_like(array) for array in now] for _ in range(2))
    chances = np.cumsum(np.asarray(weight, np.float64))
    for done in range(1, plan.steps + 1):
        rows = np.searchsorted(chances, draws.random(plan.batch) * chances[-1], side="right")
        gradients = _gradients(now, x[rows], target[rows], plan, draws)
        rate = plan.rate * 0.5 * (1 + np.cos(np.pi * done / plan.steps))
        for at, gradient in enumerate(gradients):
            first[at] = BETA_1 * first[at] + (1 - BETA_1) * gradient
            second[at] = BETA_2 * second[at] + (1 - BETA_2) * gradient**2
            step = (first[at] / (1 - BETA_1**done)) / (np.sqrt(second[at] / (1 - BETA_2**done)) + TINY)
            if towards_start:
                step += plan.pull * (now[at] - origin[at])
            elif now[at].ndim == 2:  # the biases are left free
                step += plan.pull * now[at]
            now[at] = (now[at] - rate * step).astype(np.float32)
    return Network(*now)


def _gradients(now: Sequence[Array], x: Array, target: Array, plan: Plan, draws: np.random.Generator) -> list[Array]:
    """Differentiate the cross-entropy of one batch, with dropout."""
    w1, b1, w2, b2, skip = now
    if plan.drop_input:
        x = x * _kept(draws, x.shape, plan.drop_input)
    for begin, end, share in plan.drop_blocks:
        x = x.copy()
        x[draws.random(len(x)) < share, begin:end] = 0
    before = x @ w1 + b1
    mask = (before > 0) * _kept(draws, before.shape, plan.drop_hidden)
    hidden = before * mask
    delta = (probabilities(hidden @ w2 + b2 + x @ skip) - target) / np.float32(len(x))
    back = (delta @ w2.T) * mask
    return [x.T @ back, back.sum(0), hidden.T @ delta, delta.sum(0), x.T @ delta]


def probabilities(logits: Array) -> Array:
    """Turn log-odds into probabilities: a sigmoid of one output, a softmax of several."""
    if logits.shape[1] == 1:
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float32)
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    several: Array = raised / raised.sum(axis=1, keepdims=True)
    return several


def _kept(draws: np.random.Generator, shape: tuple[int, ...], dropped: float) -> Array:
    kept: Array = (draws.random(shape, dtype=np.float32) >= dropped).astype(np.float32) / np.float32(1 - dropped)
    return kept
