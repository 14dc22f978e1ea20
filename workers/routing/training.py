"""Trains a router from labelled queries: the same lines give the same bytes on the same machine.

The lane head is trained on every line with a label, so that each source counts by its weight and not by its size, each
group within a source by the root of its size, and both lanes alike. The difficulty head is a ridge regression on the
lines that were measured. Starting from the shipped router, both are pulled towards its weights: a few hundred lines
move it and do not replace it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from workers.contracts.routing import TASK_TYPES
from workers.routing import network, scoring
from workers.routing.artefact import CLASSES, DIFFICULTIES, DIFFICULTY_OF, KNOWLEDGE, Artefact, Calibration
from workers.routing.calibrating import calibrated, folded
from workers.routing.examples import Example, fingerprint
from workers.routing.features import COUNT, matrix
from workers.routing.network import Array, Network, Plan

Doubles = NDArray[np.float64]

CENTRES: Final = 256
CENTRE_ROUNDS: Final = 8
SCALE_FLOOR: Final = 0.05  # added to standard deviations: what hardly ever occurs is not blown up
RIDGE: Final = 2_000.0  # for standardised inputs; found by cross-validation on the measured answers
PROBLEM_RIDGE: Final = 5_000.0  # the same, of each of two steps: what all problems share, and what one kind adds
PRIOR_RIDGE: Final = 500.0
STANDARD_CODE: Final = 0.3  # a plain question about code counts less: a wrong program costs more than some cents
_OUTPUT: Final = dict(zip(TASK_TYPES, DIFFICULTY_OF, strict=True))
DEFAULT_TASK: Final = {"reasoning": "analysis", "standard": "everyday"}


@dataclass(frozen=True, slots=True)
class EncoderName:
    """Which encoder made the vectors.

    Attributes:
        name: see `Encoder.name`.
        fingerprint: see `Encoder.fingerprint`.
    """

    name: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the shipped router is trained.

    Attributes:
        hidden: units of each network.
        networks: whose outputs are averaged, each from another seed.
        steps: of training each.
        pull: towards zero, or towards the shipped weights.
        blind: share of rows whose embedding is hidden, so that the form must decide; it also lets earlier turns be
            judged without an embedding.
        formless: share of rows whose features are hidden.
        lane_limit: see `Calibration`.
        lane_ceiling: see `Calibration`.
        difficulty_share: see `Calibration`.
    """

    hidden: int = 48
    networks: int = 2
    steps: int = 900
    pull: float = 0.5
    blind: float = 0.45
    formless: float = 0.1
    rate: float = 4e-3
    lane_limit: tuple[float, ...] = (1.2, 1.2, 1.2, 1.2, 0.8)  # how plainly a fact is asked for says little about it
    lane_ceiling: float = 0.53
    difficulty_share: tuple[float, ...] = (0.63, 0.63, 0.63, 0.63, 0.25)

    def plan(self, dimensions: int, seed: int) -> Plan:
        """Tell how one network is trained."""
        end = dimensions + COUNT
        blocks = ((0, dimensions, self.blind), (dimensions, end, self.formless))
        return Plan(
            hidden=self.hidden,
            steps=self.steps,
            rate=self.rate,
            pull=self.pull,
            drop_hidden=0.3,
            drop_input=0.1,
            drop_blocks=blocks,
            seed=seed,
        )


TUNED: Final = Recipe(networks=1, steps=300, pull=0.5, rate=1e-3)  # for own lines, from the shipped weights


