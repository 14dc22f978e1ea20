"""The form of a query: bounded in cost, whole in number, and telling apart what it is there to tell apart."""

from __future__ import annotations

import re
from re import _constants as constants
from re import _parser as parser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.routing.features import COUNT, COUNTED, NAMES, OPENINGS, SAMPLE_CHARS, features, sample


def value(text: str, name: str) -> float:
    """One feature of a text."""
    return float(features(text)[NAMES.index(name)])


@given(text=st.text(max_size=500), instructions=st.none() | st.text(max_size=100))
def test_every_text_has_every_feature(text: str, instructions: str | None) -> None:
    """All are finite and small."""
    found = features(text, instructions)
    assert found.shape == (COUNT,)
    assert np.isfinite(found).all()
    assert (np.abs(found) <= 6).all()


def test_names_are_unique() -> None:
    """Each name stands for one input of the network."""
    assert len(set(NAMES)) == COUNT


@pytest.mark.parametrize(
    ("name", "has", "has_not"),
    [
        ("LaTeX", "Find \\frac{1}{2}", "Find one half"),
        ("formulas", "Let $x = 2$ be", "It costs $5"),
        ("code fences", "```x```", "a fence"),
        ("lettered options", "Which?\n(A) one\n(B) two", "Which is it?"),
        ("the word Options", "Options:\n- Yes", "I have options"),
        ("unclosed brackets", "( [ { <", "brackets"),
        ("drawing commands", "M 12.5,3 L 4.2,5", "move a line"),
        ("moves", "Turn left. Take 3 steps.", "She took her time."),
        ("truth values", "not ( true and false )", "a true friend"),
        ("steps asked", "Think step by step", "Dance, one two"),
    ],
)
def test_forms_are_seen(name: str, has: str, has_not: str) -> None:
    """Each form is seen where it is and not where it is not."""
    assert value(has, name) > 0
    assert value(has_not, name) == 0


def test_instructions_are_counted_apart() -> None:
    """Instructions change their own features and none of the query's."""
    plain, told = features("Which plan?"), features("Which plan?", "Think step by step.")
    changed = {NAMES[at] for at in np.flatnonzero(plain != told)}
    assert "instructions ask for steps" in changed
    assert all(name.startswith("instructions") for name in changed)


def test_a_sample_has_one_size_whatever_the_length() -> None:
    """Head, middle and tail of two million characters are no more than of four thousand."""
    long = "a" * 1_000_000 + "MIDDLE" + "b" * 999_994 + "END"
    assert len(sample(long)) <= SAMPLE_CHARS + 2
    assert "MIDDLE" in sample(long)
    assert sample(long).endswith("END")


def paths(parsed) -> int:
    """Bound the ways in which a pattern can be tried from one place: sequences multiply, branches add."""
    found = 1
    for kind, said in parsed:
        if kind is constants.BRANCH:
            found *= sum(paths(branch) for branch in said[1])
        elif kind in {constants.MAX_REPEAT, constants.MIN_REPEAT}:
            low, high, inner = said
            assert high is not constants.MAXREPEAT, "a repetition without bound"
            found *= (high - low + 1) * paths(inner) ** min(high, 2)
        elif kind is constants.SUBPATTERN:
            found *= paths(said[3])
        elif kind in {constants.ASSERT, constants.ASSERT_NOT}:
            found *= paths(said[1])
    return found


@pytest.mark.parametrize("name", [*COUNTED, *OPENINGS])
def test_no_pattern_backtracks_without_bound(name: str) -> None:
    """From each place of a text a pattern takes a bounded number of ways, however hostile the text: counted, not timed."""
    pattern: re.Pattern[str] = {**COUNTED, **OPENINGS}[name]
    assert paths(parser.parse(pattern.pattern)) <= 20_000


def test_a_pattern_that_backtracks_would_be_found() -> None:
    """The count above sees the classic mistakes."""
    with pytest.raises(AssertionError, match="without bound"):
        paths(parser.parse(r"(?:a+)+b"))
    assert paths(parser.parse(r"(?:a{1,50}){1,50}b")) > 20_000
