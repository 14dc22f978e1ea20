"""The first classifier: what it says, that it says why, and that nothing slows it down."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.contracts.routing import TASK_TYPES, Query
from workers.routing.rules import decide


@pytest.mark.parametrize(
    ("text", "lane"),
    [
        ("What is the capital of France?", "standard"),
        ("How do I reset my card PIN?", "standard"),
        ("Write a short poem about autumn rain.", "standard"),
        ("Translate 'good morning' into Spanish.", "standard"),
        ("Summarize this paragraph in one sentence: The cat sat on the mat.", "standard"),
        ("Set an alarm for 7 am", "standard"),
        ("Prove that the square root of 2 is irrational.", "reasoning"),
        ("Find all integers n such that $n^2 + 1$ is divisible by 5.", "reasoning"),
        ("Write a Python function that finds the longest palindrome, and explain its complexity.", "reasoning"),
        (
            "Five people finished a race. Ann finished above Bob. Carl finished last. Which of the following is true?",
            "reasoning",
        ),
        (
            "Alice is a knight or a liar. Bob says Alice lies. Exactly one of them tells the truth. Who is it?",
            "reasoning",
        ),
        ("Evaluate $\\int_0^1 x^2 dx$ step by step.", "reasoning"),
    ],
)
def test_plain_cases_go_where_they_belong(text: str, lane: str) -> None:
    """Requests that anyone would sort the same way are sorted so."""
    decision = decide(Query(text))
    assert decision.lane == lane, decision


def test_instructions_count() -> None:
    """Instructions that ask for reasoning raise the probability."""
    plain = decide(Query("Which plan is better?"))
    asked = decide(Query("Which plan is better?", instructions="Think carefully, step by step."))
    assert asked.p_reasoning > plain.p_reasoning


@given(text=st.text(max_size=400))
def test_every_text_gets_a_whole_decision(text: str) -> None:
    """Probabilities are probabilities, the lane follows from them, and the same text gets the same decision."""
    decision = decide(Query(text))
    assert 0 <= decision.p_reasoning <= 1
    assert decision.lane == ("reasoning" if decision.p_reasoning >= 0.5 else "standard")
    assert decision.task_type in TASK_TYPES
    assert decision == decide(Query(text))


def test_the_reason_never_quotes_the_query() -> None:
    """A marker in a query is not in what is said about it."""
    decision = decide(Query("Prove zebra4711 theorem with $zebra4711$ and code `zebra4711`"))
    assert "zebra4711" not in decision.model_dump_json()


@pytest.mark.parametrize(
    "text",
    ["a = " * 100_000, "\n" * 400_000, "$" + "a" * 400_000, "- x\n" * 100_000, "either " * 50_000, "1 " * 200_000],
)
def test_long_texts_cost_little(text: str) -> None:
    """The largest input is decided in a moment."""
    began = time.process_time()
    decide(Query(text))
    assert time.process_time() - began < 2
