"""The story of a job: the same whoever reads it, from whatever point, and only what its reader may see."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.contracts.events import DATA, cursor_of
from workers.contracts.job import Budget, Job, JobEvent
from workers.store.story import Story

CREATED = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
START_MS = round(CREATED.timestamp() * 1000)
EXPECTED = {"known": True, "p50_s": 2.0, "p90_s": 4.0, "samples": 9}
ROUTED = {
    "lane": "reasoning", "model": "deep", "confidence": 0.9, "reason": "r", "task_type": "logic", "expected": EXPECTED,
    "cache": "miss",
}  # fmt: skip
BEATS: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.fixed_dictionaries(
    {
        "phase": st.sampled_from(["waiting", "thinking", "answering", "extracting"]),
        "thinking_tokens": st.integers(0, 9),
    },
    optional={
        "delta": st.text(min_size=1, max_size=4),
        "thinking": st.just("secret"),
        "answer_tokens": st.integers(0, 9),
    },
).map(lambda news: ("progress", news))
OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("queued", {}), ("queued", {"retry": True}), ("routed", ROUTED), ("started", {"lane": "reasoning", "attempt": 1}),
    ("fallback", {"cause": "deadline", "from_model": "deep", "model": "quick"}), ("requeued", {"reason": "worker_lost"}),
    ("done", {"status": "succeeded", "lane": "reasoning"}),
]  # fmt: skip


def story(*, thinking_text: bool = False) -> Story:
    """The story of a job that was just submitted."""
    job = Job(
        id="job_x", status="queued", elapsed_s=0, created_at=CREATED, deadline_at=CREATED,
        budget=Budget(deadline_s=100, reasoning_s=60, fallback_s=30, margin_s=2),
    )  # fmt: skip
    return Story.of(job, thinking_text=thinking_text)


def stored(events: list[tuple[str, dict[str, Any]]]) -> list[JobEvent]:
    """Events as the store holds them, a second apart."""
    return [
        JobEvent(id=f"{START_MS + n * 1000}-0", type=kind, data=dict(data)) for n, (kind, data) in enumerate(events)
    ]


def tell(events: list[JobEvent], **options: bool) -> list[JobEvent]:
    """Tell all."""
    teller = story(**options)
    return [one for event in events for one in teller.tell(event)]


@given(st.lists(st.one_of(st.sampled_from(OTHERS), BEATS), max_size=20))
def test_every_event_is_told_as_documented_in_order_and_without_secrets(
    events: list[tuple[str, dict[str, Any]]],
) -> None:
    """Each stored event is told at least once, under ids that grow, with data that fits its model."""
    rows = stored(events)
    told = tell(rows)
    cursors = [cursor_of(event.id) for event in told]
    assert cursors == sorted(set(cursors))
    assert {cursor[:2] for cursor in cursors} == {cursor_of(row.id)[:2] for row in rows}
    for event in told:
        DATA[event.type].model_validate(event.data)
        assert set(event.data) <= set(DATA[event.type].model_fields)
    assert "secret" not in str(told)
    assert tell(rows) == told


def test_a_heartbeat_may_tell_several_things() -> None:
    """Thinking that ended, a piece of the answer and its end come as three events, in this order."""
    news = {"phase": "extracting", "thinking_tokens": 7, "answer_tokens": 2, "delta": "{}", "offset": 0}
    told = tell(stored([("started", {"lane": "reasoning", "attempt": 1}), ("progress", news)]))
    assert [(event.type, event.id.partition(".")[2]) for event in told] == [
        ("started", ""), ("thinking", ""), ("answer.delta", "1"), ("extracting", "2"),
    ]  # fmt: skip


def test_thinking_tells_time_budget_and_expectation() -> None:
    """Seconds of the attempt and of the job, the share of the deadline, and whether it takes longer than usual."""
    beat = ("progress", {"phase": "thinking", "thinking_tokens": 5})
    rows = stored([("queued", {}), ("routed", ROUTED), ("started", {"lane": "reasoning", "attempt": 1}), *[beat] * 6])
    thinking = [event.data for event in tell(rows) if event.type == "thinking"]
    assert [data["attempt_s"] for data in thinking] == [1, 2, 3, 4, 5, 6]
    assert [data["longer_than_usual"] for data in thinking] == [False] * 4 + [True] * 2
    assert (thinking[0]["elapsed_s"], thinking[0]["budget_share"]) == (3, 0.03)
    assert thinking[0]["expected"]["p50_s"] == 2.0


def test_a_tick_tells_the_time_of_a_running_attempt_alone() -> None:
    """Nobody is told to think while it waits, while it writes, or after its end."""
    teller = story()
    begun = stored([("queued", {}), ("routed", ROUTED), ("started", {"lane": "reasoning", "attempt": 1})])
    assert teller.tick(START_MS) is None
    for event in begun:
        teller.tell(event)
    tick = teller.tick(START_MS + 14_000)
    assert tick is not None
    assert (tick.id, tick.data["attempt_s"], tick.data["longer_than_usual"]) == ("", 12, True)
    for kind, data in (("progress", {"phase": "answering", "delta": "x"}), ("done", {"status": "failed"})):
        teller.tell(JobEvent(id=f"{START_MS + 20_000}-0", type=kind, data=data))
        assert teller.tick(START_MS + 21_000) is None


def test_thinking_in_words_is_for_who_may_read_it() -> None:
    """Only a story that was asked for it, where that is allowed, has the text."""
    rows = stored([("progress", {"phase": "thinking", "thinking_tokens": 1, "thinking": "secret"})])
    assert [event.data["text"] for event in tell(rows, thinking_text=True)] == ["secret"]


@pytest.mark.parametrize("text", ["", "x", "1-", "-1", "1-1.", "1.1.1", " 1", "1\n", "٣-0"])
def test_what_is_no_id_is_no_cursor(text: str) -> None:
    """Nothing else than digits in their places."""
    with pytest.raises(ValueError, match="not the id"):
        cursor_of(text)
