"""What `thinkline up` shows: who is ready after how long, who is still awaited, and the lines worth seeing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner


class Screen:
    """The terminal, or a plain stream of lines when there is none; one that is gone stops nothing."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._spinner = Spinner("dots")
        # Without its refreshing thread: the supervisor forks, and forks with one thread only.
        self._live = Live(self._spinner, console=self._console, auto_refresh=False, transient=True)
        self._began = time.monotonic()

    def say(self, text: str) -> None:
        """Show text, with rich's marks in it."""
        with contextlib.suppress(OSError):
            self._console.print(text)

    def ready(self, name: str, took_s: float, note: str) -> None:
        """Tell that a service is ready."""
        self.say(f"  [green]✓[/] {name:<18} {took_s:5.1f} s   [dim]{escape(note)}[/]")

    def waiting(self, names: Iterable[str]) -> None:
        """Show who is still awaited; nobody ends the display."""
        awaited = ", ".join(names)
        if not awaited:
            self._clear()
        elif self._console.is_terminal:
            with contextlib.suppress(OSError):
                self._live.start()
                self._spinner.update(text=f"waiting for {awaited} · {time.monotonic() - self._began:.0f} s")
                self._live.refresh()

    def line(self, name: str, text: str) -> None:
        """Show one line of a service."""
        self.say(f"  [yellow]{name}[/] │ {escape(text)}")

    def failed(self, text: str) -> None:
        """Show why it cannot go on."""
        self._clear()
        self.say(f"[bold red]thinkline:[/] {escape(text)}")

    def stopping(self) -> None:
        """Tell that everything is being stopped."""
        self._clear()
        self._began = time.monotonic()
        self.say("stopping …")

    def stopped(self) -> None:
        """Tell that nothing is left."""
        self.say(f"stopped after {time.monotonic() - self._began:.1f} s; no process is left")

    def _clear(self) -> None:
        with contextlib.suppress(OSError):
            self._live.stop()
