"""The right lane, by source, with whole sources left out of the training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from workers.contracts.routing import Query
from workers.routing import calibrating, metrics, network, rules, scoring
from workers.routing.artefact import THRESHOLD, Artefact
from workers.routing.examples import near_duplicate_key
from workers.routing.network import Plan
from workers.routing.policy import FLOOR
from workers.routing.training import EncoderName, Recipe, Rows, fit, weighted

LONG_CHARS = 300  # the length rule: longer queries go to reasoning
FAMILIES: dict[str, tuple[str, ...]] = {  # tasks of BIG-Bench-Hard by prefix; the project's own items of the same form
    "logical": ("ordering",),
    "tracking": ("shuffles",),
    "penguins": ("tables",),
    "date": ("dates",),
    "movie": ("similar",),
    "ruin": ("wordplay", "humour"),
    "sports": ("plausibility", "sport rules"),
    "web_of": ("liars",),
    "word_": ("sorting",),
}
Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]


def show(rows: Rows, recipe: Recipe, encoder: EncoderName) -> None:
    """Print accuracy by source and the macro mean, beside the baselines."""
    tests, scored = _tests(rows), {}
    label = np.array([one.label if one.label is not None else 0.5 for one in rows.examples])
    keys = np.array([near_duplicate_key(one.text) for one in rows.examples])
    p_trained, p_linear, sure = (np.zeros(len(label)) for _ in range(3))
    for held in {id(mask): mask for _, mask, _ in tests}.values():
        kept = trainable(rows) & ~held & ~np.isin(keys, keys[held])
        router = _calibrated(rows, kept, recipe, encoder)
        p, confidence = _decide(router, rows)
        p_trained[held], sure[held] = p[held], confidence[held]
        p_linear[held] = linear(rows, kept)[held]
    draws = np.random.default_rng(0).random(len(label))
    lengths = np.array([len(one.text) for one in rows.examples])
    shown = np.zeros(len(label), bool)
    for _, held, part in tests:
        shown |= held & part
    ruled = np.zeros(len(label))
    ruled[shown] = [
        rules.decide(Query(one.text, one.instructions)).p_reasoning
        for one, at in zip(rows.examples, shown, strict=True)
        if at
    ]
    scored = {
        "trained": (p_trained >= THRESHOLD) | (sure < FLOOR),
        "MiniLM linear": p_linear >= 0.5,
        "rules": ruled >= 0.5,
        "length": lengths > LONG_CHARS,
        "random": draws >= 0.5,
        "always std": np.zeros(len(label), bool),
        "always reas": np.ones(len(label), bool),
    }
    print("\nRight lane, whole sources (or tasks) left out of the training")
    print(
        f"  {'left out':34s} {'n':>5s} " + " ".join(f"{name:>13s}" for name in scored) + "   95 % interval of trained"
    )
    means: dict[str, list[float]] = {name: [] for name in scored}
    for title, held, part in tests:
        at = np.flatnonzero(held & part & ((label == 0) | (label == 1)))
        right = {name: (sent[at] == (label[at] == 1)).astype(float) for name, sent in scored.items()}
        for name, values in right.items():
            means[name].append(float(values.mean()))
        low, high = metrics.interval(lambda i, r=right["trained"]: float(r[i].mean()), keys[at].tolist())  # type: ignore[misc]
        print(
            f"  {title:34s} {len(at):5d} "
            + " ".join(f"{v.mean():13.1%}" for v in right.values())
            + f"   {low:.1%} to {high:.1%}"
        )
    print(f"  {'macro':34s} {'':5s} " + " ".join(f"{np.mean(values):13.1%}" for values in means.values()))
    known = shown & ((label == 0) | (label == 1))
    right_lane = (scored["trained"] == (label == 1)).astype(float)
    error = metrics.calibration_error(sure[known], right_lane[known])
    print(f"  calibration error of the confidence on what was left out: {error:.3f}")


def show_forms(rows: Rows, recipe: Recipe, encoder: EncoderName) -> None:
    """Print what is left where no item of the form was trained on: neither the task nor what this project wrote like it."""
    source = np.array([one.source for one in rows.examples])
    group = np.array([one.group for one in rows.examples])
    print("\nRight lane on tasks of BIG-Bench-Hard, the project's own items of the same form left out, too")
    means = []
    for prefix, forms in FAMILIES.items():
        task = (source == "bbh") & np.char.startswith(group, prefix)
        held = task | (source == "written_forms") | ((source == "written_forms_e") & np.isin(group, forms))
        router = _calibrated(rows, trainable(rows) & ~held, recipe, encoder)
        p, sure = _decide(
            router, Rows([rows.examples[int(i)] for i in np.flatnonzero(task)], rows.vectors[task], rows.counts[task])
        )
        means.append(float(((p >= THRESHOLD) | (sure < FLOOR)).mean()))
        print(f"  {prefix:34s} {int(task.sum()):5d} {means[-1]:13.1%}")
    print(f"  {'mean':34s} {'':5s} {np.mean(means):13.1%}")


def trainable(rows: Rows) -> Mask:
    """Leave out RouteLLM's MMLU labels beyond those that may be trained on."""
    from benchmarks.routing.sources import trainable as chosen  # noqa: PLC0415 - reads this module's types

    kept = {id(one) for one in chosen(rows.examples)}
    return np.array([id(one) in kept for one in rows.examples])


