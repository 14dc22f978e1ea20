"""Real processes for tests and benchmarks: started in their own group, watched, and stopped by their own id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """Find a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Process:
    """One process of the system under test, with its output in a file."""

    def __init__(self, name: str, command: Sequence[str], env: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.port = 0  # for whoever starts it to note
        self.log = folder / f"{name}.log"
        self._output = self.log.open("ab")
        clean = {key: value for key, value in os.environ.items() if not key.startswith("THINKLINE_")}
        self._process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**clean, "PYTHONPATH": str(ROOT), **env},
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def returncode(self) -> int | None:
        """The exit status, None while it runs."""
        return self._process.poll()

    def send(self, sig: signal.Signals) -> None:
        """Send a signal to the process alone."""
        self._process.send_signal(sig)

    def stop(self, sig: signal.Signals = signal.SIGTERM, timeout_s: float = 15) -> int:
        """Stop the process and wait; kill its group when it does not obey."""
        if self.alive:
            self._process.send_signal(sig)
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            code = self._process.wait()
        self._output.close()
        return code

    def wait_until(self, ready: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
        """Wait until something is true, as long as the process lives."""
        until = time.monotonic() + timeout_s
        while not ready():
            if not self.alive:
                raise AssertionError(f"{self.name} ended while waiting for {what}:\n{self.tail()}")
            if time.monotonic() > until:
                raise AssertionError(f"{self.name}: no {what} within {timeout_s:g} s:\n{self.tail()}")
            time.sleep(0.05)

    def tail(self, lines: int = 40) -> str:
        """The last lines of its output."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Processes:
    """Several processes that are stopped together, the last first."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        self.env = dict(env)
        self.all: list[Process] = []

    def start(self, name: str, *command: str, env: Mapping[str, str] | None = None) -> Process:
        """Start one more."""
        process = Process(name, command, {**self.env, **(env or {})}, self.folder)
        self.all.append(process)
        return process

    def __enter__(self) -> Self:
        """Start nothing yet."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop everything."""
        for process in self.all:
            if process.alive:
                process.send(signal.SIGCONT)
                process.send(signal.SIGTERM)
        for process in reversed(self.all):
            process.stop()
