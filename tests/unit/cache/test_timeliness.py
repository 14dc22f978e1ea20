"""Which queries are about the present, and which about the asker's own data."""

from __future__ import annotations

import pytest

from workers.cache.timeliness import about_now, about_own_data

NOW = [
    "What is the latest iPhone?", "What's the weather in Berlin?", "current price of bitcoin", "bitcoin price",
    "Who is the current president of France?", "What time is it in Tokyo?", "What happened today?", "gold price",
    "Is the shop open right now?", "exchange rate from dollar to euro", "What day is it?", "Who won last night?",
    "What is the price of Tesla stock?", "Give me the news headlines", "newest version of Python", "Which films are out this week?",
]  # fmt: skip
ANY_TIME = [
    "What is the capital of France?", "How does alternating current flow?", "What is electric current?",
    "What is currency?", "Explain the time complexity of quicksort", "Who wrote Faust?", "price elasticity of demand",
    "Today Mary has 3 apples. She buys 4 more. How many does she have?", "Know thyself: who said it?",
    "When did the Second World War end?", "How do I cancel my order?",
]  # fmt: skip
OWN = [
    "What is my balance?", "Did my payment go through?", "Where is my order?", "how much do I owe", "Why was my card declined",
    "have i paid the rent", "When is my next appointment?", "what's on my shopping list", "Am I overdrawn?",
    "I ordered a lamp, where is it?", "Show my transactions", "How many vacation days do I have?",
]  # fmt: skip
ANYONES = [
    "How do I reset my password?", "How can I cancel my order?", "What should I do if my card is stolen?",
    "Can I use my card abroad?", "Is it safe to dry my hair with a towel?", "Explain my options under the GPL",
    "I have 3 apples and eat 1. How many apples are left?", "Write an email to our landlord", "What happens if I lose my passport?",
]  # fmt: skip


@pytest.mark.parametrize("query", NOW)
def test_a_query_about_the_present_is_recognised(query: str) -> None:
    """Its answer may be another one in a minute."""
    assert about_now(query)


@pytest.mark.parametrize("query", ANY_TIME)
def test_a_query_without_a_date_is_not(query: str) -> None:
    """Words that only look like it are passed over."""
    assert not about_now(query)


@pytest.mark.parametrize("query", OWN)
def test_a_query_about_own_data_is_recognised(query: str) -> None:
    """Its answer is wrong for everybody else."""
    assert about_own_data(query)
    assert about_own_data(query.replace("'", "\u2019"))


@pytest.mark.parametrize("query", ANYONES)
def test_a_question_of_method_is_anyones(query: str) -> None:
    """Its answer helps everybody who asks it."""
    assert not about_own_data(query)
