"""One line that lives while a job does: its lane, what it is doing, for how long and how long that usually takes.

It is drawn on standard error, so that standard output holds the answer and nothing else. Without a terminal there is one
line for each step.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from workers.cli.talking import Event

DOING = {
    "waiting": "waiting for the first token",
    "thinking": "thinking",
    "answering": "writing the answer",
    "extracting": "checking the JSON",
}


@dataclass(slots=True)
class Progress:
    """What is known of a running job by its events."""

    began: float = field(default_factory=time.monotonic)  # when the present step's clock started
    lane: str | None = None
    doing: str = "queued"
    expected: dict[str, Any] = field(default_factory=dict)
    tokens: int = 0
    attempt: bool = False
    place: str = ""
    notes: list[str] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """Learn from an event."""
        data = event.data
        match event.type:
            case "queued":
                self._waits("queued")
                self.place = _place(data)
            case "routed":
                self.lane, self.expected = data["lane"], data["expected"]
                self._waits("queued")
            case "started":
                self._runs(DOING["waiting"], 0.0)
            case "thinking":
                self.lane, self.tokens, self.expected = data["lane"], data["thinking_tokens"], data["expected"]
                self._runs(DOING[data["phase"]], data["attempt_s"])
            case "answer.delta":
                self.doing = DOING["answering"]
            case "extracting":
                self.doing = DOING["extracting"]
            case "fallback":
                after = f" after {data['after_s']:.1f} s" if data.get("after_s") else ""
                model = data.get("from_model") or "reasoning"
                self.notes.append(f"{model} was given up{after} ({data['cause']}); the fallback lane goes on")
                self.lane, self.expected = "fallback", data["expected"]
                self._waits("queued")
            case "requeued":
                self.notes.append(f"another worker takes it over ({data['reason']})")
                self._waits("queued")

    def line(self) -> str:
        """Say it in one line."""
        elapsed_s = time.monotonic() - self.began
        parts = [f"{self.lane} lane"] if self.lane else []
        parts.append(self.doing)
        if self.attempt:
            parts.append(_clock(elapsed_s, self.expected))
        elif self.place:
            parts.append(self.place)
        if self.tokens:
            parts.append(f"{self.tokens:,} thinking tokens")
        return " · ".join(parts)

    def _waits(self, doing: str) -> None:
        self.doing, self.attempt, self.tokens, self.place = doing, False, 0, ""

    def _runs(self, doing: str, attempt_s: float | None) -> None:
        self.doing, self.attempt, self.place = doing, True, ""
        if attempt_s is not None:
            self.began = time.monotonic() - attempt_s


class LiveLine:
    """Shows a job's progress until it is told to stop."""

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet
        self._live = Live(_Moving(self), console=console, refresh_per_second=8, transient=True)
        self._lives = console.is_terminal and not quiet
        self._told = ""
        self._notes = 0
        self.progress = Progress()

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._lives:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Take the line away."""
        if self._lives:
            self._live.stop()

    def take(self, event: Event) -> None:
        """Show an event."""
        self.progress.take(event)
        if self._quiet:
            return
        for note in self.progress.notes[self._notes :]:
            self._console.print(Text(note, style="yellow"), soft_wrap=True)
        self._notes = len(self.progress.notes)
        step = f"{self.progress.lane}{self.progress.doing}"
        if not self._lives and step != self._told and event.type != "done":
            self._told = step
            self._console.print(Text(self.progress.line()), soft_wrap=True)


class _Moving:
    """The line as it is at the moment that it is drawn."""

    def __init__(self, line: LiveLine) -> None:
        self._line = line
        self._spinner = Spinner("dots")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it, cut to the width."""
        text = Text(self._line.progress.line(), overflow="ellipsis", no_wrap=True)
        text.truncate(max(10, options.max_width - 3), overflow="ellipsis")
        self._spinner.update(text=text)
        yield self._spinner


def _clock(elapsed_s: float, expected: dict[str, Any]) -> str:
    """Say how long it takes.

    >>> _clock(12.3, {"known": True, "p50_s": 29.6, "p90_s": 41})
    '12 s of about 30 s'
    """
    if not expected.get("known"):
        return f"{elapsed_s:.0f} s"
    if elapsed_s > expected["p90_s"]:
        return f"{elapsed_s:.0f} s, longer than usual (nearly always under {_about(expected['p90_s'])})"
    return f"{elapsed_s:.0f} s of about {_about(expected['p50_s'])}"


def _about(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.1f} s"


def _place(data: dict[str, Any]) -> str:
    if data.get("place") is None:
        return ""
    estimate = f", about {_about(data['estimate_s'])}" if data.get("estimate_s") is not None else ""
    return f"place {data['place']} in line{estimate}"
