"""What is refused, by which guard, and what is accepted; each guard is shown a pair that only it should see through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.cache.judge.asking import guarded, judged

REFUSED = [
    ("numbers", "top up 20 dollars", "top up 30 dollars"),
    ("numbers", "wake me in twenty minutes", "wake me in thirty minutes"),
    ("numbers", "is 5 km far", "is 5 miles far"),
    ("numbers", "how much is $20 in yen", "how much is €20 in yen"),
    ("numbers", "what happened on the 3rd of march", "what happened on march 4"),
    ("numbers", "what is a half of it", "what is a third of it"),
    ("code", "what does get_user return", "what does get_users return"),
    ("code", "solve 3*(x+1)=5", "solve 3*x+1=5"),
    ("quotation", 'translate "good night" to french', 'translate "good morning" to french'),
    ("name", "Which are the best schools for IT?", "Which are the best schools for it?"),
    ("name", "What are the top IT schools here?", "What are the top schools here?"),
    ("negation", "how do I cancel my order", "how do I not cancel my order"),
    ("negation", "can I pay without a card", "can I pay with a card"),
    ("question", "who wrote the anthem", "when did they write the anthem"),
    ("question", "how many cards can I have", "how can I have cards"),
    ("question", "Can women become pilots?", "How can women become pilots?"),
    ("quantifier", "do all birds fly", "do some birds fly all year"),
    ("quantifier", "which plan has at least one seat", "which plan has at most one seat"),
    ("modality", "can I drive at night", "should I drive at night"),
    ("person", "what is my balance", "what is her balance"),
    ("person", "does he love her", "does she love him"),
    ("condition", "is tea or coffee better", "is tea and coffee better"),
    ("condition", "do I pay if I cancel", "do I pay because I cancel"),
    ("antonym", "how do I enable roaming", "how do I disable roaming"),
    ("antonym", "is it legal to fish here", "is it illegal to fish here"),
    ("time", "weather in rome tomorrow", "weather in rome yesterday"),
    ("name", "hiring process at S & T Bank", "hiring process at M&T Bank"),
    ("name", "what is new in python 3.11.2", "what is new in python 3.12.1"),
    ("words", "What does the council do?", "What is the council?"),
    ("words", "who lives in london", "who lives in paris"),
    ("words", "how do I train a puppy", "how do I train a deaf puppy"),
    ("order", "convert ethanol to ethanoic acid", "convert ethanoic acid to ethanol"),
    ("order", "is java better than rust", "is rust better than java"),
    ("order", "why do cats chase dogs", "why do dogs chase cats"),
    ("direction", "flights from boston in may", "flights to boston in may"),
    ("direction", "what should I eat before surgery", "what should I eat after surgery"),
    ("tense", "who is the coach of the reds", "who was the coach of the reds"),
    ("plural", "cancel my orders", "cancel my order"),
    ("reference", "How do I solve a math problem?", "How do I solve this math problem?"),
    ("reference", "will I have to pay for that", "will I have to pay"),
    ("reference", "tell me a fact", "that is a fact"),
    ("order", "can I have more than one card", "can I have one than more card"),
    ("order", "do you ship to countries other than mine", "do you ship to countries mine than other"),
    ("order", "is there a name for the at symbol", "is there a the for name at symbol"),
    ("order", "please call me bob", "call bob for me"),
    ("order", "is it currently older than slate", "is slate older than it currently"),
    ("direction", "who grows the most rice in the world", "who grows the most rice out the world"),
    ("modality", "what has to be done to verify it", "what had to be done to verify it"),
    ("modality", "what can I do to close my account", "what should I do to close my account"),
    ("modality", "what do I need to do to get a passport", "what should I need to do to get a passport"),
    ("tense", "my payment did not go through", "my payment has not gone through"),
    ("quantifier", "do I have to pay tax on gifts", "do I have to pay tax on some gifts"),
    ("manner", "what is the easiest way to learn java", "what is the fastest way to learn java"),
    ("person", "what is the best way to find my score", "what is the best way to find your score"),
    ("modality", "how can you help me", "how can I help me"),
    ("words", "good day", "have a good day"),
    ("words", "what meaning does life hold", "what does life hold"),
    ("words", "how do I cope with major depression", "how do I cope with depression"),
    ("question", "my top up was rejected", "My top up was rejected. Why?"),
    ("order", "how do I learn c++ and data structures", "how do I learn data structures in c++"),
]
ACCEPTED = [
    ("how do i cancel my order", "HOW DO I CANCEL MY ORDER??"),
    ("How do I reset my password?", "What's the best way to reset my password?"),
    ("what is the capital of france", "Hi! Could you please tell me what's the capital of France? Thanks!"),
    ("why is my account not working", "Why isn't my account working?"),
    ("what is the color of the theater", "what is the colour of the theatre"),
    ("set an alarm for 7 am", "please set an alarm for 7am"),
    ("top up twenty dollars", "top up $20"),
    ("what happened on march 3rd", "what happened on the 3rd of March"),
    ("how can one buy a car in london", "How do I purchase a car in London?"),
    ("What is the difference between a virus and a worm?", "What is the difference between a worm and a virus?"),
    ("Which app is best for learning yoga?", "What is the best app to learn yoga?"),
    ("how do I reset my gmail account password", "how do I reset the password of my gmail account"),
    ("what does ubiquitous mean", "what is the meaning of ubiquitous"),
    ("how do I recieve the transfer", "how do I receive the transfer"),
    ("which contries have no income tax", "which countries have no income tax"),
    ("set me a reminder for noon", "set a reminder for me for noon"),
    ("What should I do to become a nurse?", "How do I become a nurse?"),
    ("What are some techniques for avoiding debt?", "How do I avoid debt?"),
    ("What steps should I follow to learn sewing?", "What is the best way to learn sewing?"),
    ("What is the easiest way to learn sewing?", "How can one learn sewing?"),
    ("How do you know if you can trust a bank?", "How can I know if I can trust a bank?"),
    ("What is the best way to promote your shop?", "How do I promote my shop?"),
    ("How is a crow different from a raven?", "What is the difference between a crow and a raven?"),
    ("How do crows and ravens differ?", "What is the difference between crows and ravens?"),
    ("If my card is lost, what should I do?", "What should I do if my card is lost?"),
    ("What would happen if the moon vanished?", "What if the moon vanished?"),
    ("Who do you think will win the cup?", "Who will win the cup?"),
    ("What do you mean by inflation rate?", "What is inflation rate?"),
    ("What is your opinion on school uniforms?", "What do you think about school uniforms?"),
    ("What are the best Hollywood movies to watch?", "Which are the best Hollywood movies of all time?"),
    ("How do I start a business with no money?", "How can I start a business without any money?"),
    ("How do I deal with angry customers?", "How can I cope with angry customers?"),
    ("What are mind-blowing facts about bees?", "What are mindblowing facts about bees?"),
    ("Why are iPhones so expensive?", "Why is iPhone so expensive?"),
    ("What is your resolution(s) for 2030?", "What are your resolutions for 2030?"),
    ("Is chess a sport or not?", "Is chess a sport?"),
    ("Why do so many people drink coffee?", "Why do people drink coffee?"),
    ("What do I need to do to become a nurse?", "How does one become a nurse?"),
    ("Why should one study history?", "Why should we study history?"),
    ("Difference between an alloy and a metal?", "What is the difference between a metal and an alloy?"),
    ("How do I make money by writing a blog?", "What is the best way to make money writing a blog?"),
    ("How can I advertise with a website?", "How do I advertise through a website?"),
]


@pytest.mark.parametrize(("guard", "stored", "asked"), REFUSED)
def test_one_edit_that_matters_is_refused(guard: str, stored: str, asked: str) -> None:
    """Each pair is refused whichever of the two was stored, and the guard says so in the reason."""
    verdict = guarded(stored, asked)
    assert not verdict.hit
    assert verdict.guard in {guard, *SHARED.get(guard, ())}
    assert verdict.reason.startswith(verdict.guard)
    assert not guarded(asked, stored).hit
    assert not judged(stored, asked).hit


# Where two guards see the same edit, the earlier one is named.
SHARED = {
    "name": ("words", "numbers"),
    "antonym": ("words",),
    "time": ("words", "antonym"),
    "order": ("direction", "language"),
    "code": ("numbers", "words"),
}


@pytest.mark.parametrize(("stored", "asked"), ACCEPTED)
def test_the_same_question_in_other_clothes_is_accepted(stored: str, asked: str) -> None:
    """Surface, politeness, frames, synonyms and phrases that turn around do not cost a hit."""
    verdict = judged(stored, asked)
    assert verdict.hit, verdict.reason


def test_two_foreign_phrases_are_two_questions() -> None:
    """A word that no dictionary has must be the same word."""
    assert not judged("what is the meaning of guten morgen", "what is the meaning of je ne sais").hit
    assert not judged("what does me gusta mean", "what does no me gusta mean").hit


def test_courtesy_that_is_asked_about_is_not_taken_off() -> None:
    """How to say please is not how to say thanks."""
    assert not judged("how do you say please in french", "how do you say thank you in french").hit
    assert not judged("how do you say please in french", "how do you say in french").hit
    assert not judged('translate "hello please"', 'translate "hello"').hit


def test_words_beyond_the_encoder_s_window_are_compared() -> None:
    """Two long texts with one different word in the middle have nearly one vector, and are not the same."""
    filler = " ".join(f"point {at} was made and written down" for at in range(80))
    assert not judged(
        f"summarise {filler} about apples {filler}", f"summarise {filler} about pears {filler}", 0.9999
    ).hit


def test_what_is_not_similar_is_refused_unread() -> None:
    """The similarity stays the first gate."""
    verdict = judged("how do I cancel my order", "how can I cancel my order", 0.5)
    assert (verdict.hit, verdict.guard) == (False, "similarity")


@given(st.text(max_size=80))
def test_a_text_is_always_answered_by_itself(text: str) -> None:
    """Whatever a caller writes, the judge does not fail on it, and the same text is a hit."""
    assert judged(text, text).hit


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_breaks_the_judge(one: str, other: str) -> None:
    """Any two texts get a verdict with a reason."""
    assert judged(one, other).reason


@given(st.integers(1, 999), st.integers(1, 999))
def test_no_two_numbers_are_the_same(one: int, other: int) -> None:
    """A question about n is answered by a question about m only when n is m."""
    assert judged(f"how far is it to walk {one} blocks", f"How far is it to walk {other} blocks?").hit == (one == other)
