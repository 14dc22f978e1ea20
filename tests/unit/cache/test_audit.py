"""The statistics of audits, and how a scope's strictness is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.contracts.audit import Audited, Temper, wilson_upper

HOUR = 3_600_000
ROUNDING = 1e-12


@pytest.mark.parametrize(
    ("wrong", "audited", "upper"),
    [
        (0, 0, 1.0),
        (0, 10, 0.2775),
        (0, 500, 0.0076),
        (2, 2, 1.0),
        (1, 20, 0.2361),
        (10, 100, 0.1744),
        (50, 100, 0.5962),
    ],
)
def test_the_upper_bound_is_wilsons(wrong: int, audited: int, upper: float) -> None:
    """Values of published tables."""
    assert wilson_upper(wrong, audited) == pytest.approx(upper, abs=1e-4)


@given(st.integers(1, 2_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_it_is_a_bound_that_more_evidence_draws_in(pair: tuple[int, int]) -> None:
    """Never below what was seen, and nearer to it when the same share was seen ten times as often."""
    wrong, audited = pair
    upper = wilson_upper(wrong, audited)
    assert wrong / audited <= upper + ROUNDING
    assert upper <= 1
    assert wilson_upper(10 * wrong, 10 * audited) <= upper + ROUNDING


def temper(now_ms: int, **fields: str) -> Temper:
    """Read a hash that has these fields."""
    names = ("level", "since", "until", "pause", "window", "found_wrong", "found_audited")
    return Temper.read([fields.get(name) for name in names], now_ms)


def test_a_scope_that_was_never_audited_is_open() -> None:
    """An empty hash."""
    found = temper(5)
    assert (found.level, found.audited, found.since_ms, found.until_ms) == ("open", 0, None, None)


@pytest.mark.parametrize(
    ("hours", "level", "since", "until"),
    [(0, "exact_only", 0, 24), (23.9, "exact_only", 0, 24), (24, "strict", 24, 48), (47, "strict", 24, 48),
     (48, "open", 48, None), (500, "open", 48, None)],
)  # fmt: skip
def test_it_becomes_less_strict_step_by_step(hours: float, level: str, since: int, until: int | None) -> None:
    """By the clock alone; what was found at the stricter level says nothing about the next."""
    found = temper(
        round(hours * HOUR), level="2", since="0", until=str(24 * HOUR), pause=str(24 * HOUR), window="ww",
        found_wrong="2", found_audited="9",
    )  # fmt: skip
    assert (found.level, found.until_ms) == (level, until and until * HOUR)
    assert (found.since_ms or 0) // HOUR == since or level == "open"
    assert found.audited == (2 if level == "exact_only" else 0)
    assert "2 of 9" in found.why(0.05)


def test_totals_are_read_by_tier() -> None:
    """What could not be compared is no audit."""
    found = Audited.read("semantic", {"semantic_same": "18", "semantic_wrong": "2", "semantic_undecided": "5"})
    assert (found.audited, found.wrong, found.undecided, found.error_rate) == (20, 2, 5, 0.1)
    assert Audited.read("exact", {}).error_rate is None
