"""A stream of past queries through an empty cache in memory: exact tier, then the judge over the nearest stored queries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from workers.cache.judge.judge import LEAST_SIMILARITY, Judge
from workers.cli.pairs import Query
from workers.submission.fingerprint import normalise

CANDIDATES: Final = 5  # nearest stored queries that the judge is asked about
BARE: Final = 0.97  # the usual rule, for comparison
POINTS: Final = 200  # of the plotted curve


@dataclass(slots=True)
class Store:
    """What one scope has stored: texts, and their vectors in one array that doubles as it fills."""

    texts: list[Query] = field(default_factory=list)
    exact: dict[str, int] = field(default_factory=dict)
    rows: NDArray[np.float32] = field(default_factory=lambda: np.zeros((64, 0), np.float32))

    def add(self, query: Query, vector: NDArray[np.float32]) -> None:
        """Store a query that was answered by a model."""
        if not self.rows.shape[1]:
            self.rows = np.zeros((64, len(vector)), np.float32)
        if len(self.texts) == len(self.rows):
            self.rows = np.concatenate([self.rows, np.zeros_like(self.rows)])
        self.rows[len(self.texts)] = vector
        self.exact[normalise(query.text)] = len(self.texts)
        self.texts.append(query)

    def nearest(self, vector: NDArray[np.float32]) -> list[tuple[int, float]]:
        """Find the nearest stored queries, best first, with their similarity."""
        if not self.texts:
            return []
        found = self.rows[: len(self.texts)] @ vector
        best = np.argsort(-found)[:CANDIDATES] if len(found) <= 64 else _top(found)
        return [(int(at), float(found[at])) for at in best if found[at] >= LEAST_SIMILARITY]


def _top(found: NDArray[np.float32]) -> NDArray[np.intp]:
    some = np.argpartition(-found, CANDIDATES)[:CANDIDATES]
    return np.asarray(some[np.argsort(-found[some])])


@dataclass(slots=True)
class Outcome:
    """What became of the stream."""

    tiers: Counter[str] = field(default_factory=Counter)
    saved_usd: Counter[str] = field(default_factory=Counter)
    spent_usd: float = 0.0
    priced: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    refused_above_bare: Counter[str] = field(default_factory=Counter)
    bare_hits: int = 0
    curve: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many queries there were."""
        return sum(self.tiers.values())

    def figures(self) -> dict[str, Any]:
        """Give everything as JSON values; rates are shares of all queries, 0 to 1."""
        total = max(1, self.total)
        return {
            "queries": self.total,
            "tiers": {
                tier: {"queries": self.tiers[tier], "rate": round(self.tiers[tier] / total, 4)}
                for tier in ("exact", "semantic", "miss")
            },
            "saved_usd": {tier: round(self.saved_usd[tier], 6) for tier in ("exact", "semantic")}
            if self.priced
            else None,
            "spent_usd": round(self.spent_usd, 6) if self.priced else None,
            "priced_queries": self.priced,
            "refused": dict(self.refused.most_common()),
            "refused_above_0.97": dict(self.refused_above_bare.most_common()),
            "bare_0.97_hits": self.bare_hits,
        }


def replayed(
    queries: list[Query], places: dict[str, int], vectors: NDArray[np.float32], outcome: Outcome
) -> Iterator[None]:
    """Send the queries through, one a step, and count into the outcome."""
    stores: dict[str, Store] = defaultdict(Store)
    judge = Judge()
    every = max(1, len(queries) // POINTS)
    for at, query in enumerate(queries, 1):
        store, vector = stores[query.scope], vectors[places[query.text]]
        tier, source = _look_up(store, query, vector, judge, outcome)
        outcome.tiers[tier] += 1
        _count_cost(tier, query, source, outcome)
        if tier == "miss":
            store.add(query, vector)
        if at % every == 0 or at == len(queries):
            outcome.curve.append((at, outcome.tiers["exact"], outcome.tiers["semantic"]))
        yield


def _look_up(
    store: Store, query: Query, vector: NDArray[np.float32], judge: Judge, outcome: Outcome
) -> tuple[str, Query | None]:
    place = store.exact.get(normalise(query.text))
    if place is not None:
        outcome.bare_hits += 1
        return "exact", store.texts[place]
    candidates = store.nearest(vector)
    outcome.bare_hits += bool(candidates and candidates[0][1] >= BARE)
    for number, (found, similarity) in enumerate(candidates):
        verdict = judge.judge(store.texts[found].text, query.text, similarity)
        if verdict.hit:
            return "semantic", store.texts[found]
        if number == 0:  # the nearest one is what a bare threshold would have decided about
            outcome.refused[verdict.guard] += 1
            outcome.refused_above_bare[verdict.guard] += similarity >= BARE
    return "miss", None


def _count_cost(tier: str, query: Query, source: Query | None, outcome: Outcome) -> None:
    cost = query.cost_usd if query.cost_usd is not None or source is None else source.cost_usd
    if cost is None:
        return
    outcome.priced += 1
    if tier == "miss":
        outcome.spent_usd += cost
    else:
        outcome.saved_usd[tier] += cost  # type: ignore[assignment]


def summary_table(outcome: Outcome) -> list[Table]:
    """Show the figures to people."""
    tiers = Table(title=f"{outcome.total} queries through an empty cache")
    for column in ("tier", "queries", "share", "saved"):
        tiers.add_column(column, justify="left" if column == "tier" else "right")
    for tier in ("exact", "semantic", "miss"):
        saved = f"${outcome.saved_usd[tier]:.4f}" if outcome.priced and tier != "miss" else ""
        tiers.add_row(tier, str(outcome.tiers[tier]), f"{outcome.tiers[tier] / outcome.total:.1%}", saved)
    tiers.caption = f"a bare 0.97 threshold would have answered {outcome.bare_hits / outcome.total:.1%}, right or wrong"
    guards = Table(title="What the guards refused (the nearest stored query of each look-up)")
    for column in ("guard", "refused", "of these above 0.97"):
        guards.add_column(column, justify="left" if column == "guard" else "right")
    for guard, count in outcome.refused.most_common():
        guards.add_row(guard, str(count), str(outcome.refused_above_bare[guard]))
    return [tiers, guards]


def plot(outcome: Outcome, target: Path) -> bool:
    """Draw hit rate over the stream and refusals by guard as a PNG; returns whether it could be drawn."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra, and slow to load
    except ImportError:
        return False
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    seen = [point[0] for point in outcome.curve]
    exact = [point[1] / point[0] for point in outcome.curve]
    both = [(point[1] + point[2]) / point[0] for point in outcome.curve]
    left.fill_between(seen, 0, exact, label="exact", color="#4477aa")
    left.fill_between(seen, exact, both, label="semantic", color="#66ccee")
    left.set(xlabel="queries", ylabel="hit rate so far", ylim=(0, 1))
    left.legend(loc="upper left")
    guards = outcome.refused.most_common(15)[::-1]
    right.barh([name for name, _ in guards], [count for _, count in guards], color="#ccbb44", label="refused")
    right.barh(
        [name for name, _ in guards],
        [outcome.refused_above_bare[name] for name, _ in guards],
        color="#ee6677",
        label="of these above 0.97",
    )
    right.set(xlabel="look-ups refused")
    right.legend(loc="lower right")
    figure.savefig(target, dpi=120, format="png")
    return True