def linear(rows: Rows, kept: Mask) -> Numbers:
    """Train the baseline: logistic regression on the embedding alone; returns p of every row."""
    examples = [one for one, at in zip(rows.examples, kept, strict=True) if at]
    weights = weighted(examples)
    centre = rows.vectors[kept].mean(axis=0)
    inputs = (rows.vectors - centre) * np.float32(20)
    target = np.array([[one.label or 0.0] for one in examples], np.float32)
    return logistic(inputs, kept, target, weights)


def logistic(inputs: network.Array, kept: Mask, target: network.Array, weights: network.Array) -> Numbers:
    """Train a logistic regression on the kept rows; returns p of every row."""
    plan = Plan(hidden=0, steps=600, drop_input=0.1, drop_hidden=0.0, pull=0.5)
    found = network.train(network.new(inputs.shape[1], 1, plan), inputs[kept], target, weights, plan)
    return network.probabilities(found.logits(inputs))[:, 0].astype(np.float64)


def _calibrated(rows: Rows, kept: Mask, recipe: Recipe, encoder: EncoderName) -> Artefact:
    """Train on the kept rows; slope and confidence come from a fifth of them that a second training leaves out."""
    router = fit(rows, kept, recipe, None, encoder)
    fold = next(iter(calibrating.folded(rows.examples))) & kept
    part = fit(rows, kept & ~fold, replace(recipe, steps=recipe.steps // 2), None, encoder)
    seen = scoring.scores(part, rows.vectors[fold], rows.counts[fold])
    examples = [one for one, at in zip(rows.examples, fold, strict=True) if at]
    found = calibrating.calibrated(examples, seen.score(part.calibration), seen.strangeness, router.calibration)
    return replace(router, calibration=found)


def _decide(router: Artefact, rows: Rows) -> tuple[Numbers, Numbers]:
    seen = scoring.scores(router, rows.vectors, rows.counts)
    p = scoring.probability(seen.score(router.calibration), router.calibration)
    return p.astype(float), scoring.confidence(p, seen.strangeness, router.calibration, THRESHOLD).astype(float)


def _tests(rows: Rows) -> list[tuple[str, Mask, Mask]]:
    """List what is left out of one training together, and which part of it is a row of the table."""
    source = np.array([one.source for one in rows.examples])
    group = np.array([one.group for one in rows.examples])
    whole: Callable[[Sequence[str]], Mask] = lambda names: np.isin(source, list(names))  # noqa: E731
    everyone = np.ones(len(source), bool)
    found = [(name, whole([name]), everyone) for name in ("nq", "clinc", "banking")]
    problems = whole(["gsm8k", "routellm_gsm8k"]) | (group == "gsm")
    hard = whole(["math500"]) | (group == "math-l5")
    found += [
        ("gsm8k", problems, source == "gsm8k"),
        ("math500, level 4 and 5", hard, np.isin(group, ["level 4", "level 5"])),
    ]
    parts = {
        "everyday and creative": ["everyday standard", "creative standard"],
        "code": ["code reasoning"],
        "mathematics": ["mathematics reasoning"],
    }
    for name in ("arena", "written_c", "written_d"):
        held = whole([name])
        found += [(f"{name}: {title}", held, np.isin(group, groups)) for title, groups in parts.items()]
    for prefix in FAMILIES:
        held = (source == "bbh") & np.char.startswith(group, prefix)
        found.append((f"bbh task: {prefix}", held, everyone))
    return found
