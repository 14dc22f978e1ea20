"""How a process gives memory back to the system, and how often it looks for what could be given back.

With another C library than glibc, which has neither call, nothing happens.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # malloc.h
KEPT = (
    8 * 1024 * 1024
)  # more than any array of one pass takes: those would else be mapped, zeroed and unmapped at each layer

COLLECT_AFTER = (20_000, 20, 50)  # Python's own thresholds are 700, 10 and 10
COLLECT_EARLY = 4_000  # new objects: 1 ms


def give_memory_back() -> None:
    """Let the C library return from now on what was freed, but for a pass's own arrays, and keep one store for all threads.

    glibc raises both thresholds with what is freed, up to 32 and 64 MB, unless they were set (mallopt(3)): a worker would
    keep for ever what loading and a replica's growth took.
    """
    with contextlib.suppress(AttributeError, OSError):  # another C library, which knows no mallopt
        allocator = ctypes.CDLL(None)
        allocator.mallopt(M_MMAP_THRESHOLD, KEPT)
        allocator.mallopt(M_TRIM_THRESHOLD, 2 * KEPT)
        allocator.mallopt(M_ARENA_MAX, 1)  # else each of the encoder's threads would keep arrays of its own: 35 MB


def give_back_now() -> None:
    """Let the C library return all that is free at the moment; takes some milliseconds, in which other threads go on."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def rest_collector() -> None:
    """Let the garbage collector pass over what was loaded, and look less often at what lives (docs/decisions/0018)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def collect_early() -> None:
    """Look through what is new, when that is more than little: by work that nobody waits for, and not by other work."""
    if gc.get_count()[0] > COLLECT_EARLY:
        gc.collect(1 if gc.get_count()[1] >= COLLECT_AFTER[1] else 0)
