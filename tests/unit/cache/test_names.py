"""The table of names: equal to a dictionary after any changes, small, and not slowed by names that look alike."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.cache.index.names import Names

POOL = [hashlib.sha256(bytes([number])).digest() for number in range(120)]
ALIKE = [bytes(8) + name[8:] for name in POOL[:40]]  # all of them belong to the same place of the table


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_it_is_a_dictionary(data: st.DataObject) -> None:
    """Any sequence of additions and removals, the same names coming again: labels, names and order are a dictionary's."""
    names, known, following = Names(), {}, 0
    for _ in range(data.draw(st.integers(1, 12))):
        some = data.draw(st.lists(st.sampled_from(POOL + ALIKE), unique=True, max_size=100))
        if data.draw(st.booleans()):
            new = [name for name in some if name not in known]
            labels = np.arange(following, following + len(new), dtype=np.int64)
            following += len(new) + data.draw(st.integers(0, 3))
            if new:
                names.add(new, labels)
            known.update(zip(new, labels.tolist(), strict=True))
        else:
            gone = names.remove([*some, *some[:3]])
            assert gone.tolist() == [known.pop(name) for name in some if name in known]
        check(names, known, following)


def check(names: Names, known: dict[bytes, int], following: int) -> None:
    """Everything that is there is found both ways, and nothing else is."""
    assert len(names) == len(known)
    assert names.labels.tolist() == list(known.values())
    assert names.packed == b"".join(known)
    assert [names.name_of(label) for label in names.labels.tolist()] == list(known)
    assert names.labels_of(list(known)).tolist() == list(known.values())
    assert [name in names for name in POOL + ALIKE] == [name in known for name in POOL + ALIKE]
    every = np.arange(following + 2, dtype=np.int64)
    assert names.there(every[::-1]).tolist() == sorted(known.values(), reverse=True)


def test_arrays_do_not_grow_by_what_was_removed() -> None:
    """The same names coming and going a thousand times need the room of once."""
    names = Names()
    for round_ in range(1000):
        names.add(POOL, np.arange(round_ * 200, round_ * 200 + len(POOL), dtype=np.int64))
        names.remove(POOL)
    assert len(names._labels) <= 2 * len(POOL)
    assert len(names) == 0


def test_a_name_is_a_hash() -> None:
    """Another length is refused, and not there."""
    names = Names()
    with pytest.raises(ValueError, match="32 bytes"):
        names.add([POOL[0], b"short"], np.arange(2, dtype=np.int64))
    assert len(names) == 0
    assert b"short" not in names
    assert POOL[0] not in names
