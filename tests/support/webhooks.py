"""Webhooks in tests: the store of deliveries, a receiver over real HTTP and HTTPS, and certificates for it."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.redis import missing
from tests.support.store import TENANT, Store
from workers.store.webhooks import WebhookStore

URL = "https://hooks.example.com/in"
ENDPOINT = "we_0123456789abcdef0123456789abcdef"


def webhooks_of(store: Store) -> WebhookStore:
    """Make the deliveries' side of a store."""
    return WebhookStore(store.redis, store.scripts, store.settings)


async def add_endpoint(
    store: Store, *events: str, tenant: str = TENANT, endpoint_id: str = ENDPOINT, url: str = URL
) -> None:
    """Register an endpoint as the API does."""
    record = {"url": url, "events": ",".join(events or ("job.succeeded", "job.failed", "job.cancelled"))}
    await webhooks_of(store).add(tenant, endpoint_id, {**record, "description": "", "created_at": "1767603600000"})


async def delivery_ids(store: Store, tenant: str = TENANT) -> list[str]:
    """List a tenant's deliveries, oldest first."""
    found: list[str] = await store.redis.zrange(store.key(f"tenant:{tenant}:deliveries"), 0, -1)
    return found


async def pass_delivery_time(store: Store, seconds: float) -> None:
    """Move every time of the deliveries into the past."""
    ms, redis, prefix = round(seconds * 1000), store.redis, store.settings.redis.key_prefix
    async for key in redis.scan_iter(match=f"{prefix}*", count=1000):
        name = key.removeprefix(prefix)
        if name == "deliveries" or name.endswith((":parked", ":deliveries", ":busy")):
            for member, _ in await redis.zrange(key, 0, -1, withscores=True):
                await redis.zincrby(key, -ms, member)
        elif name.startswith(("delivery:", "target:")) or name.endswith(":secrets"):
            record = await redis.hgetall(key)
            for part in ("since", "next_at", "claimed_until", "until", "probe", "previous_until"):
                if part in record:
                    await redis.hincrby(key, part, -ms)


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files: the authority that tests trust, and a server's certificate with its key."""

    authority: Path
    server: Path
    key: Path


def make_certificates(folder: Path, names: str = "DNS:hooks.example.com,DNS:localhost,IP:127.0.0.1") -> Certificates:
    """Make an authority and a certificate of a server for some names."""
    if shutil.which("openssl") is None:
        missing("openssl")
    folder.mkdir(parents=True, exist_ok=True)
    found = Certificates(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    _openssl("req", "-x509", *kind, "-keyout", f"{folder}/authority.key", "-out", str(found.authority),
             "-subj", "/CN=Thinkline tests", "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    _openssl("req", *kind[:-2], "-keyout", str(found.key), "-out", f"{folder}/server.csr", "-subj", "/CN=receiver")
    (folder / "names").write_text(f"subjectAltName={names}\n")
    _openssl("x509", "-req", "-in", f"{folder}/server.csr", "-CA", str(found.authority), "-CAkey", f"{folder}/authority.key",
             "-CAcreateserial", "-days", "2", "-extfile", f"{folder}/names", "-out", str(found.server))  # fmt: skip
    return found


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


@dataclass(slots=True)
class Got:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes
    server_name: str | None = None

    @property
    def event(self) -> dict[str, Any]:
        """The body as JSON."""
        found: dict[str, Any] = json.loads(self.body)
        return found


Answer = Callable[[socket.socket, Got], None]


def say(status: int, headers: str = "", body: bytes = b"") -> Answer:
    """Answer with a status."""

    def answer(connection: socket.socket, _: Got) -> None:
        head = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\nconnection: close\r\n{headers}\r\n"
        connection.sendall(head.encode() + body)

    return answer


def raw(data: bytes, pause_s: float = 0.0, every_s: float | None = None) -> Answer:
    """Answer with bytes as they are, one by one when `every_s` is given, then hold the connection for a while."""

    def answer(connection: socket.socket, _: Got) -> None:
        for piece in [data] if every_s is None else [data[i : i + 1] for i in range(len(data))]:
            connection.sendall(piece)
            time.sleep(every_s or 0)
        time.sleep(pause_s)

    return answer


@dataclass(slots=True)
class Receiver:
    """A server of one's own on sockets, so that it can break every rule. Answers 200 unless told otherwise."""

    port: int
    got: list[Got] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    otherwise: Answer = field(default_factory=lambda: say(200))
    connections: int = 0
    handshakes_failed: int = 0


@contextmanager
def receiving(certificates: Certificates | None = None, host: str = "127.0.0.1") -> Iterator[Receiver]:
    """Run a receiver, with TLS when certificates are given."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, 0), family=family, backlog=256)
    receiver = Receiver(listening.getsockname()[1])
    context: ssl.SSLContext | None = None
    names: dict[int, str | None] = {}
    if certificates:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.server, certificates.key)
        context.sni_callback = lambda sock, name, _: names.__setitem__(id(sock), name)

    def serve(plain: socket.socket) -> None:
        receiver.connections += 1
        connection = plain
        try:
            if context:
                connection = context.wrap_socket(plain, server_side=True)
            got = _request(connection)
            got.server_name = names.get(id(connection))
            receiver.got.append(got)
            answer = receiver.answers.pop(0) if receiver.answers else receiver.otherwise
            answer(connection, got)
        except ssl.SSLError:
            receiver.handshakes_failed += 1
        except (OSError, ValueError):
            pass
        finally:
            connection.close()

    def accept() -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            plain.settimeout(30)
            threading.Thread(target=serve, args=(plain,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield receiver
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def _request(connection: socket.socket) -> Got:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        if not piece:
            raise ValueError("the request broke off")
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        piece = connection.recv(65_536)
        if not piece:
            raise ValueError("the request broke off")
        body += piece
    return Got(first.split(" ")[1], headers, body)
