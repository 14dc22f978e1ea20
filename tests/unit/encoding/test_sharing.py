"""A lone text gets all cores while that pays."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from workers.encoding.sharing import LARGE, MOST_REST_S, REST_S, SMALL, Sharing, timed  # noqa: E402 - needs PyTorch

ONE_S = 0.010


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


def run(sharing: Sharing, clock: Clock, took_s: float) -> int:
    """Run a pass that takes so long when it is shared; the number of its threads."""
    with sharing.among_threads(12) as threads:
        clock.now += took_s if threads > 1 else ONE_S
    assert torch.get_num_threads() == 1
    return threads


def test_all_cores_while_it_pays() -> None:
    """And PyTorch is back to one thread after each."""
    clock = Clock()
    sharing = Sharing(2, lambda tokens: ONE_S * tokens / 12, clock)
    assert [run(sharing, clock, 0.006) for _ in range(3)] == [2, 2, 2]


def test_one_core_for_a_while_after_it_did_not_pay() -> None:
    """Twice as long each time that it does not pay again, and as at first once it does."""
    clock = Clock()
    sharing = Sharing(2, lambda _: ONE_S, clock)
    rest = REST_S
    for _ in range(7):
        assert run(sharing, clock, 0.170) == 2
        assert run(sharing, clock, 0.170) == 1
        clock.now += rest - 2 * ONE_S
        assert run(sharing, clock, 0.170) == 1
        clock.now += 3 * ONE_S
        rest = min(2 * rest, MOST_REST_S)
    assert run(sharing, clock, 0.006) == 2
    assert run(sharing, clock, 0.170) == 2
    clock.now += REST_S + ONE_S
    assert run(sharing, clock, 0.006) == 2


def test_a_little_slower_is_not_given_up_at_once() -> None:
    """Three times behind each other are."""
    clock = Clock()
    sharing = Sharing(2, lambda _: ONE_S, clock)
    assert [run(sharing, clock, took_s) for took_s in (0.012, 0.012, 0.006, 0.012, 0.012, 0.012, 0.006)] == [2] * 6 + [
        1
    ]


def test_with_one_thread_nothing_is_shared() -> None:
    """Whatever it takes."""
    clock = Clock()
    assert run(Sharing(1, lambda _: ONE_S, clock), clock, 0.0) == 1


def test_a_pass_that_fails_leaves_one_thread() -> None:
    """Its error is its caller's."""
    sharing = Sharing(2, lambda _: ONE_S)
    with pytest.raises(ValueError, match="broken"), sharing.among_threads(12):
        raise ValueError("broken")
    assert torch.get_num_threads() == 1


def test_the_line_goes_through_what_was_timed() -> None:
    """Never below the small pass."""
    sizes: list[int] = []
    line = timed(sizes.append)
    assert set(sizes) == {SMALL, LARGE}
    assert 0 < line(SMALL) <= line(LARGE) <= line(2 * LARGE)
    assert line(1) == line(SMALL)
