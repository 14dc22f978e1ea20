"""The supervisor over real processes: whatever happens to it, none of them is left."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.processes import Process


def alive(folder: Path) -> list[int]:
    """The processes that noted themselves in the folder and still run."""
    found = []
    for note in folder.glob("*.pid"):
        try:
            state = Path(f"/proc/{note.stem}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            continue
        if state != "Z":
            found.append(int(note.stem))
    return found


def until(true: Callable[[], object], what: str, timeout_s: float = 20) -> None:
    """Wait until something is true."""
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end, f"never {what}"
        time.sleep(0.05)


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Callable[[str], Process]]:
    """Start the toy system; what is left of it is ended after the test."""
    started: list[Process] = []

    def start(scenario: str) -> Process:
        process = Process("toy", ["-m", "tests.integration.local.toy", str(tmp_path), scenario], {}, tmp_path)
        started.append(process)
        return process

    yield start
    for process in started:
        process.stop(signal.SIGKILL)


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_stops_all_and_leaves_none(
    play: Callable[[str], Process], tmp_path: Path, sig: signal.Signals
) -> None:
    """Ctrl-C, a polite kill and a closed terminal end alike."""
    toy = play("calm")
    until((tmp_path / "all-ready").exists, "ready")
    assert len(alive(tmp_path)) == 2
    assert toy.stop(sig) == 0
    assert alive(tmp_path) == []
    assert "no process is left" in toy.tail()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel is asked for it on Linux alone")
def test_a_killed_supervisor_takes_its_children_along(play: Callable[[str], Process], tmp_path: Path) -> None:
    """Even when it cannot say goodbye."""
    toy = play("calm")
    until((tmp_path / "all-ready").exists, "ready")
    toy.stop(signal.SIGKILL)
    until(lambda: not alive(tmp_path), "ended")


def test_a_child_that_dies_at_the_start_ends_all_with_its_last_lines(
    play: Callable[[str], Process], tmp_path: Path
) -> None:
    """The user reads which one, how, and why."""
    toy = play("dies-at-start")
    until(lambda: not toy.alive, "ended")
    assert toy.returncode == 1
    assert "second ended with status 3" in toy.tail()
    assert "the reason is written here" in toy.tail()
    assert not (tmp_path / "all-ready").exists()
    assert alive(tmp_path) == []


def test_a_child_that_is_never_ready_ends_all(play: Callable[[str], Process], tmp_path: Path) -> None:
    """Its limit is its own."""
    toy = play("never-ready")
    until(lambda: not toy.alive, "ended")
    assert toy.returncode == 1
    assert "second was not ready within 2 s" in toy.tail()
    assert alive(tmp_path) == []


def test_a_child_that_will_not_end_is_killed(play: Callable[[str], Process], tmp_path: Path) -> None:
    """After what it was given to end."""
    toy = play("stubborn")
    until((tmp_path / "deaf").exists, "deaf")
    until((tmp_path / "all-ready").exists, "ready")
    assert toy.stop(signal.SIGTERM) == 0
    assert "did not end within 1 s and was killed" in toy.tail()
    assert alive(tmp_path) == []


def test_children_of_children_are_ended_too(play: Callable[[str], Process], tmp_path: Path) -> None:
    """A service may have processes of its own."""
    toy = play("has-a-child")
    until(lambda: len(alive(tmp_path)) == 3, "all there")
    assert toy.stop(signal.SIGINT) == 0
    assert alive(tmp_path) == []


def test_a_child_that_dies_later_is_started_again(play: Callable[[str], Process], tmp_path: Path) -> None:
    """A worker ends itself when its heartbeat fails, and must come back."""
    toy = play("calm")
    until((tmp_path / "all-ready").exists, "ready")
    before = set(alive(tmp_path))
    victim = max(before)
    os.kill(victim, signal.SIGKILL)
    until(lambda: set(alive(tmp_path)) - before, "started again")
    assert len(alive(tmp_path)) == 2
    assert "was ended by SIGKILL: starting it again" in toy.tail()
    assert toy.stop(signal.SIGINT) == 0
    assert alive(tmp_path) == []


@pytest.mark.slow
def test_a_child_that_keeps_dying_ends_all(play: Callable[[str], Process], tmp_path: Path) -> None:
    """It is started again a few times, ever later, and then given up."""
    toy = play("keeps-dying")
    until(lambda: not toy.alive, "ended", timeout_s=60)
    assert toy.returncode == 1
    assert "keeps ending after it was started again" in toy.tail()
    assert alive(tmp_path) == []
