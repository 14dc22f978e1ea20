"""How a process gives memory back to the system: as it is freed, and what is free at one moment.

With another C library than glibc, which has neither call, nothing happens.
"""

from __future__ import annotations

import contextlib
import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # malloc.h
KEPT = (
    8 * 1024 * 1024
)  # more than any array of one pass takes: those would else be mapped, zeroed and unmapped at each layer


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
