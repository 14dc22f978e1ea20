"""When a call is tried again."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.upstream.retry import LONGEST_PAUSE_S, pause_s, retry_after_s


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        (" 2.5 ", 2.5),
        ("0", 0.0),
        ("-4", 0.0),
        (None, None),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_seconds_are_read(header: str | None, seconds: float | None) -> None:
    """Numbers are seconds; what is no number and no date counts as nothing."""
    assert retry_after_s(header) == seconds


def test_http_dates_are_read_relative_to_now() -> None:
    """A date in the future is a wait, one in the past is none."""
    assert retry_after_s(formatdate(1_700_000_010, usegmt=True), now=1_700_000_000) == 10
    assert retry_after_s(formatdate(1_600_000_000, usegmt=True), now=1_700_000_000) == 0


@given(header=st.text(max_size=40))
def test_no_header_breaks_it(header: str) -> None:
    """Whatever a server sends, the answer is a wait or nothing."""
    found = retry_after_s(header)
    assert found is None or found >= 0


@given(tries=st.integers(1, 50))
def test_backoff_is_bounded(tries: int) -> None:
    """The pause never passes its bound."""
    assert 0 <= pause_s(tries, None) <= LONGEST_PAUSE_S


@given(asked=st.floats(0, 1000))
def test_what_is_asked_for_is_kept(asked: float) -> None:
    """The pause is never shorter than the server asked for."""
    assert pause_s(1, asked) >= asked
