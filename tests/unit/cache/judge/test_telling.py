"""Little words on one side only, and words that rules name where no rule applies: refused at a glance, and by reading."""

from __future__ import annotations

import pytest

from workers.cache.judge.glance import refusal
from workers.cache.judge.judge import Judge
from workers.cache.judge.ordinary import Setting, is_ordinary

TOLD = [
    ("question", "when will science prove it", "why has science proved it"),
    ("question", "where do wolves live", "how do wolves live long"),
    ("negation", "is it possible to build the machine", "is it still not possible to build machines"),
    ("negation", "is the video playing here", "isn't it playing here the video"),
    ("modality", "will the card come soon", "did the card come so soon"),
    ("quantifier", "are the stations for spies", "are the stations only for the spies"),
    ("question", "are stations used by spies", "why are stations used by a spy"),
    ("question", "can I pay with my card", "how can I pay with a card"),
    ("quantifier", "how do I know if I love them", "how do I know that I already love them"),
    ("negation", "a pen for school with paper", "a school pen without any paper"),
    ("condition", "the rain in Rome in spring", "the rain although in Rome, in the spring"),
    ("modality", "the card that he pays with", "the card he must pay with"),
    ("person", "what is the name in the list", "what is the name of them in lists"),
    ("code", "what does get_payment() give", "what does get_payments() give"),
    ("words", "what is the largest cell", "which is the largest living cell"),
    ("words", "earn with a video channel", "earn with my video"),
]
NOT_TOLD = [
    ("is chess a sport", "is chess a sport? why or why not"),
    ("where is my luggage", "where's my luggage"),
    ("when is the best age to marry", "what is the best age to marry"),
    ("where is the best place to surf", "what is the best place to surf"),
    ("why can't I sleep", "why can\u2019t I sleep"),
    ("he's gone", "he is gone"),
    ("how do i know if everyone is here", "how do i know if everyone's here"),
    ("which of these is odd", "which of these's odd"),
    ("who was the first president of france", "who was the 1st president of france"),
    ("it mustnt be seen", "it mustn't be seen"),
    ("I do not know it and don't care", "I don't know it and don't care"),
    ("five sofas, 3 chairs and three flutes", "five sofas, three chairs and three flutes"),
    ("write a dtective story with a detective", "write a detective story with a detective"),
    ("how to fold a fitted sheet", "how to fold fitted a sheet"),
    ("is there a way to reset my PIN", "how can I reset my PIN"),
    ("can you tell me the exchange rate", "what is the exchange rate"),
    ("how can I charge my phone", "how do you charge your phone"),
    ("what's your opinion on Islam", "what do you think of Islam"),
    ("what is the best way to fight boredom", "how can I overcome boredom"),
]


@pytest.mark.parametrize(("guard", "stored", "asked"), TOLD)
def test_it_is_refused_and_reading_refuses_it(guard: str, stored: str, asked: str) -> None:
    """In either direction."""
    for one, other in ((stored, asked), (asked, stored)):
        seen = refusal(one, other)
        assert seen is not None
        assert seen[0] == guard
        assert not Judge().read(one, other, 0.95).hit


@pytest.mark.parametrize(("stored", "asked"), NOT_TOLD)
def test_what_may_ask_the_same_is_left_to_be_read(stored: str, asked: str) -> None:
    """By the way, contracted, in other words, where a rule may apply."""
    assert refusal(stored, asked) is None
    assert refusal(asked, stored) is None


def test_a_word_is_ordinary_where_no_rule_that_names_it_may_apply() -> None:
    """A rule makes the opinion on a thing what one thinks of it."""
    assert not is_ordinary("opinion")
    assert Setting("a second opinion", "a third").leaves("opinion")
    assert not Setting("what's your opinion on tea", "tea").leaves("opinion")
    assert not Setting("tea", "what is your opinion on tea").leaves("opinion")
