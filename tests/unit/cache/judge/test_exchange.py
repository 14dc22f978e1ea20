"""One word in the place of another: refused at a glance by the guard that would refuse it after reading."""

from __future__ import annotations

import pytest

from workers.cache.judge.glance import refusal
from workers.cache.judge.judge import Judge

EXCHANGED = [
    ("numbers", "transfer between two accounts", "transfer between three accounts"),
    ("numbers", "a bag of 4.5 kilos", "a bag of 4.6 kilos"),
    ("numbers", "earn 40,000 a month", "earn 50,000 a month"),
    ("numbers", "the first dynasty of India", "the third dynasty of India"),
    ("numbers", "when was the last snow in England", "when was the first snow in England"),
    ("numbers", "I ordered it two weeks ago", "I ordered it 3 weeks ago"),
    ("question", "why do cats purr", "how do cats purr"),
    ("question", "what is he paid for", "why is he paid for"),
    ("question", "do cats purr", "when do cats purr"),
    ("modality", "how much gas should I have left", "how much gas must I have left"),
    ("tense", "what does g stand for", "what did g stand for"),
    ("person", "i need a spider fact", "they need a spider fact"),
    ("direction", "a flight to Rome", "a flight from Rome"),
    ("negation", "is it far", "is it not far"),
    ("quantifier", "how often do people sleep", "how often do most people sleep"),
    ("antonym", "use your male voice", "use your female voice"),
    ("numbers", "send 12 dollars to him", "send 12 euros to him"),
    ("numbers", "what is the best phone", "what is the second best phone"),
    ("quantifier", "how do cats purr", "how do cats purr again"),
    ("quantifier", "is every cat grey", "is any cat grey"),
    ("negation", "a pen and paper", "a pen without paper"),
    ("condition", "how much did I spend in May", "how much did I spend since May"),
    ("direction", "how much did I spend in May", "how much did I spend after May"),
    ("modality", "can I leave the room", "must I leave the room"),
    ("person", "what is my name", "what is your name"),
    ("tense", "when is the show", "when was the show"),
    ("person", "why is my card blocked", "why is her card blocked"),
    ("numbers", "raise my limit to 5000 dollars", "raise my limit to 5000 percent"),
    ("numbers", "pay 20 yen", "pay 20 pounds"),
]
NOT_SEEN = [
    ("a flight in May", "a flight on May"),
    ("earn 40,000 a month", "earn 40000 a month"),
    ("wait for two hours", "wait for 2 hours"),
    ("what are the best places in Goa", "what are all the best places in Goa"),
    ("how do cats purr", "how do cats really purr"),
    ("what does 5 pounds cost", "what does 5 lbs cost"),
]


@pytest.mark.parametrize(("guard", "stored", "asked"), EXCHANGED)
def test_it_is_refused_as_the_guards_would(guard: str, stored: str, asked: str) -> None:
    """In either direction, and by the same guard."""
    for one, other in ((stored, asked), (asked, stored)):
        seen = refusal(one, other)
        assert seen is not None
        assert seen[0] == guard
        read = Judge().read(one, other, 0.95)
        assert (read.hit, read.guard) == (False, guard)


@pytest.mark.parametrize(("stored", "asked"), NOT_SEEN)
def test_what_may_be_the_same_is_left_to_the_guards(stored: str, asked: str) -> None:
    """Prepositions that are alike, one number written twice, words that may stand or not."""
    assert refusal(stored, asked) is None
    assert refusal(asked, stored) is None
