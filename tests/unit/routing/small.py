"""A small world for the router's tests: made-up vectors in which lanes differ, and a router trained on it."""

from __future__ import annotations

import numpy as np

from workers.routing.artefact import Artefact
from workers.routing.examples import Example
from workers.routing.training import EncoderName, Recipe, train

DIMENSIONS = 16
ENCODER = EncoderName("small", "f" * 32)
RECIPE = Recipe(hidden=8, networks=1, steps=120)
HARD = ("Prove that {} divides n^2 + {} for infinitely many n.", "Write a python function that merges {} lists of {}.")
EASY = ("Who was king number {} of country {}?", "Write a poem of {} lines about {} birds.")


def vectors(count: int, seed: int = 0) -> np.ndarray:
    """Make vectors of length one."""
    found = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def examples(count: int = 80) -> list[Example]:
    """Make labelled queries; every other one is hard, and half are measured."""
    found = []
    for at in range(count):
        hard = at % 2
        text = (HARD if hard else EASY)[at // 2 % 2].format(at, at + 7)
        task = (("lookup", "creative"), ("mathematics", "code"))[hard][at // 2 % 2]
        measured = at % 4 < 2
        found.append(
            Example(
                text=text,
                label=float(hard),
                standard=float(not hard or at % 8 == 1) if measured else None,
                reasoning=1.0 if measured else None,
                task_type=task,
                source="one" if at % 3 else "two",
            )
        )
    return found


def trained() -> Artefact:
    """Train on all of it."""
    rows = examples()
    return train(rows, vectors(len(rows)), ENCODER, name="small-1", recipe=RECIPE, attributions=("Nobody, CC0",))
