"""Gated patterns replace what the plain patterns replace, in every text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.cache.judge import frames, normalise
from workers.cache.judge.gated import Gated, Table

RULES = (*normalise._CONTRACTIONS, *normalise._SPELLINGS, *normalise._POLITE, *frames.FRAMES, *frames._ANYBODY)
TABLE = Table(RULES)
PIECES = sorted({need for gated, _ in RULES for needs in gated.needs for need in needs}) + list(" '.?!,-&")
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text("abeimnostuvw '", max_size=5)), max_size=12).map("".join)


@settings(max_examples=400, deadline=None)
@given(text=texts)
def test_every_rule_gives_what_its_pattern_gives(text: str) -> None:
    """Texts made of what the rules look for and of little words: no match is passed over."""
    for gated, new in RULES:
        assert gated.sub(new, text) == gated.pattern.sub(new, text), gated.pattern.pattern


@pytest.mark.parametrize(
    ("pattern", "needs"),
    [
        (r"\blet'?s\b", {("let",), ("s",)}),
        (r"\b(?:may|could) you\b", {("may", "could"), (" you",)}),
        (r"(?:very )*good", {("good",)}),
        (r"(?:very )+good", {("very ",), ("good",)}),
        (r"(?<=s)'(?!t)(?= a)", {("s",), ("'",), (" a",)}),
        (r"what|[xy]", set()),
        (r"(?i)what", set()),
        (r"(?i:what)s", {("s",)}),
    ],
)
def test_what_a_pattern_needs(pattern: str, needs: set[tuple[str, ...]]) -> None:
    """Literal strings, one of the alternatives, what a repetition has once at least, what must stand before or after."""
    found = Gated(pattern).needs
    assert {tuple(sorted(each)) for each in found} == {tuple(sorted(each)) for each in needs}


def test_a_text_without_what_is_needed_is_given_back() -> None:
    """The same object: the pattern was not run."""
    text = "how do i do it"
    assert Gated(r"\bgonna\b").sub("going to", text) is text
    assert Gated(r"\bgonna\b").sub("going to", "i am gonna") == "i am going to"


@settings(max_examples=200, deadline=None)
@given(text=texts)
def test_a_table_gives_what_its_rules_give_one_after_the_other(text: str) -> None:
    """Also where one rule makes what another needs."""
    plain = text
    for gated, new in RULES:
        plain = gated.pattern.sub(new, plain)
    assert TABLE.apply(text) == plain


@settings(max_examples=400, deadline=None)
@given(text=texts)
def test_a_text_with_a_match_has_one_of_the_words(text: str) -> None:
    """Else a table would pass over the rule."""
    words = set(re.findall(r"\w+", text))
    for gated, _ in RULES:
        if gated.words and gated.pattern.search(text):
            assert gated.words & words, gated.pattern.pattern


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"\blet'?s\b", {"lets", "s"}),
        (r"^(?:may|could) you\b", {"may", "could"}),
        (r"\b(?:very )*good\b", {"good"}),
        (r"\bgood[a-z]* idea\b", {"idea"}),
        (r"\bnot? on\b", {"not", "no"}),
        (r"\bpre\Bfix", set()),
        (r"what", set()),
        (r"\bwhat(?=ever)", set()),
        (r"\bwhat(?!ever)\b", {"what"}),
        (r"[ ,]why[?.! ]*$", {"why"}),
        (r"(?i)\bwhat\b", set()),
        (r"(?i:\bwhat\b)", set()),
    ],
)
def test_the_words_of_a_pattern(pattern: str, words: set[str]) -> None:
    """Whole ones alone, and the rarest of those that stand together."""
    assert Gated(pattern).words == words
