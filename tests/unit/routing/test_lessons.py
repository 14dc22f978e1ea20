"""What the failure log teaches the router, and how it forgets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.contracts.routing import RouteDecision
from workers.routing.lessons import Outcomes, tempered

HARD = RouteDecision(
    lane="reasoning", p_reasoning=0.9, confidence=0.8, task_type="mathematics", reason="formulas", decided_by="x"
)


def test_what_keeps_running_out_of_time_goes_to_the_standard_lane_and_says_so() -> None:
    """Five of six attempts were late: the expectation falls below the threshold."""
    found = tempered(HARD, Outcomes(ended=1, late=5), 0.5)
    assert found.lane == "standard"
    assert found.p_reasoning == HARD.p_reasoning
    assert "mathematics ran out of time in 83%" in found.reason
    assert "formulas" in found.reason
    assert found.confidence < HARD.confidence


def test_a_query_that_needs_it_badly_still_goes_but_the_reason_warns() -> None:
    """Half of the attempts came to an end, and the policy asks for little."""
    found = tempered(HARD, Outcomes(ended=3, late=3), 0.2)
    assert found.lane == "reasoning"
    assert "ran out of time in 50%" in found.reason


@pytest.mark.parametrize(
    "outcomes",
    [Outcomes(), Outcomes(late=2), Outcomes(ended=9, late=4), Outcomes(ended=1.4, late=1.4)],
    ids=["nothing known", "too few", "mostly fine", "faded"],
)
def test_little_or_old_evidence_changes_nothing(outcomes: Outcomes) -> None:
    """A few failures, a minority of them, or failures of an hour ago are no lesson."""
    assert tempered(HARD, outcomes, 0.5) == HARD


def test_a_standard_decision_stays_as_it_is() -> None:
    """There is nothing to lower."""
    easy = HARD.model_copy(update={"lane": "standard", "p_reasoning": 0.1})
    assert tempered(easy, Outcomes(late=50), 0.5) == easy


@given(ended=st.floats(0, 1e4), late=st.floats(0, 1e4), threshold=st.floats(0, 1))
def test_more_failures_never_raise_the_expectation(ended: float, late: float, threshold: float) -> None:
    """With more late attempts a query never comes back to reasoning."""
    lanes = [tempered(HARD, Outcomes(ended, more), threshold).lane for more in (late, late + 1, late * 2 + 3)]
    assert lanes == sorted(lanes)  # `reasoning` before `standard`
