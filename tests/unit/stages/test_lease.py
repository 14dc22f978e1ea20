"""What an attempt tells at its heartbeats: everything once, also when a heartbeat does not arrive."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.stages.lease import MOST_NEWS_CHARS, Live

pytestmark = pytest.mark.anyio


def live(task: object) -> Live:
    """An attempt whose task is never asked."""
    return Live("job_x", 1, task, "waiting")  # type: ignore[arg-type]


@given(steps=st.lists(st.one_of(st.text(min_size=1, max_size=5), st.sampled_from([True, False])), max_size=40))
def test_the_text_arrives_whole_whatever_heartbeats_are_missed(steps: list[str | bool]) -> None:
    """Pieces of text, heartbeats that arrive (True) and that do not (False), in any order: no hole, nothing twice."""
    attempt, said, told = live(None), "", ""
    for step in [*steps, True, True]:
        if isinstance(step, str):
            attempt.said(step)
            said += step
            continue
        beat = attempt.beat()
        if step:
            told += (beat.news or {}).get("delta", "")
            attempt.arrived()
    assert told == said


def test_a_long_text_is_told_in_pieces() -> None:
    """One event carries so much and no more; the rest follows."""
    attempt = live(None)
    attempt.said("x" * (MOST_NEWS_CHARS + 10))
    sizes = []
    for _ in range(3):
        beat = attempt.beat()
        attempt.arrived()
        sizes.append(len((beat.news or {}).get("delta", "")))
    assert sizes == [MOST_NEWS_CHARS, 10, 0]


def test_nothing_new_is_no_news() -> None:
    """A heartbeat without a change renews the lease and writes no event."""
    attempt = live(None)
    attempt.thought()
    attempt.beat()
    attempt.arrived()
    assert attempt.beat().news is None


async def test_a_lost_attempt_is_cancelled() -> None:
    """To stop an attempt is to cancel its task, with the reason kept."""
    attempt = live(asyncio.create_task(asyncio.sleep(30)))
    attempt.stop(lost="cancelled")
    with pytest.raises(asyncio.CancelledError):
        await attempt.task
    assert attempt.lost == "cancelled"
