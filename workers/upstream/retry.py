"""When to try again: what the server asks for, else exponential backoff with full jitter."""

from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 8.0


def retry_after_s(header: str | None, now: float | None = None) -> float | None:
    """Read `Retry-After`: seconds, or an HTTP date (RFC 9110, 10.2.3).

    Args:
        header: the header's value.
        now: the present as a Unix time, for tests.

    Returns:
        Seconds from now, never negative; None when there is no sound value.
    """
    if header is None:
        return None
    text = header.strip()
    try:
        seconds = float(text)
    except ValueError:
        pass
    else:
        return max(0.0, seconds) if seconds == seconds and seconds != float("inf") else None  # noqa: PLR0124 - NaN
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(0.0, moment.timestamp() - (time.time() if now is None else now))


def pause_s(tries: int, asked_s: float | None) -> float:
    """How long to wait after so many tries: what was asked for and a little more, else a random share of the backoff.

    Source: full jitter as in "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    if asked_s is not None:
        return asked_s + random.uniform(0.0, 0.1 + asked_s / 10)  # noqa: S311 - spreads load, hides nothing
    return random.uniform(0.0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**tries))  # noqa: S311 - the same
