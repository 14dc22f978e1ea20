"""The chaos of benchmarks/chaos, short: `make chaos ARGS="--jobs 20000"` is the long run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import ROOT

SHORT = (
    "--jobs", "100", "--seed", "11", "--poisonous", "1", "--kill", "0.05", "--trouble-after-s", "15", "--rest-s", "90",
)  # fmt: skip


@pytest.mark.slow
def test_nothing_is_lost_or_done_twice_under_chaos(tmp_path: Path) -> None:
    """Workers, Redis, the network, models and receivers misbehave; the run's own checks find nothing wrong."""
    command = [sys.executable, "-m", "benchmarks.chaos", *SHORT, "--keep", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    assert "Nothing lost, nothing ended twice, nothing left over." in done.stdout
    assert "| poisonous | failed poisoned | 1 |" in done.stdout
    assert "| workers killed |" in done.stdout
