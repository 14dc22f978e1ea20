"""What an attempt tells at its heartbeats: everything once, also when a heartbeat does not arrive."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

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


@given(steps=st.lists(st.one_of(st.text(min_size=1, max_size=5), st.sampled_from([True, False])), max_size=40))
def test_the_rest_completes_the_text_at_the_end(steps: list[str | bool]) -> None:
    """An attempt that ends at any moment tells what no heartbeat told for sure; what arrived after all is known by its number."""
    attempt, said = live(None), ""
    stored: list[dict[str, Any]] = []
    for step in steps:
        if isinstance(step, str):
            attempt.said(step)
            said += step
            continue
        news = attempt.beat().news
        if news is not None and (not stored or stored[-1] != news):
            stored.append(dict(news))  # it came in, whether its reply did or not
        if step:
            attempt.arrived()
    stored += [news for news in attempt.rest() if not stored or stored[-1] != news]
    text = ""
    for news in stored:
        assert news.get("offset", len(text)) == len(text)
        text += news.get("delta", "")
    assert text == said
    assert len({news["n"] for news in stored}) == len(stored)


def test_another_answer_begins_at_its_beginning() -> None:
    """A reshaped answer takes the place of the first, also of what was not told of that."""
    attempt = live(None)
    attempt.said("first")
    attempt.beat()
    attempt.arrived()
    attempt.said("more of the first")
    attempt.again()
    attempt.said("second")
    (news,) = attempt.rest()
    assert (news["delta"], news["offset"]) == ("second", 0)


def test_thinking_is_told_more_rarely_the_longer_it_takes() -> None:
    """An hour of it fits into the events that are kept for a job, and its phase and text are told at once."""
    now = 0.0
    attempt = Live("job_x", 1, None, "waiting", clock=lambda: now)  # type: ignore[arg-type]
    told_at = []
    for second in range(3600):
        now = float(second)
        attempt.thought()
        if attempt.beat().news is not None:
            told_at.append(second)
        attempt.arrived()
    assert told_at[:60] == list(range(60))
    assert len(told_at) < 600
    assert max(later - sooner for sooner, later in pairwise(told_at)) <= 37
    attempt.said("the answer")
    assert attempt.beat().news is not None


def test_what_is_thought_is_kept_only_where_it_may_be_told() -> None:
    """Without the setting the text is never in a heartbeat."""
    for allowed in (True, False):
        attempt = Live("job_x", 1, None, "waiting", tell_thinking=allowed)  # type: ignore[arg-type]
        attempt.thought("secret")
        assert ("secret" in str(attempt.beat().news)) is allowed


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
