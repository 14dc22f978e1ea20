"""Opposites among many words are found without asking about each pair of them, and are those that asking would find."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.cache.judge.align import contrary, opposed
from workers.cache.judge.words import listed

WORDS = listed("""
    increase decreased buying sold happy unhappy useful useless lessen hopeless hopefully legal illegal able enable inside outside
    up down more fewer earliest late table in inner order disorder non
""")
words = st.lists(st.sampled_from(WORDS), max_size=8)


@given(left=words, right=words)
def test_it_finds_what_asking_about_each_pair_finds(left: list[str], right: list[str]) -> None:
    """And nothing where that finds nothing."""
    pairs = [both for both in product(left, right) if contrary(*both)]
    found = opposed(left, right)
    assert found in pairs if pairs else found is None


@pytest.mark.parametrize(
    ("one", "other"),
    [("increased", "decrease"), ("unhappy", "happy"), ("useless", "useful"), ("sell", "bought"), ("illegal", "legal")],
)
def test_contrary_goes_both_ways(one: str, other: str) -> None:
    """By our list, by the lexicon, by what stands before or behind a word; a word is not the opposite of itself."""
    assert contrary(one, other)
    assert contrary(other, one)
    assert not contrary(one, one)
