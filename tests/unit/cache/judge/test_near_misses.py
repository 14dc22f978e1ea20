"""What looks like a rewording and is another question: each family was accepted once, beside what it must not cost."""

from __future__ import annotations

import pytest

from tests.unit.cache.judge.asking import judged

TWO: dict[str, list[tuple[str, str]]] = {
    "is and does": [
        ("What is she like?", "What does she like?"),
        ("Is the door open at noon?", "Does the door open at noon?"),
    ],
    "now and always": [
        ("Is it raining in Lima?", "Does it rain in Lima?"),
        ("What are you eating for lunch?", "What do you eat for lunch?"),
        ("Is the bridge being painted?", "Is the bridge painted?"),
        ("What has been the price of oil?", "What is the price of oil?"),
        ("Who signed up for the race?", "Who signs up for the race?"),
        ("When did they start building the dam?", "When did they build the dam?"),
    ],
    "degree": [
        ("How well does the pump work?", "How does the pump work?"),
        ("Is it too cold to swim?", "Is it cold to swim?"),
        ("Do twins have the same blood?", "Do twins have blood?"),
        ("Can I live on just milk?", "Can I live on milk?"),
        ("Do few birds migrate?", "Do a few birds migrate?"),
        ("Do any birds swim?", "Do birds swim?"),
        ("Why do I not trust anyone?", "Why do I not trust someone?"),
        ("sort the list at once", "sort the list"),
        ("Who is the oldest person ever?", "Who is the oldest person?"),
        ("Who is the tallest man of all time?", "Who is the tallest man?"),
        ("What is the biggest fish you have ever eaten?", "What is the biggest fish?"),
        ("Do men make more money?", "Do men make money?"),
        ("Is Pele one of the best players?", "Is Pele the best player?"),
    ],
    "article": [
        ("What is the time?", "What is time?"),
        ("What is the exchange rate?", "What is an exchange rate?"),
        ("Is vitamin A good for skin?", "Are vitamins good for skin?"),
        ("How far is Miami, OK?", "How far is Miami, OH?"),
        ("What is a good credit score?", "What is the best credit score?"),
        ("What are the Great Lakes?", "What are the best lakes?"),
        ("What is major depression?", "What is depression?"),
        ("What is the meaning of human life?", "What is human life?"),
    ],
    "verb and preposition": [
        ("Why is he looking at birds?", "Why is he looking for birds?"),
        ("How do I pay my landlord?", "How do I pay for my landlord?"),
        ("When does he leave Paris?", "When does he leave for Paris?"),
        ("How do I prepare for dinner?", "How do I prepare dinner?"),
        ("How do I talk with my ex?", "How do I talk about my ex?"),
        ("How do I save for a house?", "How do I save a house?"),
        ("Should I wait for him?", "Should I wait with him?"),
        ("When do I move in with him?", "When do I move on with him?"),
    ],
    "noun and preposition": [
        ("Where do I get a visa for India?", "Where do I get a visa in India?"),
        ("Can I use my card in Japan?", "Can I use my card for Japan?"),
        ("What are the best books for children?", "What are the best books on children?"),
        ("What are the best books by Freud?", "What are the best books on Freud?"),
        ("Was it stolen by my brother?", "Was it stolen from my brother?"),
        ("Is the house for sale?", "Is the house on sale?"),
        ("Can I return it in 30 days?", "Can I return it within 30 days?"),
        ("What caused the attack on a shark?", "What caused the shark attack?"),
        ("How big is a glass of wine?", "How big is a wine glass?"),
        ("Who is the wife of the son of Abel?", "Who is the son of the wife of Abel?"),
    ],
    "near words": [
        ("Can robots feel?", "Can robots think?"),
        ("How do I reach the airport?", "How do I contact the airport?"),
        ("How do I pick a lock?", "How do I choose a lock?"),
        ("Is Java hard?", "Is coffee hard?"),
        ("Where is my state?", "Where is my statement?"),
        ("cancel my loan application", "cancel my loan app"),
        ("What are vital signs?", "What are important signs?"),
        ("Who invented the mobile phone?", "Who invented the phone?"),
        ("How do I get Venmo?", "How do I get venom?"),
        ("Do you like French people?", "Do you like French?"),
        ("Can dogs drink salt and water?", "Can dogs drink salt water?"),
    ],
    "forms": [
        ("How do I clean glasses?", "How do I clean glass?"),
        ("how do i install windows", "how do i install a window"),
        ("Who directed Alien?", "Who directed Aliens?"),
        ("Where can I find parking in Bath?", "Where can I find a park in Bath?"),
        ("How do I make icing at home?", "How do I make ice at home?"),
        ("Why did he stop to drink water?", "Why did he stop drinking water?"),
        ("What port does HTTP use?", "What port does HTTPS use?"),
    ],
    "numbers": [
        ("What is 6/8 time?", "What is 3/4 time?"),
        ("What is new in Python 3.10?", "What is new in Python 3.1?"),
        ("Is -5 degrees cold?", "Is 5 degrees cold?"),
        ("set an alarm for 7", "set an alarm in 7"),
    ],
    "needless words": [
        ("Can dogs learn to swim fast?", "Can dogs swim fast?"),
        ("Who won the world cup in 2010?", "Who won the cup in 2010?"),
        ("How do I stop using my credit card?", "How do I stop my credit card?"),
        ("Did she tell you why?", "Did she tell you?"),
        ("When did the war start and why?", "When did the war start?"),
        ("How do I delete my account completely?", "How do I delete my account?"),
        ("How do you feel?", "How do I feel?"),
        ("How do I find my phone?", "How do I find a phone?"),
        ("What is the fastest way to get to Rome?", "How do I get to Rome?"),
        ("Is it hard to become a judge?", "Is it hard to be a judge?"),
    ],
}
ONE: list[tuple[str, str]] = [
    ("Why are people so loud?", "Why are people loud?"),
    ("What is your favorite film and why?", "What is your favorite film?"),
    ("Is go a sport? Why or why not?", "Is go a sport?"),
    ("What types of rock are there?", "What kinds of rock are there?"),
    ("What are some good hiking trails?", "What are the best hiking trails?"),
    ("What are the top universities in Peru?", "What are the best universities in Peru?"),
    ("What is the best opera of all time?", "What is the best opera ever?"),
    ("How do I become more patient?", "How do I become patient?"),
    ("How do I learn to knit?", "What is the best way to learn knitting?"),
    ("What do Danes think of Swedes?", "What do Danes think about Swedes?"),
    ("What is it like to work at Ikea?", "What is it like to work for Ikea?"),
    ("What are the best books about jazz?", "What are the best books on jazz?"),
    ("How do I apply to a college?", "How do I apply for a college?"),
    ("How do I prepare for the TOEFL?", "How do I prepare for the TOEFL exam?"),
    ("Who is the richest man in the world?", "Who is the world's richest man?"),
    ("Do Chinese people like tea?", "Do the Chinese like tea?"),
    ("How much is $5.50 in yen?", "How much is $5.5 in yen?"),
    ("How far is 5 km?", "How far is five kilometers?"),
    (
        "What is the difference between a red wine glass and a white one?",
        "What is the difference between a red wine glass and a white one",
    ),
    ("Is it raining?", "is it raining"),
    ("What is the fastest way to defrost a chicken?", "How do I defrost a chicken?"),
    ("How do I find my passion?", "How do I find a passion?"),
]


