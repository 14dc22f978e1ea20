"""Tokens: what makes finding them quick changes nothing; and the amounts among them."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workers.cache.judge.text import Text
from workers.cache.judge.tokens import TOKEN, amounts, has_blank_inside

QUICK = r"[a-z]++(?!\S)|"
PLAIN = re.compile(TOKEN.pattern.replace(QUICK, "", 1), re.VERBOSE)


texts = st.text(alphabet="abv.net+#&_-/:,;!?$€%\"' \n13é", max_size=40)


@given(texts)
@example("see http://a.b c++ c# .net v2 at&t _it a_b node.js snake_ x/y end")
def test_the_quick_alternative_finds_what_the_others_find(text: str) -> None:
    """Tokens are the same with and without it."""
    assert PLAIN.pattern != TOKEN.pattern
    assert TOKEN.findall(text) == PLAIN.findall(text)


@given(texts)
@example("it costs $ 5 or 20 % of € 3")
def test_cutting_at_blanks_first_changes_nothing(text: str) -> None:
    """A token holds a blank only where that is looked for."""
    whole = [piece for piece in TOKEN.findall(text) if piece.strip(".?!;:")]
    parts = text.split() if not has_blank_inside(text) else [text]
    assert [piece for part in parts for piece in TOKEN.findall(part) if piece.strip(".?!;:")] == whole


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("She has 12 cats, and a quarter of the 8 dogs.", ("#1/4", "#12", "#8")),
        ("Twenty-five of 1,000 people", ("#1000", "#25")),
        ("50% of the first 2.5 million", ("#1/2", "#2500000")),
        ("the 3rd one, twice", ("#2",)),
        ("on March 3rd", ("#3",)),
        ("50-percent of 8, 20 (percent) of them", ("#1/2", "#1/5", "#8")),
        ("It is 50. Percent are told.", ("#1/2",)),
        ("", ()),
    ],
)
def test_the_amounts_of_a_text(text: str, found: tuple[str, ...]) -> None:
    """In words and digits alike; ordinals are none, but days of a month are."""
    assert amounts(text) == found
    assert tuple(sorted(word.form for word in Text.of(text).amounts)) == found
