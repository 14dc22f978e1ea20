"""Which lines of the logs a user gets to see."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workers.local.follow import Follower, worth_seeing


class Shown:
    """Collects what would be on the screen."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, name: str, text: str) -> None:
        """Take one line."""
        self.lines.append(f"{name}: {text}")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (json.dumps({"event": "breaker.opened", "level": "warning", "model": "deep"}), "breaker.opened model=deep"),
        (json.dumps({"event": "worker.started", "level": "info"}), None),
        (json.dumps({"event": "model.unpacking", "level": "info", "note": "wait"}), "model.unpacking note=wait"),
        ("[2026-11-23 17:00:00: ERROR/MainProcess] consumer: cannot connect", None),
        ("INFO:     Application startup complete.", None),
        ("{not json", None),
        ("", None),
    ],
)
def test_warnings_and_what_explains_a_wait_are_shown(line: str, shown: str | None) -> None:
    """Everything else stays in the log."""
    if "ERROR" in line:
        assert worth_seeing(line) == line
    else:
        assert worth_seeing(line) == shown


def test_a_growing_log_is_shown_line_by_line(tmp_path: Path) -> None:
    """Half a line waits for its other half, and nothing is shown twice."""
    log, screen = tmp_path / "api.log", Shown()
    log.write_text("ERROR old\n")
    follower = Follower(screen)
    follower.follow("api", log, log.stat().st_size)
    with log.open("a") as output:
        output.write("ERROR fir")
        output.flush()
        follower.show_new()
        assert screen.lines == []
        output.write("st\nfine\nERROR second\n")
        output.flush()
        follower.show_new()
        follower.show_new()
    assert screen.lines == ["api: ERROR first", "api: ERROR second"]
