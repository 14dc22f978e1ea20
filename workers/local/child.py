"""One child process of the supervisor: its own session, its own log file, and never longer alive than its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from workers.local.service import Service

LARGEST_LOG_BYTES = 10_000_000
PR_SET_PDEATHSIG = 1


class Child:
    """A started service.

    Args:
        service: what to run.
        log: where its output goes; begun anew above 10 MB.
        env: its whole environment.
    """

    def __init__(self, service: Service, log: Path, env: dict[str, str]) -> None:
        self.service = service
        self.log = log
        self.started = time.monotonic()
        _keep_small(log)
        with log.open("ab") as output:
            self.log_begins = output.tell()
            self._process = subprocess.Popen(  # noqa: S603 - our own command lines
                service.command,
                env={**env, **service.env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C of the terminal reaches the supervisor alone
                preexec_fn=_dies_with_parent(service.dies_by),  # noqa: PLW1509 - the supervisor has one thread
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.poll()

    def signal(self, sig: signal.Signals) -> None:
        """Send a signal to it and to all that it started."""
        try:
            os.killpg(self.pid, sig)
        except (ProcessLookupError, PermissionError):  # it has just ended; macOS calls that a lack of permission
            return

    def reap(self) -> None:
        """End what it may have left behind, once it has itself ended."""
        self.signal(signal.SIGKILL)
        self._process.wait()

    def last_lines(self, most: int = 15) -> list[str]:
        """The end of what it said since it was started."""
        with self.log.open("rb") as output:
            output.seek(self.log_begins)
            said = output.read()[-20_000:].decode(errors="replace")
        return [line for line in said.splitlines() if line.strip()][-most:]


def how_it_ended(returncode: int) -> str:
    """Say an exit status in words."""
    if returncode >= 0:
        return f"ended with status {returncode}"
    try:
        return f"was ended by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"was ended by signal {-returncode}"


def _keep_small(log: Path) -> None:
    if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def _dies_with_parent(sig: signal.Signals) -> Callable[[], None] | None:
    """Ask the kernel, where it can, to signal the child when the supervisor is gone, however it went."""
    if not sys.platform.startswith("linux"):
        return None
    prctl, parent = ctypes.CDLL(None, use_errno=True).prctl, os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, int(sig), 0, 0, 0)
        if os.getppid() != parent:  # it went before the kernel was asked
            os._exit(1)

    return ask
