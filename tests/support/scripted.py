"""The scripted upstream inside a test: real HTTP on a free port, in a thread, with a look at what came in."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from tests.support.processes import free_port
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
    port, app = free_port(), ScriptedUpstream(keep=True)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="critical", http="httptools", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 10
    while not server.started:
        if time.monotonic() > until:
            raise AssertionError("the scripted upstream did not start")
        time.sleep(0.01)
    try:
        yield Scripted(port, app)
    finally:
        server.should_exit = True
        thread.join(5)
