"""The names of an index's entries and their labels, in arrays: 50 bytes a name, where dictionaries of objects take 230.

Names are hashes of 32 bytes; labels rise. A name lies at a place, in the order of labels, and is found by way of a table of
places with open addressing. What is removed stays at its place until the arrays are made anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.cache.index.kinds import Labels

NAME_BYTES: Final = 32
LEAST: Final = 64  # places that there is room for at the least
BITS: Final = 64
Places = NDArray[np.int64]


class Names:
    """Names by label and labels by name."""

    def __init__(self) -> None:
        # Odd and unknown to others: nobody can choose queries whose hashes fall together in the table.
        self._factor = secrets.randbits(BITS) | 1
        self._rows: NDArray[np.uint8] = np.zeros((LEAST, NAME_BYTES), np.uint8)
        self._labels: Labels = np.zeros(LEAST, np.int64)
        self._alive: NDArray[np.bool_] = np.zeros(LEAST, np.bool_)
        self._table: NDArray[np.int32] = np.full(2 * LEAST, -1, np.int32)  # places; -1: none
        self._used = 0  # places, those of removed names included
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, name: bytes) -> bool:
        return self._place(name) >= 0

    @property
    def labels(self) -> Labels:
        """All labels, rising."""
        found: Labels = self._labels[: self._used][self._alive[: self._used]]
        return found

    @property
    def packed(self) -> bytes:
        """All names one after the other, in the order of their labels."""
        return self._rows[: self._used][self._alive[: self._used]].tobytes()

    def add(self, names: Sequence[bytes], labels: Labels) -> None:
        """Add names that are not there, no two of them equal, under labels above all that were given before.

        Raises:
            ValueError: a name has not 32 bytes.
        """
        rows = np.frombuffer(b"".join(names), np.uint8)
        if any(len(name) != NAME_BYTES for name in names):
            raise ValueError(f"a name has {NAME_BYTES} bytes")
        begin, self._used, self._count = self._room(len(names)), self._used + len(names), self._count + len(names)
        self._rows[begin : self._used] = rows.reshape(-1, NAME_BYTES)
        self._labels[begin : self._used] = labels
        self._alive[begin : self._used] = True
        self._enter(np.arange(begin, self._used))

    def remove(self, names: Sequence[bytes]) -> Labels:
        """Take names away; returns the labels of those that were there."""
        places = [place for name in dict.fromkeys(names) if (place := self._place(name)) >= 0]
        self._alive[places] = False
        self._count -= len(places)
        gone: Labels = self._labels[places]
        return gone

    def labels_of(self, names: Sequence[bytes]) -> Labels:
        """Give the labels of names that are there."""
        found: Labels = self._labels[[self._place(name) for name in names]]
        return found

    def name_of(self, label: int) -> bytes:
        """Give the name of a label that is there."""
        place = label - int(self._labels[0])  # where it lies while nothing was removed before it
        if place >= self._used or self._labels[place] != label:
            place = int(self._labels[: self._used].searchsorted(label))
        found: bytes = self._rows[place].tobytes()
        return found

    def there(self, labels: Labels) -> Labels:
        """Leave out what is not there any more."""
        if not self._used:
            return labels[:0]
        places = np.minimum(np.searchsorted(self._labels[: self._used], labels), self._used - 1)
        left: Labels = labels[self._alive[places] & (self._labels[places] == labels)]
        return left

    def _place(self, name: bytes) -> int:
        """Find where a name lies; -1 when it is not there."""
        if len(name) != NAME_BYTES:
            return -1
        table, last = self._table, len(self._table) - 1
        slot = (int.from_bytes(name[:8], "little") * self._factor & (1 << BITS) - 1) >> BITS - last.bit_length()
        while (place := int(table[slot])) >= 0:
            if self._alive[place] and self._rows[place].tobytes() == name:
                return place
            slot = slot + 1 & last
        return -1

    def _enter(self, places: Places) -> None:
        """Put places into the table: each into the first free one from where its name belongs."""
        last = len(self._table) - 1
        keys = np.ascontiguousarray(self._rows[places, :8]).view("<u8")[:, 0]
        slots = (keys * np.uint64(self._factor) >> np.uint64(BITS - last.bit_length())).astype(np.int64)
        while len(places):
            free = self._table[slots] < 0
            self._table[slots[free]] = places[free]  # of several that want the same one, the last has it
            left = self._table[slots] != places
            places, slots = places[left], slots[left] + 1 & last

    def _room(self, more: int) -> int:
        """Make room for more names, without the removed ones when that takes new arrays; returns the first free place."""
        if self._used + more > len(self._labels):
            kept = np.flatnonzero(self._alive[: self._used])
            room = max(LEAST, len(kept) + more + (len(kept) + more) // 4)
            for name, row in (("_rows", (NAME_BYTES,)), ("_labels", ()), ("_alive", ())):
                old = getattr(self, name)
                new = np.zeros((room, *row), old.dtype)
                new[: len(kept)] = old[kept]
                setattr(self, name, new)
            self._used = len(kept)
            self._table = np.full(1 << (2 * room - 1).bit_length(), -1, np.int32)
            self._enter(np.arange(self._used))
        return self._used
