"""When a worker counts as starving: messages wait, a slot is free, and none is taken."""

from __future__ import annotations

import pytest

from workers.stages.pulse import Slots


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Tell the time (s)."""
        return self.now


def test_nothing_waits_so_nobody_starves() -> None:
    """An idle worker may be idle for ever, and the first message that it finds starts the count at zero."""
    slots = Slots(2, clock := Clock())
    clock.now += 3_600
    assert slots.starved_s(0) == 0
    assert slots.starved_s(1) == 0
    clock.now += 7
    assert slots.starved_s(1) == 7


def test_taking_one_begins_the_count_anew() -> None:
    """A worker of a busy queue always sees some waiting, and takes them."""
    slots = Slots(2, clock := Clock())
    slots.starved_s(5)
    clock.now += 30
    with slots.taken():
        assert slots.starved_s(5) == 0
        clock.now += 4
        assert slots.starved_s(5) == 4


def test_an_empty_queue_begins_the_count_anew() -> None:
    """Two short backlogs are not one long one."""
    slots = Slots(1, clock := Clock())
    slots.starved_s(1)
    clock.now += 30
    slots.starved_s(0)
    clock.now += 30
    assert slots.starved_s(1) == 0


def test_a_full_worker_does_not_starve_and_has_time_to_take_the_next_when_a_slot_gets_free() -> None:
    """Its last message may have been taken minutes ago."""
    slots = Slots(1, clock := Clock())
    with slots.taken():
        clock.now += 300
        assert slots.starved_s(9) == 0
    clock.now += 1
    assert slots.starved_s(9) == 0
    clock.now += 12
    assert slots.starved_s(9) == 12


def test_a_stopping_worker_does_not_starve() -> None:
    """It leaves what waits to others, as it should."""
    slots = Slots(2, clock := Clock())
    slots.starved_s(1)
    slots.close()
    clock.now += 60
    assert slots.starved_s(1) == 0


def test_a_slot_is_given_back_after_an_error() -> None:
    """Otherwise a worker would look full for ever."""
    slots = Slots(1)
    with pytest.raises(ZeroDivisionError), slots.taken():
        assert slots.busy / 0
    assert slots.busy == 0