def train(  # noqa: PLR0913 - what training needs
    examples: Sequence[Example],
    vectors: NDArray[np.float32],
    encoder: EncoderName,
    *,
    name: str,
    recipe: Recipe | None = None,
    prior: Artefact | None = None,
    attributions: Sequence[str] = (),
) -> Artefact:
    """Train and calibrate a router.

    Args:
        examples: labelled queries.
        vectors: (examples, dimensions), of their texts.
        encoder: that made the vectors.
        name: of the new router; shown as `decided_by`.
        recipe: how; by default the shipped router's, or a gentler one from a prior.
        prior: a trained router to start from.
        attributions: one sentence for each source whose licence asks for it.
    """
    recipe = recipe or (TUNED if prior else Recipe())
    counts = matrix([(one.text, one.instructions) for one in examples])
    rows = Rows(examples, vectors, counts)
    with threadpool_limits(1):  # sums of several threads differ in their last bits, and then so do the bytes
        fitted = fit(rows, np.ones(len(examples), bool), recipe, prior, encoder)
        calibration = calibrated(examples, *_out_of_fold(rows, recipe, prior, encoder), fitted.calibration)
    return replace(
        fitted, name=name, calibration=calibration, data=_described(examples, attributions, prior), scores={}
    )


@dataclass(frozen=True, slots=True)
class Rows:
    """Labelled queries with what is computed of them once.

    Attributes:
        examples: n labelled queries.
        vectors: (n, dimensions).
        counts: (n, COUNT).
    """

    examples: Sequence[Example]
    vectors: NDArray[np.float32]
    counts: Array


def fit(
    rows: Rows, chosen: NDArray[np.bool_], recipe: Recipe, prior: Artefact | None, encoder: EncoderName
) -> Artefact:
    """Train both heads on the chosen rows, without calibrating them."""
    examples = [one for one, taken in zip(rows.examples, chosen, strict=True) if taken]
    vectors, counts = rows.vectors[chosen], rows.counts[chosen]
    weights = weighted(examples)
    bare = _bare(vectors, counts, weights, recipe, prior, encoder)
    inputs = scoring.standardised(bare, vectors, counts)
    lanes = _lanes(examples, inputs, weights, recipe, prior, vectors.shape[1])
    difficulty = _difficulty(examples, inputs, prior)
    found = replace(bare, lanes=lanes, difficulty=difficulty)
    return replace(found, calibration=_centred(found.calibration, examples, inputs, difficulty))


def weighted(examples: Sequence[Example]) -> Array:
    """Weigh rows: sources by their weight, groups within a source by the root of their size, both lanes alike."""
    source = np.array([one.source for one in examples])
    side = np.array([float(lane_label(one) or 0) >= 0.5 for one in examples])
    used = np.array([lane_label(one) is not None for one in examples])
    part = np.array(
        [f"{one.source}\n{one.group}\n{one.task_type}\n{at}" for one, at in zip(examples, side, strict=True)]
    )
    found = np.zeros(len(examples))
    for name in np.unique(part[used]):
        chosen = (part == name) & used
        found[chosen] = chosen.sum() ** -0.5
    for name in np.unique(source[used]):
        chosen = source == name
        found[chosen] *= max(one.weight for one, at in zip(examples, chosen, strict=True) if at) / found[chosen].sum()
    plain_code = np.array([one.task_type == "code" for one in examples]) & ~side
    found[plain_code] *= STANDARD_CODE
    for chosen in (side, ~side):
        if found[chosen].sum() > 0:
            found[chosen] /= found[chosen].sum()
    weights: Array = found.astype(np.float32)
    return weights


def lane_label(example: Example) -> float | None:
    """Tell the lane that a row teaches: its label, or whether only the reasoning model was right; None when open."""
    if example.label is not None or not example.measured:
        return example.label
    if example.standard:
        return 0.0
    return 1.0 if example.reasoning else None


def _bare(
    vectors: NDArray[np.float32],
    counts: Array,
    weights: Array,
    recipe: Recipe,
    prior: Artefact | None,
    encoder: EncoderName,
) -> Artefact:
    """Make a router that knows its inputs and nothing else."""
    if prior is not None:
        return prior
    both = np.concatenate([vectors, counts], axis=1)
    used = weights > 0
    mean = np.average(both[used], axis=0, weights=weights[used])
    spread = np.sqrt(np.average((both[used] - mean) ** 2, axis=0, weights=weights[used]))
    size = vectors.shape[1]
    floor = np.concatenate([np.full(size, SCALE_FLOOR / size**0.5), np.full(COUNT, SCALE_FLOOR)])
    nothing = network.new(size + COUNT, 1, Plan(hidden=0))
    return Artefact(
        name="",
        encoder=encoder.name,
        encoder_fingerprint=encoder.fingerprint,
        dimensions=size,
        mean=mean.astype(np.float32),
        scale=(spread + floor).astype(np.float32),
        lanes=nothing,
        difficulty=nothing,
        centres=_centres(vectors),
        calibration=Calibration(
            lane_limit=recipe.lane_limit, lane_ceiling=recipe.lane_ceiling, difficulty_share=recipe.difficulty_share
        ),
    )


