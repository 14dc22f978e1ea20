"""Keeps Python's garbage collector from stopping a process that holds thousands of streams.

A full collection looks at every object that lives: with 5,000 streams (900,000 objects) it took 0.3 to 1.5 s, and each new
quarter of them set one off (measured by `gc.callbacks`). Young objects are still collected as they come. The old ones are
looked at once a minute, when that is cheap, or when as many streams have closed as are open.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

YOUNG, MIDDLE, NEVER = 10_000, 20, 1_000_000_000
EVERY_S = 60.0
FEW = 500  # open streams below which a full collection is a matter of some 50 ms


def calm() -> None:
    """Leave full collections to `collect_for_ever`, and what was imported out of all of them."""
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)


async def collect_for_ever(opened: Callable[[], int], are_open: Callable[[], int]) -> None:
    """Collect old garbage now and then, until cancelled; does nothing in a process that was not calmed.

    Args:
        opened: how many streams were opened so far.
        are_open: how many are open.
    """
    closed_before = 0
    while gc.get_threshold()[2] == NEVER:
        await asyncio.sleep(EVERY_S)
        closed = opened() - are_open()
        if due(closed - closed_before, are_open()):
            closed_before = closed
            gc.collect()


def due(closed: int, are_open: int) -> bool:
    """Whether a full collection is worth its pause: it is short, or much may have become garbage.

    >>> due(closed=0, are_open=20), due(closed=400, are_open=5_000), due(closed=6_000, are_open=5_000)
    (True, False, True)
    """
    return are_open < FEW or closed >= are_open