@pytest.mark.parametrize(("stored", "asked"), [pair for pairs in TWO.values() for pair in pairs])
def test_a_near_miss_is_refused(stored: str, asked: str) -> None:
    """Whichever of the two was stored."""
    assert not judged(stored, asked).hit
    assert not judged(asked, stored).hit


@pytest.mark.parametrize(("stored", "asked"), ONE)
def test_its_neighbours_that_ask_the_same_stay_accepted(stored: str, asked: str) -> None:
    """No guard of these families may refuse a plain rewording."""
    assert judged(stored, asked).hit, judged(stored, asked).reason
    assert judged(asked, stored).hit


def test_a_word_problem_turned_around_is_refused() -> None:
    """Told in other words it is the same problem, unless what was earned is spent, or hours are minutes."""
    stored = (
        "Mina earns 12 dollars an hour at the bakery. She works 5 hours every Saturday and spends 20 dollars on her bus ticket."
        " How many dollars does Mina have left after one Saturday?"
    )
    asked = (
        "For each hour of work at a bakery, Mina earns 12 dollars. Her Saturday shift lasts 5 hours, while taking the bus means that"
        " she spends 20 dollars on a ticket. After one such Saturday, what is the number of dollars that Mina has left?"
    )
    assert judged(stored, asked, 0.95).hit
    assert not judged(stored, asked.replace("5 hours", "5 minutes"), 0.95).hit
    assert not judged(stored, asked.replace("After one", "Before one"), 0.95).hit


def test_a_factorial_is_another_number() -> None:
    """A mark that only calls is none: behind a word, doubled, or before an equals sign."""
    assert not judged("What is 5!?", "What is 5?").hit
    assert not judged("what is the value of 10!", "what is the value of 10").hit
    assert judged("what is 5!", "What is 5! ?").hit
    assert judged("wake me at seven!", "wake me at seven").hit
    assert judged("set the volume to 5!", "set the volume to 5").hit
    assert not judged("is 5! even", "is 5 even").hit
