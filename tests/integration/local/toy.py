"""A small system under the real supervisor: `python -m tests.integration.local.toy FOLDER SCENARIO`.

Its services are a few lines of Python each, which note their process ids in the folder and do as the scenario says.
"""

from __future__ import annotations

import sys
from pathlib import Path

from workers.local.screen import Screen
from workers.local.service import Service
from workers.local.supervisor import Supervisor

NOTE = "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).joinpath(f'{os.getpid()}.pid').touch(); "
WAIT = "time.sleep(600)"
SCENARIOS = {
    "calm": WAIT,
    "dies-at-start": "print('the reason is written here', flush=True); sys.exit(3)",
    "stubborn": "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "pathlib.Path(sys.argv[1], 'deaf').touch(); " + WAIT,
    "has-a-child": "import subprocess; subprocess.Popen([sys.executable, '-c', "
    f'"{NOTE}{WAIT}", sys.argv[1]]); ' + WAIT,
    "keeps-dying": "time.sleep(0.3); sys.exit(4)",
}


def main() -> None:
    """Run the scenario until stopped."""
    folder, scenario = Path(sys.argv[1]), sys.argv[2]

    def service(name: str, does: str, rank: int) -> Service:
        return Service(
            name=name,
            command=(sys.executable, "-c", NOTE + does, str(folder)),
            ready=lambda: scenario not in ("never-ready", "dies-at-start") or rank == 0,
            rank=rank,
            ready_within_s=2,
            stop_within_s=1,
        )

    second = SCENARIOS.get(scenario, WAIT)
    supervisor = Supervisor([service("second", second, 2), service("first", WAIT, 0)], folder / "logs", Screen())
    raise SystemExit(supervisor.run((folder / "all-ready").touch))


if __name__ == "__main__":
    main()
