"""Texts that were taken apart, kept while there is room: the stored queries that are asked about again and again.

A text takes 30 to 40 bytes of memory a character, so that the room is counted in characters. The latest few stay however long
they are: a look-up compares one query with several.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final, Generic, TypeVar

Made = TypeVar("Made")
MOST_CHARS: Final = 250_000  # at most 10 MB; a classify worker with 100,000 entries is to stay below 600 MB
MOST: Final = 4_096
LEAST: Final = 4  # stay in any case


class Kept(Generic[Made]):
    """Makes something of a text, and forgets what was not asked for longest; any number of threads may use one.

    Args:
        make: makes it; asked for by two threads at once, it may be made twice.
        most_chars: of all texts together that are kept.
        most: texts that are kept.
    """

    def __init__(self, make: Callable[[str], Made], most_chars: int = MOST_CHARS, most: int = MOST) -> None:
        self._make = make
        self._most_chars, self._most = most_chars, most
        self._kept: OrderedDict[str, Made] = OrderedDict()
        self._lock = Lock()
        self.chars = 0

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._kept)

    def of(self, raw: str) -> Made:
        """Give what is made of a text."""
        with self._lock:
            known = self._kept.get(raw)
            if known is not None:
                self._kept.move_to_end(raw)
                return known
        made = self._make(raw)
        with self._lock:
            if raw not in self._kept:
                self.chars += len(raw)
            self._kept[raw] = made
            while len(self._kept) > LEAST and (self.chars > self._most_chars or len(self._kept) > self._most):
                self.chars -= len(self._kept.popitem(last=False)[0])
        return made

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self.chars = 0
