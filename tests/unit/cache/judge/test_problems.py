"""Word problems in other words: accepted when numbers, roles, people and question agree, refused when one of them does not."""

from __future__ import annotations

import pytest

from tests.unit.cache.judge.asking import judged

TOLD = (
    "Maria baked 48 muffins for the school fair. She sold 30 muffins in the morning for $2 each and gave 6 muffins to her"
    " neighbors. How many muffins does Maria have left?"
)
RETOLD = (
    "For a fair at school, Maria prepared 48 muffins. During the morning 30 muffins were sold at a price of $2 apiece, and she"
    " handed 6 muffins over to the neighbors. What is the number of muffins that remain with Maria?"
)


def test_a_retold_problem_is_accepted() -> None:
    """Other words, the same problem; the reason says that it was read as one."""
    verdict = judged(TOLD, RETOLD, 0.9)
    assert (verdict.hit, verdict.guard) == (True, "problem"), verdict.reason


@pytest.mark.parametrize(
    ("guard", "old", "new"),
    [
        ("numbers", "48", "46"),
        ("numbers", "30 muffins were sold at a price of $2 apiece", "some muffins were sold at a price of $2 apiece"),
        ("names", "Maria", "Nadia"),
        (
            "problem",
            "30 muffins were sold at a price of $2 apiece",
            "30 cakes and their drinks went away, less than a $2 tip",
        ),
        ("negation", "she handed", "she did not keep but handed"),
        ("question", "the number of muffins that remain with Maria", "the profit of the school"),
    ],
)
def test_a_retold_problem_with_a_change_is_refused(guard: str, old: str, new: str) -> None:
    """A change hides no better in other words."""
    verdict = judged(TOLD, RETOLD.replace(old, new), 0.9)
    assert (verdict.hit, verdict.guard) == (False, guard), verdict.reason


def test_another_unit_is_another_question() -> None:
    """The length in feet is not the length in inches."""
    told = "Ann has 144 inches of ribbon for 6 gifts and 4 bows. How many inches of ribbon can she use for each gift?"
    asked = (
        "Ann owns 144 inches of ribbon, which she will use for wrapping 6 gifts and 4 bows. What is the length in {} of the"
        " ribbon on each gift?"
    )
    assert judged(told, asked.format("inches"), 0.9).guard == "problem"
    assert (judged(told, asked.format("feet"), 0.9).hit, judged(told, asked.format("inches"), 0.9).hit) == (False, True)


def test_a_near_copy_is_judged_word_for_word() -> None:
    """Few changed words in a long problem are an edit, not a retelling."""
    assert not judged(TOLD, TOLD.replace("gave 6 muffins to", "got 6 muffins from")).hit


def test_exchanged_numbers_are_refused() -> None:
    """The same numbers in each other's roles are another problem."""
    exchanged = RETOLD.replace("48", "@").replace("30", "48").replace("@", "30")
    verdict = judged(TOLD, exchanged, 0.9)
    assert (verdict.hit, verdict.guard) == (False, "problem"), verdict.reason


def test_a_fraction_is_not_a_decimal() -> None:
    """Half is written 1/2, and 50 percent; whoever writes 0.5 may mean another quantity."""
    assert judged("what is 1/2 of my limit", "what is half of my limit").hit
    assert not judged("what is 0.5 of my limit", "what is half of my limit").hit
