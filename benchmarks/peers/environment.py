"""Makes a peer's environment, once, and talks to the peer that runs in it (benchmarks/peers/serving.py)."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
import venv
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]


class CannotRun(Exception):
    """A peer cannot run here; the text says why."""


def environment(name: str, folder: Path) -> Path:
    """Make the environment of a peer below a folder, unless it is there already; gives its Python.

    Raises:
        CannotRun: its packages cannot be installed.
    """
    wanted = (HERE / f"{name}.txt").read_bytes()
    place = folder / f"{name}-{hashlib.sha256(wanted).hexdigest()[:12]}"
    python = place / "bin/python"
    done = place / "complete"
    if done.exists():
        return python
    venv.create(place, with_pip=True, clear=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    made = subprocess.run([*pip, "-r", str(HERE / f"{name}.txt")], capture_output=True, text=True, check=False)
    if made.returncode:
        raise CannotRun(f"its packages cannot be installed: {made.stderr.strip()[-500:]}")
    done.touch()
    return python


class Peer:
    """A peer in a process of its own.

    Args:
        name: names its requirements and its module.
        environments: where environments are kept.
        data: the folder with entries and queries.
    """

    def __init__(self, name: str, environments: Path, data: Path) -> None:
        self.name = name
        python = environment(name, environments)
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - as long as the process
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
        # One thread for its index, as for ours: on a busy machine threads that wait for each other take many times longer.
        self._process = subprocess.Popen(
            [str(python), "-m", f"benchmarks.peers.with_{name}", str(data)], cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, text=True,
            env={**clean, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        self._reply()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()

    def tell(self, order: dict[str, Any]) -> dict[str, Any]:
        """Have it do something.

        Raises:
            CannotRun: it ended; its last words are in the text.
        """
        if self._process.stdin is None:
            raise CannotRun("it has no input")
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # _reply says why it ended
        return self._reply()

    def _reply(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            self._process.wait()
            self._said.seek(0)
            raise CannotRun(f"it ended: {self._said.read().strip()[-800:]}")
        found: dict[str, Any] = json.loads(line)
        return found
