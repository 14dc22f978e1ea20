"""What was made of texts is kept by their length in sum, the latest longest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from workers.cache.judge.kept import LEAST, Kept


def test_what_is_kept_is_not_made_again() -> None:
    """Long texts neither, while there is room for them."""
    made: list[str] = []
    kept = Kept(lambda raw: (made.append(raw), len(raw)), most_chars=10_000)
    for _ in range(3):
        for text in ("a" * 5_000, "b" * 4_000, "c"):
            assert kept.of(text)[1] == len(text)
    assert [text[0] for text in made] == ["a", "b", "c"]


def test_what_was_not_asked_for_longest_goes_first() -> None:
    """And is made anew when it is asked for again."""
    made: list[str] = []
    kept = Kept(lambda raw: made.append(raw) or raw, most_chars=60)
    for number in range(6):
        kept.of(f"{number}" * 10)
    kept.of("0" * 10)
    kept.of("6" * 10)
    made.clear()
    kept.of("0" * 10)
    assert made == []
    kept.of("1" * 10)
    assert made == ["1" * 10]


def test_the_latest_stay_however_long_they_are() -> None:
    """A look-up compares one query with several."""
    made: list[str] = []
    kept = Kept(lambda raw: made.append(raw) or raw, most_chars=10)
    for _ in range(2):
        for stored in ("a" * 50, "b" * 50):
            kept.of("asked" * 20)
            kept.of(stored)
    assert len(made) == 3


@given(st.lists(st.text("ab", max_size=12), max_size=60))
def test_the_sum_is_bounded(texts: list[str]) -> None:
    """In characters and in number, but for the latest few; and it is the sum of what is kept."""
    kept = Kept(str.upper, most_chars=30, most=8)
    for text in texts:
        assert kept.of(text) == text.upper()
        assert len(kept) <= 8
        assert kept.chars == sum(map(len, kept._kept))
        assert kept.chars <= 30 or len(kept) <= LEAST
    kept.clear()
    assert (len(kept), kept.chars) == (0, 0)


def test_threads_may_share_one() -> None:
    """Its sum stays right."""
    kept = Kept(lambda raw: raw[::-1], most_chars=500)
    texts = [f"{number % 97}" * (number % 13) for number in range(5_000)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(kept.of, texts)) == [text[::-1] for text in texts]
    assert kept.chars == sum(map(len, kept._kept))
