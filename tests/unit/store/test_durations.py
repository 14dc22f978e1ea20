"""What past durations promise."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.store.durations import Duration, expect, kept_promises, published, quantile

SECONDS = st.floats(0.001, 10_000).map(lambda value: round(value, 3))
DURATIONS = st.builds(Duration, SECONDS, st.integers(0, 100_000), st.one_of(st.none(), SECONDS), st.booleans())


@given(DURATIONS)
def test_a_duration_is_read_as_it_was_written(duration: Duration) -> None:
    """To the millisecond."""
    assert Duration.read(duration.write()) == duration


def test_a_bare_number_is_a_duration() -> None:
    """What an older worker wrote counts still."""
    assert Duration.read("14.203") == Duration(14.203)


@given(st.lists(SECONDS, min_size=1, max_size=60), st.sampled_from([0.5, 0.9]))
def test_without_a_cut_it_is_the_nearest_rank(seconds: list[float], share: float) -> None:
    """The usual quantile of what was seen."""
    expected = sorted(seconds)[max(0, math.ceil(round(share * len(seconds), 9)) - 1)]
    assert quantile([(Duration(each), 1.0) for each in seconds], share) == expected


def test_what_was_cut_off_needed_longer() -> None:
    """Half of the attempts cut off at 2 s while others take 1 to 10 s: the median is not pulled down by them."""
    seen = [Duration(float(n)) for n in range(1, 11)]
    cut = [Duration(2.0, answered=False)] * 10
    assert quantile([(each, 1.0) for each in seen], 0.5) == 5.0
    assert quantile([(each, 1.0) for each in [*seen, *cut]], 0.5) >= 5.0
    assert quantile([(each, 1.0) for each in cut], 0.9) == 2.0


def test_the_new_takes_over_from_its_prior() -> None:
    """A new task type is promised what its model does elsewhere; its own answers soon outweigh that."""
    past = {"code": [Duration(60.0)] * 100}
    first = expect(past, "logic", 10)
    assert (first.known, first.p50_s, first.samples, first.basis) == (True, 60.0, 0, "model")
    later = expect({**past, "logic": [Duration(2.0)] * 8}, "logic", 10)
    assert (later.p50_s, later.samples, later.basis) == (2.0, 8, "kind and size")
    long = expect({"logic": [Duration(2.0)] * 8}, "logic", 50_000)
    assert (long.p50_s, long.samples, long.basis) == (2.0, 0, "kind")


def test_little_is_not_called_known() -> None:
    """Below five durations of a model nothing is promised."""
    assert expect({"logic": [Duration(1.0)] * 4}, "logic", 0).known is False
    assert expect({}, "logic", 0).p90_s is None


def test_a_promise_is_judged_only_where_it_can_be() -> None:
    """Kept in time, broken late or cut off beyond it; unknown when cut off before, or when nothing was promised."""
    durations = [
        Duration(5, 0, 10.0), Duration(12, 0, 10.0), Duration(11, 0, 10.0, answered=False),
        Duration(4, 0, 10.0, answered=False), Duration(5),
    ]  # fmt: skip
    assert kept_promises(durations) == (1, 3)
    (told,) = published({"logic": durations}, "deep")
    assert (told.p90_held, told.p90_checked, told.prompt_size) == (pytest.approx(0.3333), 3, "short")


def test_nine_of_ten_hold() -> None:
    """Log-normal durations of four kinds, each promised what was learned before it: the p90 holds about as often as it says."""
    chance = random.Random(7)
    kinds = {"logic": 3.0, "code": 2.0, "lookup": 0.5, "planning": 3.5}
    past: dict[str, list[Duration]] = {}
    for _ in range(1_500):
        kind = chance.choice(sorted(kinds))
        p90_s = expect(dict(past), kind, 100).p90_s
        past.setdefault(kind, []).insert(0, Duration(chance.lognormvariate(kinds[kind], 0.6), 100, p90_s))
        del past[kind][200:]
    held, checked = kept_promises(each for many in past.values() for each in many)
    assert checked > 700
    assert 0.85 < held / checked < 0.95
