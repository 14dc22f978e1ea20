"""Both kinds of index against comparing with everything, through any sequence of changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.cache.index.kinds import Exact, Lists, Vectors
from workers.cache.index.scope import ScopeIndex

DIMENSIONS = 16
SWITCH = 40  # entries above which the tests' index is approximate
NAMES = [bytes([number]) * 4 for number in range(160)]


def unit(seed: int, rows: int) -> Vectors:
    """Vectors of length one, some of them near each other."""
    random = np.random.default_rng(seed)
    made = random.normal(size=(max(1, rows // 4), DIMENSIONS)).repeat(4, axis=0)[:rows]
    made = np.resize(made, (rows, DIMENSIONS)) + random.normal(scale=0.1, size=(rows, DIMENSIONS))
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def brute(known: dict[bytes, Vectors], vector: Vectors, most: int, least: float) -> list[tuple[bytes, float]]:
    """Compare with everything."""
    scored = [(name, float(row @ vector)) for name, row in known.items()]
    return sorted((pair for pair in scored if pair[1] >= least), key=lambda pair: -pair[1])[:most]


def check(index: ScopeIndex, known: dict[bytes, Vectors], vector: Vectors) -> None:
    """What is found is what is there, with its cosine; every name finds itself first."""
    assert set(index.names) == set(known)
    found = index.search(vector, len(known) or 1, -1.0)
    assert {name for name, _ in found} <= set(known)
    assert len({name for name, _ in found}) == len(found)
    for name, score in found:
        assert score == pytest.approx(float(known[name] @ vector), abs=2e-3)
    for name, row in list(known.items())[:5]:
        best = index.search(row, 1, 0.9)
        assert best, "a vector does not find itself"
        assert best[0][1] == pytest.approx(max(float(other @ row) for other in known.values()), abs=2e-3)
        assert index.vectors([name])[0] == pytest.approx(row, abs=2e-3)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_sequence_of_changes_leaves_what_a_dictionary_has(data: st.DataObject) -> None:
    """Adding, replacing and removing, across the switch to lists and back: nothing is lost, doubled or kept."""
    index, known = ScopeIndex(DIMENSIONS, exact_up_to=SWITCH), {}
    for _ in range(data.draw(st.integers(1, 8))):
        names = data.draw(st.lists(st.sampled_from(NAMES), max_size=80))
        if data.draw(st.booleans()):
            vectors = unit(data.draw(st.integers(0, 1000)), len(names))
            index.put(names, vectors)
            known |= dict(zip(names, vectors, strict=True))
        else:
            index.remove(names)
            known = {name: row for name, row in known.items() if name not in names}
        check(index, known, unit(data.draw(st.integers(0, 1000)), 1)[0])


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(1, SWITCH), seed=st.integers(0, 1000), most=st.integers(1, 10), least=st.floats(-1, 1))
def test_a_small_index_is_exact(rows: int, seed: int, most: int, least: float) -> None:
    """Its answer is the one of comparing with everything, the floor included."""
    index, vectors = ScopeIndex(DIMENSIONS, exact_up_to=SWITCH), unit(seed, rows)
    index.put(NAMES[:rows], vectors)
    asked = unit(seed + 1, 1)[0]
    wanted = brute(dict(zip(NAMES, vectors, strict=False)), asked, most, least)
    found = index.search(asked, most, least)
    assert [score for _, score in found] == pytest.approx([score for _, score in wanted], abs=1e-5)


def test_a_large_index_finds_almost_all_neighbours() -> None:
    """Of the nearest of 3,000 vectors at least 97 in 100 are found through lists, of those that are close all."""
    vectors, asked = unit(1, 3000), unit(1, 3000)[::30]
    names = [number.to_bytes(4, "big") for number in range(3000)]
    index = ScopeIndex(DIMENSIONS, exact_up_to=500)
    index.put(names, vectors)
    assert index.centroids is not None
    nearest = (asked @ vectors.T).argmax(axis=1)
    found = [index.search(row, 1, 0.0)[0][0] for row in asked]
    assert sum(name == names[best] for name, best in zip(found, nearest, strict=True)) >= 0.97 * len(asked)


def test_it_changes_its_kind_with_its_size() -> None:
    """Exact, lists above the switch, lists anew after growing fourfold, exact again below half of the switch."""
    index, vectors = ScopeIndex(DIMENSIONS, exact_up_to=SWITCH), unit(3, len(NAMES) * 2)
    names = [*NAMES, *(name + b"x" for name in NAMES)]
    index.put(names[:SWITCH], vectors[:SWITCH])
    assert index.centroids is None
    index.put(names[SWITCH : SWITCH + 1], vectors[SWITCH : SWITCH + 1])
    few = index.centroids
    assert few is not None
    index.put(names, vectors)
    many = index.centroids
    assert many is not None
    assert len(many) > len(few)
    index.remove(names[SWITCH // 2 - 1 :])
    assert index.centroids is None
    assert len(index) == SWITCH // 2 - 1


def test_lists_that_were_given_need_no_training() -> None:
    """An index made of a snapshot's lists holds what is put into it."""
    vectors = unit(5, 100)
    trained = Lists.trained(vectors, 100)
    index = ScopeIndex.with_lists(trained.centroids, 100, exact_up_to=SWITCH)
    index.put(NAMES[:100], vectors)
    assert np.array_equal(index.centroids, trained.centroids)
    check(index, dict(zip(NAMES[:100], vectors, strict=True)), vectors[0])


def test_an_empty_index_finds_nothing() -> None:
    """Also after everything was removed, and when nothing is put in."""
    index = ScopeIndex(DIMENSIONS)
    assert index.search(unit(0, 1)[0], 5, 0.0) == []
    index.put([], unit(0, 0))
    index.put(NAMES[:1], unit(0, 1))
    index.remove([NAMES[0], NAMES[1], NAMES[0]])
    assert index.search(unit(0, 1)[0], 5, -1.0) == []
    assert Exact(DIMENSIONS).vectors(np.zeros(0, np.int64)).shape == (0, DIMENSIONS)
