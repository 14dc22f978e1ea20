"""The index of one scope: names instead of labels, and the kind of index that its size asks for.

Above EXACT_UP_TO entries it wants inverted lists, and new ones when it has grown fourfold since: it says so (`outgrown`)
and goes on with what it has until its owner has let it grow (workers/cache/index/growth.py). Below half of EXACT_UP_TO it
is exact again. No entry is lost or doubled by such a change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from workers.cache.index.growth import PART, Growth
from workers.cache.index.kinds import Exact, Index, Labels, Lists, Vectors
from workers.cache.index.names import NAME_BYTES, Names

EXACT_UP_TO: Final = 4_000  # an exact pass takes 0.3 ms there on one core, lists 0.1 (docs/decisions/0008)
GROWTH: Final = 4.0


class ScopeIndex:
    """Vectors by name; a name is a hash of 32 bytes.

    Args:
        dimensions: of a vector.
        exact_up_to: entries above which the index wants to be approximate.
    """

    def __init__(self, dimensions: int, *, exact_up_to: int = EXACT_UP_TO) -> None:
        self._dimensions = dimensions
        self._exact_up_to = exact_up_to
        self._names = Names()
        self._next = 0  # a label is never used twice
        self.changed = 0  # its owner's mark of the last change
        self._index: Index = Exact(dimensions)
        self._fitted_to = 0  # how many entries the lists were made for; 0: exact
        self._growth: Growth | None = None

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: bytes) -> bool:
        return name in self._names

    @property
    def names(self) -> list[bytes]:
        """All names."""
        packed = self._names.packed
        return [packed[at : at + NAME_BYTES] for at in range(0, len(packed), NAME_BYTES)]

    @property
    def packed(self) -> bytes:
        """All names one after the other."""
        return self._names.packed

    @property
    def labels(self) -> Labels:
        """All labels of the names."""
        return self._names.labels

    @property
    def centroids(self) -> Vectors | None:
        """The lists' centroids; None while the index is exact."""
        return self._index.centroids if isinstance(self._index, Lists) else None

    @property
    def outgrown(self) -> bool:
        """Whether other lists would serve it better, and are not being made already."""
        if self._growth is not None or len(self) <= self._exact_up_to:
            return False
        return not self._fitted_to or len(self) > GROWTH * self._fitted_to

    def put(self, names: Sequence[bytes], vectors: Vectors) -> None:
        """Add vectors, shape (n, dimensions), each of length one; a name that is there already gets the new one."""
        last = {name: at for at, name in enumerate(names)}
        self.remove(list(last))
        if not last:
            return
        labels = np.arange(self._next, self._next + len(last), dtype=np.int64)
        self._next += len(last)
        rows = vectors if len(last) == len(names) else vectors[list(last.values())]
        self._index.add(labels, rows)
        if self._growth is not None:
            self._growth.added(labels, rows)
        self._names.add(list(last), labels)

    def remove(self, names: Sequence[bytes]) -> None:
        """Take names away; those that are not there are passed over."""
        gone = self._names.remove(names)
        if not len(gone):
            return
        self._index.remove(gone)
        if self._growth is not None:
            self._growth.removed(gone)
        if len(self) < self._exact_up_to // 2:
            self._shrink()

    def search(self, vector: Vectors, most: int, least: float) -> list[tuple[bytes, float]]:
        """Find the nearest names of a vector with their cosines, best first, none below `least`."""
        if not len(self):
            return []
        scores, labels = self._index.search(np.asarray(vector, np.float32), min(most, len(self)))
        found = zip(labels.tolist(), scores.tolist(), strict=True)  # a few: lists take half the time of arrays
        return [
            (self._names.name_of(label), min(score, 1.0)) for label, score in found if label >= 0 and score >= least
        ]

    def vectors(self, names: Sequence[bytes]) -> Vectors:
        """Give vectors back, shape (n, dimensions)."""
        return self._index.vectors(self._names.labels_of(names))

    def held(self, labels: Labels) -> tuple[Labels, Vectors]:
        """Give those of some labels that are still there, with their vectors."""
        there = self._names.there(labels)
        return there, self._index.vectors(there)

    def grow(self, part: int = PART) -> Growth:
        """Begin to make other lists; whoever holds the index takes the steps, with so many vectors in one of them."""
        self._growth = growth = Growth(self, lambda lists, entries: self._grown(growth, lists, entries), part)
        return growth

    @classmethod
    def with_lists(cls, centroids: Vectors, entries: int, *, exact_up_to: int = EXACT_UP_TO) -> ScopeIndex:
        """Make an empty index that has its lists already, for a number of entries that a snapshot holds."""
        made = cls(centroids.shape[1], exact_up_to=exact_up_to)
        made._index = Lists(centroids)
        made._fitted_to = max(1, entries)
        return made

    def _grown(self, growth: Growth, lists: Lists, entries: int) -> None:
        """Take the new lists, if they are still wanted."""
        if growth is self._growth:
            self._index, self._fitted_to, self._growth = lists, entries, None

    def _shrink(self) -> None:
        """Be exact again; lists that are being made are not wanted any more."""
        self._growth = None
        if not self._fitted_to:
            return
        exact, labels = Exact(self._dimensions), self.labels
        for at in range(0, len(labels), PART):
            exact.add(*self.held(labels[at : at + PART]))
        self._index, self._fitted_to = exact, 0
