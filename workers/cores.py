"""How many processor cores this process may use."""

from __future__ import annotations

import os


def cores() -> int:
    """Count them; where the system does not say, count those that there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
