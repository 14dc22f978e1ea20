"""When the next try is due, and what a try says of the endpoint as a whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from workers.contracts.webhooks import Parcel, Receipt
from workers.settings.webhooks import WebhookSettings
from workers.stages.deliver import settle, wait_before_next
from workers.store.webhooks import Settled, Taken

SETTINGS = WebhookSettings()
PARCEL = Parcel("msg_1", "https://example.com/", "job.failed", 0, "job_1", {}, (SecretStr("whsec_"),))


def decide(receipt: Receipt, tries: int = 1, age_s: float = 0, draw: float = 0.5) -> Settled:
    """Decide after a try."""
    return settle(Taken(PARCEL, 1, tries, 0, int(age_s * 1000)), receipt, SETTINGS, lambda: draw)


def test_the_usual_schedule_spans_a_day() -> None:
    """At once, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 6 h, without jitter."""
    ages, age = [], 0.0
    for tries in range(1, 20):
        wait = wait_before_next(tries, age, 0, SETTINGS, lambda: 0.5)
        if wait is None:
            break
        age += wait
        ages.append(age)
    assert ages == [5, 305, 2105, 9305, 27305, 63305, 84905]


@given(st.integers(1, 30), st.floats(0, 100_000), st.floats(0, 100_000), st.floats(0, 1))
def test_no_wait_leaves_the_window_or_ignores_the_receiver(tries: int, age: float, asked: float, draw: float) -> None:
    """Within 10 % of the schedule, at least what was asked for, and never after the window."""
    wait = wait_before_next(tries, age, asked, SETTINGS, lambda: draw)
    if tries > 7 or age >= SETTINGS.window_s:
        assert wait is None
        return
    assert wait is not None
    assert age + wait <= SETTINGS.window_s + 0.001
    planned = SETTINGS.retry_s[tries - 1]
    assert min(max(planned * 0.9, asked), SETTINGS.window_s - age) <= wait + 0.001
    assert wait <= max(planned * 1.1, asked) + 0.001


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_success(status: int) -> None:
    """Any of them."""
    assert decide(Receipt(0.1, status)).outcome == "delivered"


@pytest.mark.parametrize("status", [101, 300, 301, 302, 307, 308, 400, 401, 403, 404, 409, 500, 503])
def test_all_else_is_tried_again(status: int) -> None:
    """Redirects, too; the endpoint as a whole is not paused for one of them."""
    settled = decide(Receipt(0.1, status, "status"))
    assert (settled.outcome, settled.pause_s) == ("retry", 0)
    assert settled.wait_s == 5


@pytest.mark.parametrize("status", [429, 502, 504])
def test_throttling_pauses_the_endpoint(status: int) -> None:
    """For what it asks for, or for the first pause."""
    assert decide(Receipt(0.1, status, "status")).pause_s == SETTINGS.endpoint_pause_s
    asked = decide(Receipt(0.1, status, "status", retry_after_s=120))
    assert (asked.pause_s, asked.wait_s) == (120, 120)


def test_retry_after_is_honoured_and_capped() -> None:
    """Also of 503; an absurd one does not keep a delivery for ever."""
    assert decide(Receipt(0.1, 503, "status", retry_after_s=60)).wait_s == 60
    assert decide(Receipt(0.1, 503, "status", retry_after_s=10**9)).wait_s == SETTINGS.max_retry_after_s


def test_410_ends_it() -> None:
    """The endpoint says that it is gone."""
    assert decide(Receipt(0.1, 410, "status")).outcome == "gone"


def test_the_last_try_ends_it() -> None:
    """After the schedule, and after the window."""
    assert decide(Receipt(0.1, 500, "status"), tries=8).outcome == "failed"
    assert decide(Receipt(0.1, 500, "status"), tries=3, age_s=90_000).outcome == "failed"


def test_a_try_is_noted_without_secrets() -> None:
    """What the owner sees of it."""
    note = decide(Receipt(0.25, None, "timeout", "no answer within 15 s")).note
    assert note is not None
    assert (note.status, note.error, note.took_s) == (None, "timeout", 0.25)
    assert "whsec_" not in repr(PARCEL)
