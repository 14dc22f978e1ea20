"""Writes an outcome although Redis is away for a while: an answer that was paid for is not thrown away."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from workers.contracts.errors import StoreUnavailable

T = TypeVar("T")


async def persist(call: Callable[[], Awaitable[T]], *, for_s: float) -> T:
    """Repeat a call of the store until it goes through.

    Args:
        call: makes the call; every script is safe to repeat.
        for_s: how long to go on, in seconds.

    Raises:
        StoreUnavailable: Redis was away all that time.
    """
    loop = asyncio.get_running_loop()
    until, pause = loop.time() + for_s, 0.1
    while True:
        try:
            return await call()
        except StoreUnavailable:
            if loop.time() + pause > until:
                raise
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, hides nothing
        pause = min(2.0, pause * 2)
