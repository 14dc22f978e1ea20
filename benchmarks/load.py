"""A small HTTP load generator over raw asyncio streams: it must cost less than what it measures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True)
class Load:
    """What one run of load measured. Latencies are seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def quantile_ms(self, share: float) -> float:
        """A quantile of the latency in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def post(path: str, body: bytes) -> bytes:
    """Write a POST of JSON."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def get(path: str) -> bytes:
    """Write a GET."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


async def run(
    port: int, request: Callable[[int], bytes], *, seconds: float, connections: int = 32, keep_bodies: bool = False
) -> Load:
    """Send requests over some connections, each waiting for its answer, for some seconds.

    Args:
        port: a loopback port.
        request: makes the n-th request.
        seconds: how long.
        connections: how many at once.
        keep_bodies: whether the answers' bodies are kept.
    """
    load, counter = Load(), iter(range(10**9))
    began = time.perf_counter()
    until = began + seconds

    async def one() -> None:
        connection = await asyncio.open_connection("127.0.0.1", port)
        while (sent := time.perf_counter()) < until:
            status, body = await exchange(connection, request(next(counter)))
            load.latencies.append(time.perf_counter() - sent)
            load.statuses[status] = load.statuses.get(status, 0) + 1
            if keep_bodies:
                load.bodies.append(body)
        connection[1].close()

    await asyncio.gather(*(one() for _ in range(connections)))
    load.seconds = time.perf_counter() - began
    return load


async def exchange(connection: Connection, request: bytes) -> tuple[int, bytes]:
    """Send one request over a connection; the status and the body of its answer."""
    connection[1].write(request)
    return await _answer(connection[0])


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        if line[:15].lower() == b"content-length:":
            length = int(line[15:])
    body = await reader.readexactly(length) if length else b""
    return int(head[9:12]), body