def _lanes(
    examples: Sequence[Example], inputs: Array, weights: Array, recipe: Recipe, prior: Artefact | None, dimensions: int
) -> Network:
    target = _targets(examples, inputs, prior)
    used = weights > 0
    if not used.any():
        if prior is None:
            raise ValueError("no row has a label")
        return prior.lanes
    if prior is not None:
        plan = recipe.plan(dimensions, 0)
        return network.train(prior.lanes, inputs[used], target[used], weights[used], plan, towards_start=True)
    found = []
    for seed in range(recipe.networks):
        plan = recipe.plan(dimensions, seed)
        start = network.new(inputs.shape[1], len(CLASSES), plan)
        found.append(network.train(start, inputs[used], target[used], weights[used], plan))
    return network.averaged(found)


def _targets(examples: Sequence[Example], inputs: Array, prior: Artefact | None) -> Array:
    """Spread each row's label over the classes: on its task type, or over the task types that the prior sees in it."""
    size = len(TASK_TYPES)
    found = np.zeros((len(examples), 2 * size), np.float32)
    seen = None if prior is None else network.probabilities(prior.lanes.logits(inputs))
    for at, one in enumerate(examples):
        label = lane_label(one) or 0.0
        for begin, part, lane in ((0, label, "reasoning"), (size, 1 - label, "standard")):
            if one.task_type is not None:
                found[at, begin + TASK_TYPES.index(one.task_type)] = part
            elif seen is not None:
                within = seen[at, begin : begin + size]
                found[at, begin : begin + size] = part * within / within.sum()
            else:
                found[at, begin + TASK_TYPES.index(DEFAULT_TASK[lane])] = part
    return found


def _difficulty(examples: Sequence[Example], inputs: Array, prior: Artefact | None) -> Network:
    """Fit ridge regressions to how much reasoning helped on the measured rows, for each of DIFFICULTIES.

    What makes a problem hard is first learnt from all kinds together, each around its own mean, and then for each kind
    from what that leaves unexplained. Questions of knowledge share nothing with problems.
    """
    start = prior.difficulty if prior is not None else network.new(inputs.shape[1], len(DIFFICULTIES), Plan(hidden=0))
    skip, b2 = start.skip.astype(np.float64), start.b2.astype(np.float64)
    measured = _measured(examples)
    if prior is None:
        _learn_shared(examples, inputs, measured[:KNOWLEDGE], skip, b2)
    for output, chosen in enumerate(measured):
        if chosen.any():
            ridge = PRIOR_RIDGE if prior is not None else RIDGE if output == KNOWLEDGE else PROBLEM_RIDGE
            x, y = inputs[chosen].astype(np.float64), _hard(examples, chosen)
            slope, level = _ridge(x, y - x @ skip[:, output] - b2[output], ridge)
            skip[:, output] += slope
            b2[output] += level
    return replace(start, skip=skip.astype(np.float32), b2=b2.astype(np.float32))


def _learn_shared(
    examples: Sequence[Example], inputs: Array, measured: Sequence[NDArray[np.bool_]], skip: Doubles, b2: Doubles
) -> None:
    """Write into `skip` and `b2` of each kind of problem what the measured kinds have in common."""
    parts = [(inputs[chosen].astype(np.float64), _hard(examples, chosen)) for chosen in measured if chosen.any()]
    if not parts:
        return
    x = np.concatenate([rows - rows.mean(axis=0) for rows, _ in parts])
    y = np.concatenate([values - values.mean() for _, values in parts])
    slope, _ = _ridge(x, y, PROBLEM_RIDGE)
    skip[:, : len(measured)] += slope[:, None]
    level = np.mean(np.concatenate([values - rows @ slope for rows, values in parts]))
    b2[: len(measured)] += level


