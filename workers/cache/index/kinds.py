"""The two kinds of FAISS index behind one scope: exact while it is small, inverted lists when it is large.

Both give inner products, which are cosines since every vector has length one. Labels are 64-bit integers that the
caller chooses and never uses twice.
"""

from __future__ import annotations

import math
from typing import Any, Final, Protocol

import faiss as _faiss
import numpy as np
from numpy.typing import NDArray

faiss: Any = _faiss  # its types lack what its Python layer adds
Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]

# Chosen by `python -m benchmarks.cache_lookup --tune` on 90,000 real questions (docs/decisions/0008): with 2 * sqrt(n)
# lists and 32 of them searched, 99 % of the neighbours above 0.75 are found in 0.4 ms; an exact pass takes 18 ms.
LISTS_FACTOR: Final = 2.0
SEARCHED: Final = 32
# Eight bits span the middle of a dimension plus and minus this many deviations. Measured on 100,000 real questions: at 5,
# 0.02 % of the vectors have a number outside (it is clipped), and a cosine is off by 0.0006 (root mean square), 0.002 at most.
SPREAD: Final = 5.0
TRAINING_POINTS: Final = 40  # a list: more of them cost time and found no more neighbours
TRAINING_ROUNDS: Final = 6
MOST_AT_ONCE: Final = 10_000  # vectors handed over in one go: bounds the copies that are made of them


class Index(Protocol):
    """Vectors by label."""

    def add(self, labels: Labels, vectors: Vectors) -> None:
        """Add vectors, shape (n, dimensions), under labels that are not there."""
        ...

    def remove(self, labels: Labels) -> None:
        """Take vectors away."""
        ...

    def search(self, vector: Vectors, most: int) -> tuple[NDArray[np.float32], Labels]:
        """Find the nearest of a vector of shape (dimensions,): cosines and labels, best first, -1 where there is none."""
        ...

    def vectors(self, labels: Labels) -> Vectors:
        """Give vectors back, shape (n, dimensions)."""
        ...


class Exact:
    """Compares with every vector; a number of them takes sixteen bits.

    A look-up reads all of them, and half as many bytes leave the processor's cache to the rest of it. Cosines of real questions
    were off by 0.00006 at the most (`python -m benchmarks.cache_lookup --tune`, docs/decisions/0021).
    """

    def __init__(self, dimensions: int) -> None:
        halves = faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        self._index: Any = faiss.IndexIDMap2(halves)

    def add(self, labels: Labels, vectors: Vectors) -> None:
        """Add vectors."""
        self._index.add_with_ids(np.ascontiguousarray(vectors), labels)

    def remove(self, labels: Labels) -> None:
        """Take vectors away."""
        self._index.remove_ids(labels)

    def search(self, vector: Vectors, most: int) -> tuple[NDArray[np.float32], Labels]:
        """Find the nearest."""
        _alone()
        return _nearest(self._index, vector, most)

    def vectors(self, labels: Labels) -> Vectors:
        """Give vectors back."""
        return _given_back(self._index, labels)


class Lists:
    """Compares with the vectors of the nearest lists only; a number of them takes eight bits, a quarter of the memory.

    What the eight bits span follows from the centroids alone, so that vectors which were given back and are added to an
    index of the same centroids (by way of a snapshot, say) are rounded no further.

    Args:
        centroids: one vector a list, shape (lists, dimensions), of length one.
    """

    def __init__(self, centroids: Vectors) -> None:
        self.centroids = centroids
        dimensions = centroids.shape[1]
        self._quantizer = faiss.IndexFlatIP(dimensions)  # FAISS does not own it
        self._quantizer.add(np.ascontiguousarray(centroids))
        self._index: Any = faiss.IndexIVFScalarQuantizer(
            self._quantizer,
            dimensions,
            len(centroids),
            faiss.ScalarQuantizer.QT_8bit,
            faiss.METRIC_INNER_PRODUCT,
            False,  # noqa: FBT003 - by_residual: the eight bits are of the vectors themselves
        )
        faiss.copy_array_to_vector(_spans(centroids), self._index.sq.trained)
        self._index.is_trained = True  # its lists are given, and what the eight bits span
        self._index.nprobe = SEARCHED
        self._index.set_direct_map_type(faiss.DirectMap.Hashtable)  # removal and reading by label without a scan

    @classmethod
    def trained(cls, sample: Vectors, entries: int) -> Lists:
        """Find lists for a number of entries by clustering some of them, shape (n, dimensions)."""
        _alone()
        lists = max(1, min(lists_for(entries), len(sample) // 2))
        means = faiss.Kmeans(
            sample.shape[1], lists, niter=TRAINING_ROUNDS, spherical=True, seed=1,
            max_points_per_centroid=TRAINING_POINTS, min_points_per_centroid=1,
        )  # fmt: skip
        means.train(np.ascontiguousarray(sample))
        return cls(np.asarray(means.centroids, np.float32))

    def add(self, labels: Labels, vectors: Vectors) -> None:
        """Add vectors."""
        for at in range(0, len(labels), MOST_AT_ONCE):
            part = slice(at, at + MOST_AT_ONCE)
            self._index.add_with_ids(np.ascontiguousarray(vectors[part]), labels[part])

    def remove(self, labels: Labels) -> None:
        """Take vectors away."""
        self._index.remove_ids(labels)

    def search(self, vector: Vectors, most: int) -> tuple[NDArray[np.float32], Labels]:
        """Find the nearest in the searched lists."""
        _alone()
        return _nearest(self._index, vector, most)

    def vectors(self, labels: Labels) -> Vectors:
        """Give vectors back, as they were rounded."""
        return _given_back(self._index, labels)


def lists_for(entries: int) -> int:
    """How many lists an index of this many entries has."""
    return round(LISTS_FACTOR * math.sqrt(entries))


def _spans(centroids: Vectors) -> Vectors:
    """Say what eight bits span in each dimension, as FAISS wants it: the lows, then the widths.

    A number of a vector of length one has a deviation of 1/sqrt(dimensions) on average, and lies between -1 and 1.
    """
    deviation = np.maximum(centroids.std(axis=0), 1 / math.sqrt(centroids.shape[1]))
    middle = centroids.mean(axis=0)
    low = np.maximum(-1, middle - SPREAD * deviation)
    high = np.minimum(1, middle + SPREAD * deviation)
    return np.concatenate([low, high - low]).astype(np.float32)


def _alone() -> None:
    """Let FAISS use this thread only.

    One query is a millisecond's work, and on a busy machine threads that wait for each other made it forty. The setting
    is the calling thread's own, so that the encoder's threads are not touched.
    """
    faiss.omp_set_num_threads(1)


def _nearest(index: Any, vector: Vectors, most: int) -> tuple[NDArray[np.float32], Labels]:
    """Search without what FAISS's Python layer puts around it, which takes as long as comparing with 200 vectors."""
    row = np.ascontiguousarray(vector, np.float32)
    if row.shape != (index.d,):
        raise ValueError(f"a vector has {index.d} dimensions, this one {row.shape}")
    scores, labels = np.empty(most, np.float32), np.empty(most, np.int64)
    index.search_c(1, faiss.swig_ptr(row), most, faiss.swig_ptr(scores), faiss.swig_ptr(labels))
    return scores, labels


def _given_back(index: Any, labels: Labels) -> Vectors:
    if not len(labels):
        return np.zeros((0, index.d), np.float32)
    found: Vectors = index.reconstruct_batch(labels)
    return found
