"""Reads the logs of the running processes and shows the few lines that a user wants to see without looking for them."""

from __future__ import annotations

import json
from pathlib import Path

from workers.local.screen import Screen

ALARMING = ("CRITICAL", "ERROR", "Traceback (most recent call last)")
SHOWN_LEVELS = frozenset({"warning", "error", "critical"})
SHOWN_EVENTS = frozenset({"model.unpacking"})
HIDDEN = frozenset({"part", "level", "timestamp", "event"})
MOST_BYTES = 65_536


class Follower:
    """Follows several growing logs."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._at: dict[str, tuple[Path, int]] = {}

    def follow(self, name: str, log: Path, begins: int) -> None:
        """Show what this log says from a position on."""
        self._at[name] = (log, begins)

    def show_new(self) -> None:
        """Show the new lines that are worth it."""
        for name, (log, position) in self._at.items():
            if log.stat().st_size == position:
                continue
            with log.open("rb") as output:
                output.seek(position)
                said = output.read(MOST_BYTES)
            ends = said.rfind(b"\n") + 1 or (len(said) if len(said) == MOST_BYTES else 0)
            self._at[name] = (log, position + ends)
            for line in said[:ends].decode(errors="replace").splitlines():
                if shown := worth_seeing(line):
                    self._screen.line(name, shown)


def worth_seeing(line: str) -> str | None:
    """Tell what to show of a log line, if anything: warnings and errors, and what explains a wait."""
    if line.startswith("{"):
        try:
            entry = json.loads(line)
        except ValueError:
            return None
        if entry.get("level") not in SHOWN_LEVELS and entry.get("event") not in SHOWN_EVENTS:
            return None
        rest = " ".join(f"{name}={value}" for name, value in entry.items() if name not in HIDDEN)
        return f"{entry.get('event', '')} {rest}".strip()
    return line.strip() if any(word in line for word in ALARMING) else None
