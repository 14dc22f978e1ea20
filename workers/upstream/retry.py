"""When to try again: what the server asks for, else exponential backoff with full jitter."""

from __future__ import annotations

import random

from workers.contracts.retry_after import retry_after_s

__all__ = ["pause_s", "retry_after_s"]
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 8.0


def pause_s(tries: int, asked_s: float | None) -> float:
    """How long to wait after so many tries: what was asked for and a little more, else a random share of the backoff.

    Source: full jitter as in "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    if asked_s is not None:
        return asked_s + random.uniform(0.0, 0.1 + asked_s / 10)  # noqa: S311 - spreads load, hides nothing
    return random.uniform(0.0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**tries))  # noqa: S311 - the same
