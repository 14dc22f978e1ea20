"""Finds lists anew for an index that has outgrown its own, while look-ups and changes go on with the old one.

    gather  parts of a sample are read        the index must not change meanwhile; each part takes about 2 ms
    train   lists are found                   a second of work, beside everything else
    move    parts are put into the new lists  as with gather; what comes and goes meanwhile comes and goes in both

After the last part the index has the new lists in place of the old ones, in one step. Nothing is lost, doubled or kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

from workers.cache.index.kinds import TRAINING_POINTS, Labels, Lists, Vectors, lists_for

SAMPLE: Final = 40_000  # vectors that lists are found from at the most: 60 MB while it lasts
PART: Final = 500  # 2 ms


class Outgrown(Protocol):
    """What is needed of the index that grows."""

    def __len__(self) -> int: ...

    @property
    def labels(self) -> Labels:
        """All labels."""
        ...

    def held(self, labels: Labels) -> tuple[Labels, Vectors]:
        """Give those of some labels that are still there, with their vectors."""
        ...


class Growth:
    """One change to new lists.

    Args:
        index: what grows.
        swap: told the new lists and how many entries they were made for, once every vector is in them.
        part: vectors that are read or moved in one go.
    """

    def __init__(self, index: Outgrown, swap: Callable[[Lists, int], None], part: int = PART) -> None:
        self._index, self._swap, self._part = index, swap, part
        self.entries = len(index)
        most = min(SAMPLE, TRAINING_POINTS * lists_for(self.entries))
        labels = index.labels
        if len(labels) > most:
            labels = np.random.default_rng(1).choice(labels, most, replace=False)
        self._to_read = self._parts(labels)
        self._sample: list[Vectors] = []
        self._lists: Lists | None = None
        self._to_move: list[Labels] | None = None

    def gather(self) -> bool:
        """Read one part of the sample; whether there is more. The index must not change meanwhile."""
        if self._to_read:
            self._sample.append(self._index.held(self._to_read.pop())[1])
        return bool(self._to_read)

    def train(self) -> None:
        """Find the lists."""
        sample, self._sample = np.concatenate(self._sample), []
        if len(sample):
            self._lists = Lists.trained(sample, self.entries)

    def move(self) -> bool:
        """Move one part, and after the last put the new lists into place; whether there is more.

        The index must not change meanwhile.
        """
        if self._lists is None:  # everything was removed before it could be read
            return False
        if self._to_move is None:
            self._to_move = self._parts(self._index.labels)
        if self._to_move:
            self._lists.add(*self._index.held(self._to_move.pop()))
        if not self._to_move:
            self._swap(self._lists, self.entries)
        return bool(self._to_move)

    def added(self, labels: Labels, vectors: Vectors) -> None:
        """Learn what comes meanwhile."""
        if self._lists is not None and self._to_move is not None:
            self._lists.add(labels, vectors)

    def removed(self, labels: Labels) -> None:
        """Learn what goes meanwhile; parts that are moved later leave it out."""
        if self._lists is not None and self._to_move is not None:
            self._lists.remove(labels)

    def _parts(self, labels: Labels) -> list[Labels]:
        return [labels[at : at + self._part] for at in range(0, len(labels), self._part)]


def finish(growth: Growth) -> None:
    """Do all of it at once, where nobody waits."""
    while growth.gather():
        pass
    growth.train()
    while growth.move():
        pass
