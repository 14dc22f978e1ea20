"""Whether a lone text may have all cores, or is better off with one.

PyTorch can share each product of a pass among its threads, which then wait for the slowest at some hundred places. On a quiet
machine a lone text takes two thirds of its time that way; where another process is busy, or a container's limit is below its
cores, it takes ten times as long. So it is tried, and left for a while when it took longer than one thread would have.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import torch

SMALL, LARGE = 12, 96  # tokens of the two passes that are timed on one thread
TIMED: Final = 5  # times each; the median counts
SLACK: Final = 1.1  # a pass that takes longer than this share of one thread's time does not pay
MOST_SLOW: Final = (
    3  # passes behind each other that do not pay; one that takes so many times as long counts for all of them
)
REST_S: Final = 5.0  # for which sharing is left; twice as long each time that it does not pay again
MOST_REST_S: Final = 900.0


class Sharing:
    """Decides for lone passes, one after the other.

    Args:
        threads: that a pass may be shared among.
        one_thread_s: seconds that a pass of so many tokens takes on one thread.
        clock: gives seconds.
    """

    def __init__(
        self, threads: int, one_thread_s: Callable[[int], float], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._threads, self._one_thread_s, self._clock = threads, one_thread_s, clock
        self._rest_s, self._until, self._slow = REST_S, 0.0, 0

    @contextmanager
    def among_threads(self, tokens: int) -> Iterator[int]:
        """Run a lone pass of so many tokens on all threads, if that has paid; gives their number."""
        began = self._clock()
        if self._threads == 1 or began < self._until:
            yield 1
            return
        torch.set_num_threads(self._threads)
        try:
            yield self._threads
        finally:
            torch.set_num_threads(1)
        ended = self._clock()
        self._judge(ended, (ended - began) / self._one_thread_s(tokens))

    def _judge(self, now: float, share: float) -> None:
        """Draw the conclusion from a shared pass that took so much of one thread's time."""
        if share <= SLACK:
            self._slow, self._rest_s = 0, REST_S
            return
        self._slow += MOST_SLOW if share >= MOST_SLOW else 1
        if self._slow >= MOST_SLOW:
            self._slow, self._until, self._rest_s = 0, now + self._rest_s, min(2 * self._rest_s, MOST_REST_S)


def timed(run: Callable[[int], object]) -> Callable[[int], float]:
    """Time passes of two sizes, on the threads that are set now, and draw the line through both.

    Args:
        run: runs a pass of so many tokens.
    """
    run(LARGE)  # the first one makes what the others find
    small, large = (_median_s(run, tokens) for tokens in (SMALL, LARGE))
    slope = max(0.0, large - small) / (LARGE - SMALL)
    return lambda tokens: max(small, small + slope * (tokens - SMALL))


def _median_s(run: Callable[[int], object], tokens: int) -> float:
    took = []
    for _ in range(TIMED):
        began = time.perf_counter()
        run(tokens)
        took.append(time.perf_counter() - began)
    return sorted(took)[TIMED // 2]
