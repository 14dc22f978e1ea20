"""How every benchmark tells its conditions and its figures."""

from __future__ import annotations

import os
import platform
import statistics
import sys
from collections.abc import Sequence
from importlib.metadata import version


def conditions(what: str) -> None:
    """Print what was measured on what."""
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("celery", "kombu", "redis", "fastapi", "aiohttp", "httpx")
    )
    print(f"# {what}")
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; {packages}")
    print("The upstream is simulated. Runs alternate; a ratio is the median over the rounds.\n", flush=True)


def ratio(name: str, ours: Sequence[float], theirs: Sequence[float], target: float) -> bool:
    """Print a ratio's median and range beside its target; whether it was met."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    middle = statistics.median(ratios)
    met = middle >= target
    verdict = "met" if met else "MISSED"
    print(f"{name}: {middle:.2f} (from {min(ratios):.2f} to {max(ratios):.2f}); target at least {target:g}: {verdict}")
    return met


def at_most(name: str, value: float, unit: str, target: float) -> bool:
    """Print a figure beside the most that it may be; whether it was met."""
    met = value <= target
    print(f"{name}: {value:.1f} {unit}; target at most {target:g} {unit}: {'met' if met else 'MISSED'}")
    return met


def rss_mb(pid: int) -> float:
    """Resident memory of a process in MB, from the kernel's count of its pages."""
    if not sys.platform.startswith("linux"):
        return float("nan")
    with open(f"/proc/{pid}/statm") as statm:  # noqa: PTH123 - a kernel file
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used, from the kernel's count."""
    with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123 - a kernel file
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
