"""Quality against calls: worked examples by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.routing import metrics

WEAK = np.array([1, 1, 0, 0])  # the standard model is right half of the time, the reasoning model always
STRONG = np.ones(4)


def test_a_perfect_order_recovers_early() -> None:
    """Both hard queries first: half of the calls recover all of the gap."""
    curve = metrics.curve([0.1, 0.2, 0.9, 0.8], WEAK, STRONG)
    assert curve.apgr() == pytest.approx(0.75)
    assert (curve.cpt(0.5), curve.cpt(1.0)) == (pytest.approx(0.25), pytest.approx(0.5))
    assert curve.saved(1.0) == pytest.approx(0.5)


def test_the_worst_order_recovers_late() -> None:
    """Both easy queries first."""
    curve = metrics.curve([0.9, 0.8, 0.1, 0.2], WEAK, STRONG)
    assert curve.apgr() == pytest.approx(0.25)
    assert curve.cpt(0.5) == pytest.approx(0.75)


def test_equal_scores_are_chance() -> None:
    """Queries of one p go together, so an order of rows cannot flatter."""
    assert metrics.curve(np.ones(4), WEAK, STRONG).apgr() == pytest.approx(0.5)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_a_curve_ends_at_the_two_models(rows: list[tuple[float, bool, bool]]) -> None:
    """Nothing to reasoning is the standard model, everything is the reasoning model."""
    p, weak, strong = (np.array(column, float) for column in zip(*rows, strict=True))
    curve = metrics.curve(p, weak, strong)
    assert (curve.share[0], curve.share[-1]) == (0, 1)
    assert curve.standard == pytest.approx(weak.mean())
    assert curve.reasoning == pytest.approx(strong.mean())


def test_calibration_error_of_an_honest_and_of_a_boastful_router() -> None:
    """0.75 that comes true three times in four is honest; 0.95 is not."""
    label = np.array([1, 1, 1, 0])
    assert metrics.calibration_error(np.full(4, 0.75), label) == pytest.approx(0)
    assert metrics.calibration_error(np.full(4, 0.95), label) == pytest.approx(0.2)


def test_rows_of_one_group_are_drawn_together() -> None:
    """With one group there is nothing to vary; with many there is."""
    values = np.arange(10.0)
    measure = lambda at: float(values[at].mean())  # noqa: E731
    assert metrics.interval(measure, ["a"] * 10) == (4.5, 4.5)
    low, high = metrics.interval(measure, list(range(10)))
    assert low < 4.5 < high
