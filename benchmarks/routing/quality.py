"""What routing saves, on answers that were measured."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.bounds import others_failed, simple
from benchmarks.routing.lanes import trainable
from workers.contracts.routing import Query
from workers.routing import calibrating, metrics, rules, scoring
from workers.routing.artefact import SHIPPED, THRESHOLD, load
from workers.routing.examples import near_duplicate_key
from workers.routing.metrics import Curve
from workers.routing.training import EncoderName, Recipe, Rows, fit

STANDARD_DOLLARS, REASONING_DOLLARS = 0.0002, 0.0185  # a call; see docs/router.md
MEASURES: dict[str, Callable[[Curve], float]] = {
    "APGR": Curve.apgr,
    "CPT(50)": partial(Curve.cpt, recovered=0.5),
    "CPT(80)": partial(Curve.cpt, recovered=0.8),
    "saved at 95 %": partial(Curve.saved, quality=0.95),
    "saved at 98 %": partial(Curve.saved, quality=0.98),
    "saved at 99 %": partial(Curve.saved, quality=0.99),
}
Numbers = NDArray[np.float64]


def show(rows: Rows, recipe: Recipe, encoder: EncoderName, folder: Path) -> None:
    """Print the measures for each set of measured answers."""
    source = np.array([one.source for one in rows.examples])
    allowed = trainable(rows)
    keys = np.array([near_duplicate_key(one.text) for one in rows.examples])
    trained, regression = (np.zeros(len(source)) for _ in range(2))
    for fold in calibrating.folded(rows.examples):
        kept = allowed & ~fold & ~np.isin(keys, keys[fold])
        router = fit(rows, kept, recipe, None, encoder)
        trained[fold] = scoring.scores(router, rows.vectors[fold], rows.counts[fold]).score(router.calibration)
        for name in ("measured", "mmlu"):
            regression += simple(rows, kept & (source == name), fold & (source == name))
    _seen_sources(rows, trained)
    rest = (source == "mmlu") & ~allowed & ~np.isin(keys, keys[allowed])
    measured = source == "measured"
    _table("o1-mini against gpt-4o-mini, 5-fold by question", rows, measured, trained, regression)
    _show_ceiling(rows, measured, folder)
    _table("RouteLLM MMLU, GPT-4 against Mixtral, 1,200 of 1,500 trained on a fold", rows, rest, trained, regression)
    held = rest | (source == "mmlu")
    router = fit(rows, allowed & (source == "mmlu"), recipe, None, encoder)
    own = np.zeros(len(source))
    own[held] = scoring.scores(router, rows.vectors[held], rows.counts[held]).score(router.calibration)
    _table("the same, trained on 1,500 of these labels and nothing else", rows, rest, own, regression)


def _seen_sources(rows: Rows, score: Numbers) -> None:
    """Print the right lane on other questions of sources that were trained on."""
    p = scoring.probability(score.astype(np.float32), load(SHIPPED).calibration)
    source = np.array([one.source for one in rows.examples])
    label = np.array([np.nan if one.label is None else one.label for one in rows.examples])
    keys = np.array([near_duplicate_key(one.text) for one in rows.examples])
    print("\nRight lane, other questions of sources that are trained on (5-fold, near-duplicates together)")
    means = []
    for name in sorted(set(source.tolist())):
        at = np.flatnonzero((source == name) & ((label == 0) | (label == 1)))
        right = ((p[at] >= THRESHOLD) == (label[at] == 1)).astype(float)
        low, high = metrics.interval(lambda i, r=right: float(r[i].mean()), keys[at].tolist(), resamples=400)  # type: ignore[misc]
        means.append(float(right.mean()))
        print(f"  {name:18s} {len(at):5d} {means[-1]:7.1%}   {low:.1%} to {high:.1%}")
    print(f"  {'macro':18s} {'':5s} {np.mean(means):7.1%}")


def _show_ceiling(rows: Rows, chosen: NDArray[np.bool_], folder: Path) -> None:
    """Print what two other models' answers to the same questions are worth as a router."""
    examples = [rows.examples[int(at)] for at in np.flatnonzero(chosen)]
    weak, strong = (np.array([getattr(one, of) or 0.0 for one in examples]) for of in ("standard", "reasoning"))
    curve = metrics.curve(others_failed(folder, [one.text for one in examples]), weak, strong)
    said = ", ".join(f"{name} {measure(curve):.3f}" for name, measure in MEASURES.items())
    print(f"  knowing how gpt-4o and llama-3.1-8b answered each very question, and whether it is of gsm: {said}")


def _table(title: str, rows: Rows, chosen: NDArray[np.bool_], trained: Numbers, regression: Numbers) -> None:
    at = np.flatnonzero(chosen)
    examples = [rows.examples[int(i)] for i in at]
    weak = np.array([one.standard or 0.0 for one in examples])
    strong = np.array([one.reasoning or 0.0 for one in examples])
    scores = {
        "trained": trained[at],
        "MiniLM + 8": regression[at],
        "rules": np.array([rules.decide(Query(one.text)).p_reasoning for one in examples]),
        "length": np.array([float(len(one.text)) for one in examples]),
        "random": np.random.default_rng(0).random(len(at)),
    }
    print(f"\n{title}: {len(at)} questions; always standard {weak.mean():.1%}, always reasoning {strong.mean():.1%}")
    print(f"  {'':15s}" + "".join(f"{name:>15s}" for name in scores) + "   95 % interval of trained")
    curves = {name: metrics.curve(score, weak, strong) for name, score in scores.items()}
    groups = [near_duplicate_key(one.text) for one in examples]
    for name, measure in MEASURES.items():
        low, high = metrics.interval(
            lambda i, m=measure: m(metrics.curve(scores["trained"][i], weak[i], strong[i])),  # type: ignore[misc]
            groups,
            resamples=400,
        )
        values = "".join(f"{measure(curve):15.3f}" for curve in curves.values())
        print(f"  {name:15s}{values}   {low:.3f} to {high:.3f}")
    for part in (0.95, 0.98, 0.99):
        saved = 1_000 * curves["trained"].saved(part) * (REASONING_DOLLARS - STANDARD_DOLLARS)
        print(f"  dollars saved on 1,000 queries at {part:.0%} of always-reasoning accuracy: {saved:.2f}")
