"""A process that answers jobs and keeps their answers as fast as it can, until it is killed."""

from __future__ import annotations

import asyncio
import sys

from tests.support.cache import keep
from tests.support.store import make_settings, open_store


async def add_for_ever(url: str, prefix: str, name: str) -> None:
    """Keep one answer after another, several at a time."""
    async with open_store(make_settings(url, redis={"key_prefix": prefix})) as store:
        number = 0
        while True:
            await asyncio.gather(*(keep(store, f"{name} {number + offset}") for offset in range(8)))
            number += 8


if __name__ == "__main__":
    asyncio.run(add_for_ever(*sys.argv[1:4]))
