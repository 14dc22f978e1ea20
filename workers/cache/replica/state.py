"""What a replica knows: an index a scope, and how far in the log that is. Changes come from its follower alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from workers.cache.index.kinds import Vectors
from workers.cache.index.scope import ScopeIndex

HASH_CHARS = 64
Name = tuple[str, bytes]  # scope with its owner, and the entry's hash


class Replica:
    """The indexes of all scopes.

    Args:
        dimensions: of a vector.
    """

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self.position = ""  # id of the last row of the log that was applied
        self.scopes: dict[str, ScopeIndex] = {}
        self.changes = 0  # since it was made or loaded

    def __len__(self) -> int:
        return sum(len(index) for index in self.scopes.values())

    def __contains__(self, ref: str) -> bool:
        name = parsed(ref)
        return name is not None and name[0] in self.scopes and name[1] in self.scopes[name[0]]

    def refs(self) -> Iterator[str]:
        """All references."""
        for scope, index in self.scopes.items():
            for name in index.names:
                yield reference(scope, name)

    def put(self, found: Mapping[str, bytes]) -> None:
        """Add entries: reference -> vector (float32, little-endian); one of another length is passed over."""
        by_scope: defaultdict[str, dict[bytes, bytes]] = defaultdict(dict)
        for ref, raw in found.items():
            name = parsed(ref)
            if name is not None and len(raw) == self.dimensions * 4:
                by_scope[name[0]][name[1]] = raw
        for scope, entries in by_scope.items():
            vectors = np.frombuffer(b"".join(entries.values()), "<f4").reshape(len(entries), -1)
            index = self._index(scope)
            index.put(list(entries), np.asarray(vectors, np.float32))
            self.changes += len(entries)
            index.changed = self.changes

    def remove(self, refs: Sequence[str]) -> None:
        """Take entries away; those that are not there are passed over."""
        by_scope: defaultdict[str, list[bytes]] = defaultdict(list)
        for ref in refs:
            if (name := parsed(ref)) is not None:
                by_scope[name[0]].append(name[1])
        for scope, names in by_scope.items():
            index = self.scopes.get(scope)
            if index is None:
                continue
            before = len(index)
            index.remove(names)
            self.changes += before - len(index)
            index.changed = self.changes
            if not len(index):
                del self.scopes[scope]

    def search(self, scope: str, vector: Vectors, most: int, least: float) -> list[tuple[str, float]]:
        """Find the nearest entries of a scope: reference and cosine, best first."""
        index = self.scopes.get(scope)
        if index is None:
            return []
        return [(reference(scope, name), score) for name, score in index.search(vector, most, least)]

    def state(self, scope: str) -> int:
        """Give a number that is another one whenever a search of the scope may find something else."""
        index = self.scopes.get(scope)
        return -1 if index is None else index.changed

    def outgrown(self) -> ScopeIndex | None:
        """Give an index that other lists would serve better; None when there is none."""
        return next((index for index in self.scopes.values() if index.outgrown), None)

    def _index(self, scope: str) -> ScopeIndex:
        if scope not in self.scopes:
            self.scopes[scope] = ScopeIndex(self.dimensions)
        return self.scopes[scope]


def parsed(ref: str) -> Name | None:
    """Take a reference apart: `acme/SCOPE/HASH` -> (`acme/SCOPE`, the hash as 32 bytes); None when it is none."""
    scope, _, found = ref.rpartition("/")
    if not scope or len(found) != HASH_CHARS:
        return None
    try:
        return scope, bytes.fromhex(found)
    except ValueError:
        return None


def reference(scope: str, name: bytes) -> str:
    """Put a reference together."""
    return f"{scope}/{name.hex()}"
