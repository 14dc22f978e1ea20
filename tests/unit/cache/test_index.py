"""Both kinds of index against comparing with everything, through any sequence of changes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workers.cache.index.growth import Growth, finish
from workers.cache.index.kinds import Exact, Lists, Vectors
from workers.cache.index.scope import ScopeIndex

DIMENSIONS = 16
SWITCH = 40  # entries above which the tests' index is approximate
HALVES = 0.002  # sixteen bits of 16 dimensions, some processors' sums included
ROUNDED = 0.012  # eight bits of 16 dimensions are coarser than those of 384
NAMES = [bytes([number]) * 32 for number in range(160)]


def unit(seed: int, rows: int) -> Vectors:
    """Vectors of length one, some of them near each other."""
    random = np.random.default_rng(seed)
    made = random.normal(size=(max(1, rows // 4), DIMENSIONS)).repeat(4, axis=0)[:rows]
    made = np.resize(made, (rows, DIMENSIONS)) + random.normal(scale=0.1, size=(rows, DIMENSIONS))
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def grown(index: ScopeIndex) -> ScopeIndex:
    """Let an index grow, if it has to, while nothing else happens."""
    if index.outgrown:
        finish(index.grow())
    return index


def steps(growth: Growth) -> Iterator[None]:
    """Take the steps of a growth one by one."""
    while growth.gather():
        yield
    growth.train()
    yield
    while growth.move():
        yield


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
        assert score == pytest.approx(float(known[name] @ vector), abs=ROUNDED)
    for name, row in list(known.items())[:5]:
        best = index.search(row, 1, 0.9)
        assert best, "a vector does not find itself"
        assert best[0][1] == pytest.approx(max(float(other @ row) for other in known.values()), abs=ROUNDED)
        assert index.vectors([name])[0] == pytest.approx(row, abs=ROUNDED)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_sequence_of_changes_leaves_what_a_dictionary_has(data: st.DataObject) -> None:
    """Adding, replacing, removing, also while it grows, across the switch to lists and back: nothing is lost or doubled."""
    index, known, growing = ScopeIndex(DIMENSIONS, exact_up_to=SWITCH), {}, iter(())
    for _ in range(data.draw(st.integers(1, 12))):
        if index.outgrown:
            growing = steps(index.grow(part=7))
        for _ in range(data.draw(st.integers(0, 30))):
            next(growing, None)
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
    """Its answer is the one of comparing with everything, but for what sixteen bits round; the floor included."""
    index, vectors = ScopeIndex(DIMENSIONS, exact_up_to=SWITCH), unit(seed, rows)
    index.put(NAMES[:rows], vectors)
    asked = unit(seed + 1, 1)[0]
    assume(np.abs(vectors @ asked - least).min() > HALVES)
    wanted = brute(dict(zip(NAMES, vectors, strict=False)), asked, most, least)
    found = index.search(asked, most, least)
    assert [score for _, score in found] == pytest.approx([score for _, score in wanted], abs=HALVES)


def test_a_large_index_finds_almost_all_neighbours() -> None:
    """Of 3,000 vectors the nearest, or one that is as near but for rounding, is found through lists in 97 of 100 cases."""
    vectors, asked = unit(1, 3000), unit(1, 3000)[::30]
    names = [number.to_bytes(32, "little") for number in range(3000)]
    index = ScopeIndex(DIMENSIONS, exact_up_to=500)
    index.put(names, vectors)
    assert grown(index).centroids is not None
    cosines = asked @ vectors.T
    found = [names.index(index.search(row, 1, 0.0)[0][0]) for row in asked]
    near = cosines[np.arange(len(asked)), found] >= cosines.max(axis=1) - ROUNDED
    assert near.sum() >= 0.97 * len(asked)


def test_it_changes_its_kind_with_its_size() -> None:
    """Exact, lists above the switch, lists anew after growing fourfold, exact again below half of the switch."""
    index, vectors = ScopeIndex(DIMENSIONS, exact_up_to=SWITCH), unit(3, len(NAMES) * 2)
    names = [*NAMES, *(name[1:] + b"x" for name in NAMES)]
    index.put(names[:SWITCH], vectors[:SWITCH])
    assert grown(index).centroids is None
    index.put(names[SWITCH : SWITCH + 1], vectors[SWITCH : SWITCH + 1])
    assert index.centroids is None, "it grows when it is let, and not while something is put in"
    few = grown(index).centroids
    assert few is not None
    index.put(names, vectors)
    many = grown(index).centroids
    assert many is not None
    assert len(many) > len(few)
    assert not index.outgrown
    index.remove(names[SWITCH // 2 - 1 :])
    assert index.centroids is None
    assert len(index) == SWITCH // 2 - 1


def test_it_is_used_while_it_grows() -> None:
    """After each step everything is found, what came and what went meanwhile included; then it has the lists."""
    index, vectors = ScopeIndex(DIMENSIONS, exact_up_to=SWITCH), unit(7, len(NAMES))
    index.put(NAMES[:100], vectors[:100])
    known = dict(zip(NAMES[:100], vectors, strict=False))
    for number, _ in enumerate(steps(index.grow(part=10))):
        assert not index.outgrown, "it grows already"
        index.put([NAMES[100 + number]], vectors[100 + number : 101 + number])
        known[NAMES[100 + number]] = vectors[100 + number]
        index.remove([NAMES[number], NAMES[99 - number]])
        for gone in (NAMES[number], NAMES[99 - number]):
            known.pop(gone, None)
        check(index, known, vectors[number])
    assert index.centroids is not None
    check(index, known, vectors[0])


def test_a_growth_that_is_not_wanted_any_more_changes_nothing() -> None:
    """So much was removed meanwhile that the index stays exact."""
    index, vectors = ScopeIndex(DIMENSIONS, exact_up_to=SWITCH), unit(7, 100)
    index.put(NAMES[:100], vectors)
    growing = steps(index.grow(part=10))
    for _ in range(15):
        next(growing)
    index.remove(NAMES[5:100])
    for _ in growing:
        pass
    assert index.centroids is None
    check(index, dict(zip(NAMES[:5], vectors, strict=False)), vectors[0])


def test_what_was_rounded_once_is_rounded_no_further() -> None:
    """Vectors that went through a snapshot of lists are the same ones."""
    lists = Lists.trained(unit(5, 100), 100)
    labels = np.arange(100, dtype=np.int64)
    lists.add(labels, unit(5, 100))
    other = Lists(lists.centroids)
    other.add(labels, lists.vectors(labels))
    assert np.array_equal(other.vectors(labels), lists.vectors(labels))


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
