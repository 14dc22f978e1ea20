"""`thinkline webhook listen`: a receiver on a developer's own machine that shows and verifies each delivery.

Signatures are verified by the independent package `standardwebhooks`, as any receiver would.
"""

from __future__ import annotations

import http
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Annotated

import typer

from workers.cli.failing import fail
from workers.cli.webhook_view import Shown, WebhookView, verdict

webhook = typer.Typer(no_args_is_help=True, help="Webhooks on this machine")
MOST_BYTES = 5_000_000
READ_S = 10.0
KNOWN = {int(status): status.phrase for status in http.HTTPStatus}


@webhook.callback()
def webhooks() -> None:
    """Webhooks on this machine."""


@webhook.command()
def listen(  # noqa: PLR0913, PLR0917 - one option each
    host: Annotated[str, typer.Option(help="address to bind")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="port to bind; 0 takes a free one")] = 9000,
    secret: Annotated[
        list[str] | None, typer.Option(envvar="WEBHOOK_SECRET", help="whsec_…, to verify; twice while rotating")
    ] = None,
    status: Annotated[int, typer.Option(min=200, max=599, help="what to answer")] = 200,
    retry_after: Annotated[int | None, typer.Option(min=0, help="seconds to ask for with `Retry-After`")] = None,
    wait: Annotated[float, typer.Option(min=0, help="seconds to wait before the answer")] = 0.0,
    show_body: Annotated[bool, typer.Option("--body", help="show each event's whole body")] = False,  # noqa: FBT002
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a delivery, for scripts")] = False,  # noqa: FBT002
) -> None:
    """Show each webhook that comes in, and whether its signature is right, until Ctrl-C."""
    view = WebhookView(body=show_body, as_json=as_json)
    listening = Listening(view, tuple(secret or ()), status, retry_after, wait)
    server = _server(host, port, listening)
    view.welcome(host, int(server.server_address[1]), verified=bool(secret))
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        view.goodbye(len(listening.seen), sum(listening.seen.values()))
    finally:
        server.server_close()


@dataclass(slots=True)
class Listening:
    """How deliveries are shown and answered, and which ids came how often."""

    view: WebhookView
    secrets: tuple[str, ...]
    status: int
    retry_after: int | None
    wait_s: float
    seen: Counter[str] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    def came(self, headers: dict[str, str], body: bytes) -> None:
        """Show a delivery."""
        with self.lock:
            name = headers.get("webhook-id", "")
            self.seen[name] += 1
            found = verdict(body, headers, self.secrets)
            self.view.show(Shown(headers, body, found, self.seen[name], self.status))
        time.sleep(self.wait_s)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    timeout = READ_S
    server_version = "thinkline-webhook-listen"
    sys_version = ""
    listening: Listening

    def do_POST(self) -> None:
        """Show and answer a delivery."""
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > MOST_BYTES:
            self.send_error(413 if length.isdigit() else 411)
            return
        listening = self.listening
        listening.came({name.lower(): value for name, value in self.headers.items()}, self.rfile.read(int(length)))
        self.send_response(listening.status, KNOWN.get(listening.status, ""))
        if listening.retry_after is not None:
            self.send_header("retry-after", str(listening.retry_after))
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: what matters is shown."""


def _server(host: str, port: int, shown: Listening) -> ThreadingHTTPServer:
    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        daemon_threads = True
        request_queue_size = 128

    class Ours(Handler):
        listening = shown

    try:
        return Server((host, port), Ours)
    except OSError as error:
        fail(f"cannot listen on {host}:{port} ({error.strerror}): choose another with --port")
