"""The index of one scope: names instead of labels, and the kind of index that its size asks for.

It becomes inverted lists above EXACT_UP_TO entries and exact again below half of that, and its lists are found anew when
it has grown fourfold since. No entry is lost or doubled by such a change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from workers.cache.index.kinds import Exact, Index, Labels, Lists, Vectors

EXACT_UP_TO: Final = 10_000  # an exact pass takes 0.8 ms there on one core, and 18 ms at 90,000
GROWTH: Final = 4.0
SAMPLE: Final = 40_000  # vectors that lists are found from at the most: 60 MB while it lasts


class ScopeIndex:
    """Vectors by name.

    Args:
        dimensions: of a vector.
        exact_up_to: entries above which the index is approximate.
    """

    def __init__(self, dimensions: int, *, exact_up_to: int = EXACT_UP_TO) -> None:
        self._dimensions = dimensions
        self._exact_up_to = exact_up_to
        self._labels: dict[bytes, int] = {}
        self._names: dict[int, bytes] = {}
        self._next = 0
        self._index: Index = Exact(dimensions)
        self._fitted_to = 0  # how many entries the lists were made for; 0: exact

    def __len__(self) -> int:
        return len(self._labels)

    def __contains__(self, name: bytes) -> bool:
        return name in self._labels

    @property
    def names(self) -> list[bytes]:
        """All names."""
        return list(self._labels)

    @property
    def centroids(self) -> Vectors | None:
        """The lists' centroids; None while the index is exact."""
        return self._index.centroids if isinstance(self._index, Lists) else None

    def put(self, names: Sequence[bytes], vectors: Vectors) -> None:
        """Add vectors, shape (n, dimensions), each of length one; a name that is there already gets the new one."""
        last = {name: at for at, name in enumerate(names)}
        self.remove([name for name in last if name in self._labels])
        self._fit(len(self) + len(last), vectors)
        labels = np.arange(self._next, self._next + len(last), dtype=np.int64)
        self._next += len(last)
        if last:
            rows = vectors if len(last) == len(names) else vectors[list(last.values())]
            self._index.add(labels, rows)
        self._labels.update(zip(last, labels.tolist(), strict=True))
        self._names.update(zip(labels.tolist(), last, strict=True))

    def remove(self, names: Sequence[bytes]) -> None:
        """Take names away; those that are not there are passed over."""
        known = [name for name in dict.fromkeys(names) if name in self._labels]
        if not known:
            return
        labels = [self._labels.pop(name) for name in known]
        for label in labels:
            del self._names[label]
        self._index.remove(np.asarray(labels, np.int64))
        if self._fitted_to and len(self) < self._exact_up_to // 2:
            self._become(Exact(self._dimensions), 0)

    def search(self, vector: Vectors, most: int, least: float) -> list[tuple[bytes, float]]:
        """Find the nearest names of a vector with their cosines, best first, none below `least`."""
        if not self._labels:
            return []
        scores, labels = self._index.search(np.asarray(vector, np.float32), min(most, len(self)))
        return [
            (self._names[label], min(1.0, float(score)))
            for label, score in zip(labels.tolist(), scores, strict=True)
            if label >= 0 and score >= least
        ]

    def vectors(self, names: Sequence[bytes]) -> Vectors:
        """Give vectors back, shape (n, dimensions)."""
        return self._index.vectors(np.asarray([self._labels[name] for name in names], np.int64))

    @classmethod
    def with_lists(cls, centroids: Vectors, entries: int, *, exact_up_to: int = EXACT_UP_TO) -> ScopeIndex:
        """Make an empty index that has its lists already, for a number of entries that a snapshot holds."""
        made = cls(centroids.shape[1], exact_up_to=exact_up_to)
        made._index = Lists(centroids)
        made._fitted_to = max(1, entries)
        return made

    def _fit(self, entries: int, coming: Vectors) -> None:
        """Change the kind of index before it grows to a number of entries, if it has to."""
        grown = self._fitted_to and entries > GROWTH * self._fitted_to
        if entries <= self._exact_up_to or (self._fitted_to and not grown):
            return
        sample = np.concatenate([self._some_vectors(), coming[:SAMPLE]])[-SAMPLE:]
        self._become(Lists.trained(sample, entries), entries)

    def _some_vectors(self) -> Vectors:
        labels = np.fromiter(self._names, np.int64, len(self._names))
        if len(labels) > SAMPLE:
            labels = np.random.default_rng(1).choice(labels, SAMPLE, replace=False)
        return self._index.vectors(labels)

    def _become(self, index: Index, fitted_to: int) -> None:
        """Move every vector into another index, in parts."""
        labels = np.fromiter(self._names, np.int64, len(self._names))
        for at in range(0, len(labels), SAMPLE):
            part: Labels = labels[at : at + SAMPLE]
            index.add(part, self._index.vectors(part))
        self._index, self._fitted_to = index, fitted_to
