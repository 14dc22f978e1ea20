"""The scripted upstream inside a test: real HTTP, with a look at what came in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.serving import served
from workers.simulated.script import Book, Script
from workers.simulated.server import ScriptedUpstream, Seen


class Scripted:
    """A running scripted upstream."""

    def __init__(self, port: int, app: ScriptedUpstream) -> None:
        self.base_url = f"http://127.0.0.1:{port}/v1"
        self._app = app

    @property
    def seen(self) -> Seen:
        """What came in so far."""
        return self._app.seen

    def play(self, model: str, script: Script) -> None:
        """Let a model play a script."""
        self._app.book = Book(models={**self._app.book.models, model: script})

    def wait_until_closed(self, timeout_s: float = 2.0) -> bool:
        """Wait until no reply is being sent any more; whether that came."""
        until = time.monotonic() + timeout_s
        while self.seen.open_streams and time.monotonic() < until:
            time.sleep(0.01)
        return self.seen.open_streams == 0


@contextmanager
def scripted_upstream() -> Iterator[Scripted]:
    """Run a scripted upstream."""
    app = ScriptedUpstream(keep=True)
    with served(app) as port:
        yield Scripted(port, app)
