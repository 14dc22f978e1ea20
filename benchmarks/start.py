"""How long `make up` takes until everything is ready: on an empty folder, and again on the same one.

`python -m benchmarks.start [--rounds N]`. The first start unpacks the local model; nothing is installed here, since the
environment is there already. The addresses are free ports of this machine.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import report
from tests.acceptance.test_up import environment, started

SECOND_S = 25
LIMIT_S = 300


def took(env: dict[str, str], folder: Path, name: str) -> float:
    """Start, wait until all is ready, and stop; the seconds until ready."""
    began = time.monotonic()
    with started(env, folder, name, LIMIT_S):
        return time.monotonic() - began


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="second starts")
    arguments = parser.parse_args()
    report.conditions(f"`thinkline up` until ready, {arguments.rounds} starts on a folder that an earlier one left")
    with tempfile.TemporaryDirectory() as name:
        env = environment(Path(name) / "data")
        print(f"first start: {took(env, Path(name), 'first'):.1f} s", flush=True)
        again = [took(env, Path(name), f"again-{n}") for n in range(arguments.rounds)]
    print("then: " + ", ".join(f"{seconds:.1f} s" for seconds in again))
    raise SystemExit(0 if report.at_most("second start, median", statistics.median(again), "s", SECOND_S) else 1)


if __name__ == "__main__":
    main()
