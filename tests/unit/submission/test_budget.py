"""The caller's deadline is divided so that the fallback always keeps its share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.contracts.errors import InvalidRequest
from workers.contracts.job import Budget
from workers.settings import Settings
from workers.submission.budget import divide


def settings(**budget: float) -> Settings:
    """Settings with other budget limits, whatever the developer's machine says."""
    return Settings(redis_url="redis://127.0.0.1", budget=budget)


DEFAULTS = settings()


@pytest.mark.parametrize(
    ("deadline_s", "reasoning_s", "fallback_s", "margin_s"),
    [(60, 29, 29, 2), (10, 4.5, 4.5, 1), (600, 568, 30, 2), (1, 0.45, 0.45, 0.1), (3600, 3568, 30, 2)],
)
def test_worked_examples(deadline_s: float, reasoning_s: float, fallback_s: float, margin_s: float) -> None:
    """What the docstring and the README say of some deadlines."""
    assert divide(deadline_s, DEFAULTS) == Budget(
        deadline_s=deadline_s, reasoning_s=reasoning_s, fallback_s=fallback_s, margin_s=margin_s
    )


def test_a_caller_without_a_deadline_gets_the_default() -> None:
    """Ten minutes, unless set otherwise."""
    assert divide(None, DEFAULTS).deadline_s == 600
    assert divide(None, settings(default_deadline_s=50)).deadline_s == 50


def test_a_deadline_above_the_limit_is_refused_with_the_limit() -> None:
    """The limit itself is allowed."""
    assert divide(3600, DEFAULTS).deadline_s == 3600
    with pytest.raises(InvalidRequest, match="at most 3600 seconds") as refused:
        divide(3600.5, DEFAULTS)
    assert refused.value.field == "deadline_s"


@given(
    deadline_s=st.floats(1, 86_400),
    margin_s=st.floats(0.001, 604_800),
    lane_s=st.floats(0.001, 604_800),
)
def test_the_parts_are_the_whole_and_nobody_goes_empty(deadline_s: float, margin_s: float, lane_s: float) -> None:
    """For every deadline and every limit: parts add up, all are positive, reasoning has at least the fallback's."""
    limits = Settings(
        redis_url="redis://127.0.0.1",
        budget={"margin_s": margin_s, "max_deadline_s": 86_400},
        lanes={"fallback": {"deadline_s": lane_s}},
    )
    budget = divide(deadline_s, limits)

    assert budget.reasoning_s + budget.fallback_s + budget.margin_s == pytest.approx(deadline_s)
    assert min(budget.reasoning_s, budget.fallback_s, budget.margin_s) > 0
    assert budget.fallback_s <= lane_s
    assert budget.margin_s <= min(margin_s, deadline_s / 10)
    assert budget.reasoning_s >= budget.fallback_s * (1 - 1e-9)
