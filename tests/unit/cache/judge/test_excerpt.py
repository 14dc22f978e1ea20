"""Long texts are compared where they differ, with the sentences beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.cache.judge.asking import judged
from workers.cache.judge.excerpt import _PIECE, SHORTEST, differing

BEFORE = " ".join(
    f"The {place} house stands in the old street." for place in ("red", "blue", "green", "white", "grey") * 4
)
AFTER = " ".join(f"Its {part} was painted years ago." for part in ("door", "roof", "fence", "gate", "wall") * 4)


def told(middle: str) -> str:
    """A long text with a sentence in its middle."""
    return f"{BEFORE} {middle} {AFTER}"


@given(st.text("ab .?!\n'-", max_size=80))
def test_no_letter_is_lost(text: str) -> None:
    """The pieces of a text are the text."""
    assert "".join(_PIECE.findall(text)) == text


def test_short_texts_are_whole() -> None:
    """Reading them takes no time worth saving."""
    assert differing("A b. C d.", "A b. C e.") == ("A b. C d.", "A b. C e.")


def test_only_the_difference_and_its_neighbours_are_left() -> None:
    """One sentence before and one behind."""
    one, other = differing(told("Nobody lives there."), told("Somebody lives there."))
    assert one.split(". ") == [
        "The grey house stands in the old street",
        "Nobody lives there",
        "Its door was painted years ago",
        "",
    ]
    assert other == one.replace("Nobody", "Somebody")


@pytest.mark.parametrize(
    ("stored", "asked", "hit"),
    [
        ("Nobody lives there.", "Somebody lives there.", False),
        ("You may enter.", "You must enter.", False),
        ("You may enter.", "You may not enter.", False),
        ("You may enter.", "", False),
        ("It costs 5 dollars.", "It costs 7 dollars.", False),
        ("What's behind the door?", "What is behind the door?", True),
        ("Tell me the colour of the door.", "Tell me the color of the door, please.", True),
    ],
)
def test_one_edit_in_a_long_text(stored: str, asked: str, hit: bool) -> None:
    """It is judged as in a short one, in both directions."""
    one, other = told(stored), told(asked)
    assert max(len(one), len(other)) > SHORTEST
    assert judged(one, other).hit is hit
    assert judged(other, one).hit is hit


def test_case_and_blanks_do_not_hide_what_is_common() -> None:
    """A text in small letters is compared without case."""
    one, other = differing(told("Nobody lives there."), told("nobody  lives there.").lower())
    assert len(one) < SHORTEST / 2 > len(other)


def test_a_sentence_said_twice_is_not_counted_for_both_ends() -> None:
    """The same sentence once more: something differs."""
    text = "A house stands in the old street. " * 30
    one, other = differing(text, text + "A house stands in the old street. ")
    assert one != other
    assert not judged(text, text + "A house stands in the old street.").hit