def _ridge(x: Doubles, y: Doubles, ridge: float) -> tuple[Doubles, float]:
    """Return the slopes and the constant of a ridge regression."""
    centre, level = x.mean(axis=0), float(y.mean())
    shifted = x - centre
    slope: Doubles = np.linalg.solve(shifted.T @ shifted + ridge * np.eye(x.shape[1]), shifted.T @ (y - level))
    return slope, level - float(centre @ slope)


def _hard(examples: Sequence[Example], chosen: NDArray[np.bool_]) -> Doubles:
    return np.array([one.hard or 0.0 for one, at in zip(examples, chosen, strict=True) if at])


def _measured(examples: Sequence[Example]) -> list[NDArray[np.bool_]]:
    """Tell which rows teach each of DIFFICULTIES; rows without a task type teach all."""
    known = np.array([one.hard is not None for one in examples])
    output = np.array([-1 if one.task_type is None else _OUTPUT[one.task_type] for one in examples])
    return [known & ((output == at) | (output == -1)) for at in range(len(DIFFICULTIES))]


def _centred(calibration: Calibration, examples: Sequence[Example], inputs: Array, difficulty: Network) -> Calibration:
    """Tell what is usual for problems, of whatever kind, and for questions of knowledge."""
    values, measured = difficulty.logits(inputs), _measured(examples)
    centre, spread = list(calibration.difficulty_centre), list(calibration.difficulty_spread)
    for outputs in (range(KNOWLEDGE), range(KNOWLEDGE, KNOWLEDGE + 1)):
        seen = np.concatenate([values[measured[output], output] for output in outputs])
        if len(seen):
            for output in outputs:
                centre[output] = float(seen.mean())
                spread[output] = float(seen.std() + 1e-3)
    return replace(calibration, difficulty_centre=tuple(centre), difficulty_spread=tuple(spread))


def _centres(vectors: NDArray[np.float32]) -> Array:
    """Find directions that stand for the training: k-means on the sphere, from rows at equal distances."""
    taken: Array = vectors[np.linspace(0, len(vectors) - 1, min(CENTRES, len(vectors))).astype(int)]
    for _ in range(CENTRE_ROUNDS):
        nearest = (vectors @ taken.T).argmax(axis=1)
        sums = np.zeros_like(taken)
        np.add.at(sums, nearest, vectors)
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        taken = np.where(length > 0, sums / np.maximum(length, 1e-9), taken).astype(np.float32)
    return taken


def _out_of_fold(
    rows: Rows, recipe: Recipe, prior: Artefact | None, encoder: EncoderName
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Score every row by a router that was trained without its fold; returns (scores, strangeness)."""
    score, strange = (np.zeros(len(rows.examples), np.float32) for _ in range(2))
    once = replace(recipe, networks=1, steps=recipe.steps // 2)
    for left_out in folded(rows.examples):
        if not left_out.any():
            continue
        part = fit(rows, ~left_out, once, prior, encoder)
        seen = scoring.scores(part, rows.vectors[left_out], rows.counts[left_out])
        score[left_out] = seen.score(part.calibration)
        strange[left_out] = seen.strangeness
    return score, strange


def _described(examples: Sequence[Example], attributions: Sequence[str], prior: Artefact | None) -> dict[str, Any]:
    sources = sorted({one.source for one in examples})
    return {
        "fingerprint": fingerprint(examples),
        "rows": {name: sum(one.source == name for one in examples) for name in sources},
        "attributions": list(attributions) or (list(prior.data.get("attributions", [])) if prior else []),
        "started_from": prior.data.get("fingerprint") if prior else None,
    }
