"""One word in the place of another that is said elsewhere too, and two words in each other's places: refused at a glance."""

from __future__ import annotations

import pytest

from workers.cache.judge.glance import refusal
from workers.cache.judge.judge import Judge

MOVED = [
    ("order", "is marble older than granite", "is granite older than marble"),
    ("order", "the wolf chased the sheep away", "the sheep chased the wolf away"),
    ("order", "rent a car for march in dallas", "rent a march for car in dallas"),
    (
        "words",
        "a marble table and a marble floor, or a granite floor",
        "a marble table and a granite floor, or a granite floor",
    ),
]
NOT_SEEN = [
    ("a pen and paper for school", "a paper and pen for school"),
    ("a room in Rome in May", "a room in May in Rome"),
    ("how often do wolves howl", "how do wolves howl often"),
    ("the marble and the granite, the marble", "the marble and the granites, the granite"),
    ("why are Indians short", "why Indians are short"),
]


@pytest.mark.parametrize(("guard", "stored", "asked"), MOVED)
def test_it_is_refused_as_reading_would(guard: str, stored: str, asked: str) -> None:
    """In either direction."""
    for one, other in ((stored, asked), (asked, stored)):
        seen = refusal(one, other)
        assert seen is not None
        assert seen[0] == guard
        assert not Judge().read(one, other, 0.95).hit


@pytest.mark.parametrize(("stored", "asked"), NOT_SEEN)
def test_what_may_stand_elsewhere_is_left_to_be_read(stored: str, asked: str) -> None:
    """Lists, phrases with the same preposition, adverbs, forms of a word, auxiliaries."""
    assert refusal(stored, asked) is None
    assert refusal(asked, stored) is None
