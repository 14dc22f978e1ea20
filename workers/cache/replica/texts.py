"""What was asked, by entry: known without Redis, so that most candidates are refused while Redis is still being asked.

It is a copy of some entries and decides nothing: what is to be served is read from Redis first. It holds the latest
that came or were looked at, while there is room.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

MOST: Final = 12_000  # about 5 MB
MOST_CHARS: Final = 1_500_000  # of all texts together
LONGEST: Final = 8_000  # characters; a longer one is read when it is looked at
MOST_FRESH: Final = 2_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, and who stored it."""

    text: str
    tenant: str


class Texts:
    """Texts by reference.

    Args:
        most: texts that are held.
        most_chars: of all of them together.
    """

    def __init__(self, most: int = MOST, most_chars: int = MOST_CHARS) -> None:
        self._most, self._most_chars = most, most_chars
        self._held: OrderedDict[str, Asked] = OrderedDict()
        self.chars = 0
        self._fresh: deque[str] = deque(maxlen=MOST_FRESH)  # beyond that the oldest are left out
        self._some_fresh = asyncio.Event()

    def __len__(self) -> int:
        """How many are held."""
        return len(self._held)

    def get(self, ref: str) -> Asked | None:
        """Give what was asked; None when it is not held."""
        found = self._held.get(ref)
        if found is not None:
            self._held.move_to_end(ref)
        return found

    def put(self, ref: str, asked: Asked) -> None:
        """Hold one, in place of what was held for the same entry."""
        self.remove((ref,))
        if not asked.text or len(asked.text) > LONGEST:
            return
        self._held[ref] = asked
        self.chars += len(asked.text)
        while len(self._held) > self._most or self.chars > self._most_chars:
            self.chars -= len(self._held.popitem(last=False)[1].text)

    def came(self, ref: str, asked: Asked) -> None:
        """Hold one that is new in the cache, and give it out by `fresh`."""
        self.put(ref, asked)
        self._fresh.append(asked.text)
        self._some_fresh.set()

    @property
    def waiting(self) -> int:
        """How many new ones were not given out yet."""
        return len(self._fresh)

    async def fresh(self) -> str:
        """Wait for a text that is new in the cache; each is given once, the latest first."""
        while not self._fresh:
            self._some_fresh.clear()
            await self._some_fresh.wait()
        return self._fresh.pop()

    def remove(self, refs: Iterable[str]) -> None:
        """Forget some."""
        for ref in refs:
            if (known := self._held.pop(ref, None)) is not None:
                self.chars -= len(known.text)
