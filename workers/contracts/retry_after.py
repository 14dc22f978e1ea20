"""Reads `Retry-After`, which models and webhook receivers send alike."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime


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
