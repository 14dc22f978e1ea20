"""What differs in its surface alone is accepted at a glance; what may be another question is left to be read."""

from __future__ import annotations

import pytest

from workers.cache.judge.judge import Judge
from workers.cache.judge.same import is_same

SAME = [
    ("what is on my list", "What's on my list?"),
    ("What is a pending payment?", " What Is  A Pending Payment? "),
    ("can you tell me what i have spent", "can you tell me what i've spent"),
    ("my card was not accepted", "MY CARD WASN'T ACCEPTED"),
    ("I cancelled my card", "I canceled my card"),
    ("is the theatre open, or is it closed", "is the theater open, or is it closed"),
    ("what time is it", "what time is it thank you!"),
    ("What time is it?", "hello! What time is it? thanks in advance"),
    ("What time is it?", "could you please what time is it"),
    ("connect to my phone", "hey there, please connect to my phone, please"),
    ("I am from X and travel to Y", "I am from X  and travel to Y?"),
    ("It is 8:30pm, at 1,200.50", "IT'S 8:30PM, AT 1,200.50"),
    ("she's a cat", "she is a cat"),
    ("why is the sky blue", "why's the sky blue"),
]
LEFT = [
    ("What does IT do?", "What does it do?"),
    ("Is vitamin A good", "is vitamin a good"),
    ("what is getName", "what is getname"),
    ("what is my_name", "what is My_name"),
    ("what happens with -x", "what happens with -X"),
    ("how do i say thanks", "how do i say"),
    ("hey jude lyrics", "jude lyrics"),
    ("Is Vitamin A good", "is vitamin a good"),
    ("the cant of a ship", "the can not of a ship"),
    ("french for please", "french for thanks"),
    ("who sings thank you", "who sings"),
    ("what does \\D match", "what does \\d match"),
    ("what's been done", "what is been done"),
    ("what is 5", "what is 5!"),
    ("I am from X and travel to Y", "I am from x and travel to y"),
    ("thanks", ""),
    ("what is 3.5", "what is 35"),
    ("is it open", "it is open"),
    ("naïve bayes", "Naïve Bayes"),
    ("man eating shark", "man-eating shark"),
    ("a b" * 400, "A b" * 400),
]


@pytest.mark.parametrize(("stored", "asked"), SAME)
def test_the_surface_is_seen_at_a_glance(stored: str, asked: str) -> None:
    """In both directions, and reading says the same."""
    for one, other in ((stored, asked), (asked, stored)):
        seen = Judge().glance(one, other, 0.99)
        assert seen is not None
        assert seen.hit
        assert seen == Judge().read(one, other, 0.99)


@pytest.mark.parametrize(("stored", "asked"), LEFT)
def test_what_may_be_another_question_is_left(stored: str, asked: str) -> None:
    """Acronyms, letters, identifiers, a courtesy that is asked about, code, other scripts, long texts."""
    assert not is_same(stored, asked)
    assert not is_same(asked, stored)
