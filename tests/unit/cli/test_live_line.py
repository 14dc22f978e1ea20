"""The line that lives: what it says at each step."""

from __future__ import annotations

from typing import Any

import pytest

from workers.cli.ask import answer
from workers.cli.live_line import Progress
from workers.cli.talking import Event

EXPECTED = {"known": True, "p50_s": 30.2, "p90_s": 41.0}


def thinking(**data: Any) -> Event:
    """A thinking event."""
    usual = {"phase": "thinking", "lane": "reasoning", "thinking_tokens": 1412, "attempt_s": 12.2, "expected": EXPECTED}
    return Event("thinking", {**usual, **data})


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Event("queued", {"place": 3, "estimate_s": 4.2}), "queued · place 3 in line, about 4 s"),
        (Event("queued", {"place": None, "estimate_s": None}), "queued"),
        (Event("routed", {"lane": "standard", "expected": {"known": False}}), "standard lane · queued"),
        (thinking(), "reasoning lane · thinking · 12 s of about 30 s · 1,412 thinking tokens"),
        (
            thinking(attempt_s=50.0, thinking_tokens=0),
            "reasoning lane · thinking · 50 s, longer than usual (nearly always under 41 s)",
        ),
        (
            thinking(phase="waiting", expected={"known": False}, thinking_tokens=0),
            "reasoning lane · waiting for the first token · 12 s",
        ),
    ],
)
def test_it_says_lane_phase_time_and_expectation(event: Event, line: str) -> None:
    """In words that a person reads at a glance."""
    progress = Progress()
    progress.take(event)
    assert progress.line() == line


def test_a_fallback_is_noted_and_begins_anew() -> None:
    """What was given up and why; the tokens of the first attempt are not the second's."""
    progress = Progress()
    progress.take(thinking())
    fallen = {
        "cause": "deadline",
        "from_model": "deep",
        "model": "quick",
        "after_s": 88.0,
        "expected": {"known": False},
    }
    progress.take(Event("fallback", fallen))
    assert progress.line() == "fallback lane · queued"
    assert progress.notes == ["deep was given up after 88.0 s (deadline); the fallback lane goes on"]


def test_an_unknown_event_changes_nothing() -> None:
    """A newer API may tell more."""
    progress = Progress()
    progress.take(Event("news from the future", {}))
    assert progress.line() == "queued"


def test_an_answer_is_text_where_it_can_be() -> None:
    """Everything else is JSON."""
    assert answer({"answer": "Paris."}) == "Paris."
    assert answer({"answer": 4}) == '{\n  "answer": 4\n}'
    assert answer(["é"]) == '[\n  "é"\n]'
