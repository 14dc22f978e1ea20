"""What is seen at a glance: it refuses only what the guards refuse, and leaves to them what could be answered."""

from __future__ import annotations

import pytest

from tests.unit.cache.judge import test_judge
from tests.unit.cache.judge.asking import guarded, judged
from workers.cache.judge.glance import is_ordinary, refusal
from workers.cache.judge.judge import MOST_CHARS, Judge

SEEN = [
    ("numbers", "heat milk for 5 minutes", "heat milk for 7 minutes"),
    ("words", "how do I freeze soup", "how do I freeze bread"),
    ("words", "how do I freeze soup", "how do I freeze soup in a bag"),
    ("name", "flights to Zagrivo", "flights to Skopla"),
    ("antonym", "how do I enable logging", "how do I disable logging"),
    ("time", "flights on monday", "flights on friday"),
    ("numbers", "heat milk for 5 minutes, the first time", "heat milk for two minutes, the 7 cups"),
    ("numbers", "the first 80 pages of the book", "the second part of the book"),
    ("numbers", "three of the 11,600 pounds", "the 9,500 pounds"),
    ("numbers", "does the transfer to my account work", "does the transfer to my account work for two people"),
    ("numbers", "twenty cats and 3 dogs", "cats and 3 dogs"),
]


@pytest.mark.parametrize(("guard", "stored", "asked"), SEEN)
def test_plain_differences_are_seen(guard: str, stored: str, asked: str) -> None:
    """With the guard and the word; the guards refuse the pair as well."""
    for one, other in ((stored, asked), (asked, stored)):
        found = refusal(one, other)
        assert found is not None
        assert found[0] == guard
        assert not guarded(one, other).hit


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("wait 5 minutes", "wait five minutes"),
        ("a loan of 10000", "a loan of 10k"),
        ("1,000 meters", "1000 meters"),
        ("world war 2", "the second world war"),
        ("pay $20", "pay twenty dollars"),
        ("walk 5km", "walk 5 kilometers"),
        ("buy bread", "purchase bread"),
        ("mind blowing facts", "mindblowing facts"),
        ("new years resolutions", "new year's resolutions"),
        ("the australian economy", "australia's economy"),
        ("how do I find my sholders", "how do I find my shoulders"),
        ("colours of the flag", "color of the flag"),
        ("whats the time in Oslo", "what is the time in Oslo"),
        ("how do I swim", "what is the best way to swim"),
        ("how can I swim", "how do I swim"),
        ("When is the best time to prune roses?", "What is the best time to prune roses?"),
        ("the second world war", "the world war two"),
        ("the price of tea", "tea's price"),
        ("the 2 towers", "the second tower"),
        ("2 million people", "two million people"),
        ("11 thousand three hundred", "11,300"),
        ("25 cats", "twenty five cats"),
        ("50 percent of it", "half of it"),
        ("the 45th birthday", "the forty fifth birthday"),
        ("two cats", "a pair of cats"),
        ("two cats and 2 dogs", "2 cats and two dogs"),
        ("Where is the Big Ten's headquarters?", "Where is the Big Ten headquarters?"),
        ("Can I take two pills?!", "Can I take t\u00adwo pills?!"),
        ("is \u2461 enough for my trip", "is TWO enough for my trip"),
        ("Is 60% a good score in CAT?", "Is 60 percent a good score CAT?"),
        ("Why am I charged 5%?", "Why I charged 5 percent?"),
        ("What can I buy with $5 in Rome?", "What can I buy with 5 dollars Rome?"),
    ],
)
def test_what_may_be_answered_is_left_to_the_guards(stored: str, asked: str) -> None:
    """Numbers in words, synonyms, other forms, misspellings, joined words, what a rule drops, little words."""
    assert refusal(stored, asked) is None
    assert refusal(asked, stored) is None


@pytest.mark.parametrize(("stored", "asked"), test_judge.ACCEPTED)
def test_nothing_that_the_guards_accept_is_refused(stored: str, asked: str) -> None:
    """All pairs that they are tested with."""
    assert guarded(stored, asked).hit
    assert refusal(stored, asked) is None


def test_a_problem_told_in_other_words_is_left_to_its_own_guards() -> None:
    """Its words may all be others; its numbers may not."""
    one = (
        "Ann has 12 red marbles in a small bag, and her brother gives her 7 more of them after school on Monday afternoon."
        " How many marbles does she have altogether?"
    )
    other = (
        "After lessons, Ann's brother hands her 7 additional marbles. She had 12 in a little sack before that, all of them"
        " red. How many does Ann own now?"
    )
    assert refusal(one, other) is None
    assert refusal(one, other.replace("12", "twelve").replace("7", "seven")) is None
    for changed in (other.replace("12", "13"), other.replace("12", "thirteen"), other.replace("7", "seven or eight")):
        found = refusal(one, changed)
        assert found is not None
        assert found[0] == "numbers"
        assert not guarded(one, changed).hit


def test_texts_beyond_the_limit_are_left_to_a_thread() -> None:
    """Those are read beside the loop, and there a glance comes first as well."""
    long = "soup " * (MOST_CHARS // 5 + 1)
    assert Judge().glance(long, "bread", 0.98) is None
    found = Judge().read(long, "bread", 0.98)
    assert (found.hit, found.guard) == (False, "words")
    assert judged(long, "bread") == found


def test_words_that_rules_name_are_not_ordinary() -> None:
    """Written out, as a piece of a word, with a letter that may stand or not; nor are numbers and little words."""
    assert not any(
        map(is_ordinary, ["internet", "university", "universities", "way", "ways", "not", "twelve", "ok", "c3"])
    )
    assert all(map(is_ordinary, ["marble", "photosynthesis", "zagreb"]))


@pytest.mark.parametrize(
    ("stored", "asked", "alike"),
    [
        ("How do I pay?", "How do I pay", True),
        ("How do I pay?", " How do I pay ??\n", True),
        ("echo $?", "echo $", False),
        ("I cancelled my card.", "I cancelled my card...", True),
        ("How do I pay", "How do I pay!", True),
        ("What is 5", "What is 5!", False),
        ("ls", "ls .", False),
        ("What is 5", "What is 5?", True),
    ],
)
def test_a_mark_at_the_end_is_seen_at_a_glance(stored: str, asked: str, *, alike: bool) -> None:
    """A factorial and a path are left to be read."""
    for one, other in ((stored, asked), (asked, stored)):
        seen = Judge().glance(one, other, 0.99)
        assert (seen is not None and seen.hit) == alike
