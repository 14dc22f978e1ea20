"""Five thousand live streams on one API process: memory, and the delay from a worker's write to the client's read.

`python -m benchmarks.streams [--streams N] [--seconds S] [--every S] [--fsync everysec]`. One job a stream; workers write
an event for each job every `--every` seconds, 200 jobs in one heartbeat, spread evenly, as worker processes do. Beside it a
naive server with one Redis connection a stream. Writers, readers, server and Redis share the machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import uvloop

from benchmarks import report
from benchmarks.server import durable_redis
from benchmarks.submit import _listens
from tests.support.processes import Process, Processes, free_port
from tests.support.store import TENANT, make_settings, new_job, open_store
from tests.support.system import configuration
from workers.store.jobs import Beat, JobStore
from workers.store.record import Claim

BEATS = 200  # jobs of one worker process
SENT = re.compile(rb"at=(\d+\.\d+)")
OPENED_TOGETHER = 100
MOST_MB = 500


class Reader(asyncio.Protocol):
    """One client: it asks for a stream and notes how old each event is when it comes in."""

    def __init__(self, job_id: str, delays: list[float], began: asyncio.Future[None]) -> None:
        self._request = (
            f"GET /v1/jobs/{job_id}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n".encode()
        )
        self._delays = delays
        self._began = began
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        transport.write(self._request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """Note the age of what came in."""
        now = time.time()
        if not self._began.done() and b"event: " in data:
            self._began.set_result(None)
        self._delays.extend(now - float(at) for at in SENT.findall(data))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - part of the protocol
        """Note that the server hung up."""
        self.lost = True
        if not self._began.done():
            self._began.set_exception(ConnectionError("the server refused a stream"))


async def running_jobs(url: str, count: int) -> list[Claim]:
    """Submit jobs and claim them, as workers that think about them would."""
    async with open_store(make_settings(url, redis={"key_prefix": "tl:"})) as store:

        async def one() -> Claim:
            new = new_job(queue="reasoning", tenant="default")
            await store.jobs.submit(new)
            claim = await store.jobs.claim("reasoning", new.job_id, 0, f"{TENANT}-worker")
            if isinstance(claim, str):
                raise TypeError(claim)
            return claim

        return list(await asyncio.gather(*(one() for _ in range(count))))


async def write_for_ever(store: JobStore, claims: Sequence[Claim], every_s: float) -> None:
    """Write as workers do: a heartbeat for some jobs at a time, in turn, for each job once in so many seconds."""
    groups = [claims[n : n + BEATS] for n in range(0, len(claims), BEATS)]
    loop, number, due = asyncio.get_running_loop(), 0, asyncio.get_running_loop().time()
    while True:
        for group in groups:
            number += 1
            news = {
                "n": number,
                "phase": "thinking",
                "thinking_tokens": number,
                "delta": f"at={time.time():.6f} ",
                "offset": 0,
            }
            beats = [Beat(claim.job_id, 0, "thinking", number, 0, news) for claim in group]
            await store.heartbeat(f"{TENANT}-worker", ["reasoning"], beats)
            due += every_s / len(groups)
            await asyncio.sleep(max(0.0, due - loop.time()))


async def open_all(port: int, claims: Sequence[Claim], delays: list[float]) -> list[Reader]:
    """Open a stream for each job, some at a time; returns when each has had its first event."""
    loop, readers = asyncio.get_running_loop(), []
    for n in range(0, len(claims), OPENED_TOGETHER):
        waits = []
        for claim in claims[n : n + OPENED_TOGETHER]:
            began = loop.create_future()
            _, reader = await loop.create_connection(partial(Reader, claim.job_id, delays, began), "127.0.0.1", port)
            readers.append(reader)
            waits.append(began)
        await asyncio.wait_for(asyncio.gather(*waits), 60)
    return readers


async def measure(
    name: str, process: Process, port: int, url: str, claims: Sequence[Claim], options: argparse.Namespace
) -> float:
    """Hold the streams while events are written, and print what that took; the most memory in MB."""
    delays: list[float] = []
    idle_mb, began = report.rss_mb(process.pid), time.perf_counter()
    readers = await open_all(port, claims, delays)
    opened_s = time.perf_counter() - began
    async with open_store(make_settings(url, redis={"key_prefix": "tl:"})) as store:
        writing = asyncio.create_task(write_for_ever(store.jobs, claims, options.every))
        await asyncio.sleep(options.every)
        delays.clear()
        cpu, most, until = report.cpu_s(process.pid), 0.0, time.monotonic() + options.seconds
        while time.monotonic() < until:
            await asyncio.sleep(0.5)
            most = max(most, report.rss_mb(process.pid))
        cpu = (report.cpu_s(process.pid) - cpu) / options.seconds
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    await asyncio.sleep(1)
    ordered = sorted(delays)
    lost = sum(reader.lost for reader in readers)
    figures = [ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 for share in (0.5, 0.99)]
    print(
        f"{name}: {len(readers)} streams open after {opened_s:.1f} s, {lost} lost; {most:.0f} MB resident ({idle_mb:.0f} idle);"
        f" {len(ordered) / options.seconds:.0f} events/s; from write to read p50 {figures[0]:.1f} ms, p99 {figures[1]:.1f} ms;"
        f" {cpu * 100:.0f} % of a core",
        flush=True,
    )
    return most


def held(kind: str, url: str, folder: Path, options: argparse.Namespace) -> float:
    """Start one kind of server and measure it; the most memory in MB."""
    port = free_port()
    config = folder / f"{kind}.toml"
    config.write_text(configuration(free_port(), port, {"streams.per_tenant": 10**6}, {}))
    command = {
        "Thinkline": ("-m", "api"),
        "naive": (
            "-m", "uvicorn", "benchmarks.naive_streams:app", "--port", str(port), "--loop", "uvloop", "--http", "httptools",
            "--no-access-log", "--log-level", "warning",
        ),
    }[kind]  # fmt: skip
    with Processes(folder, {"THINKLINE_CONFIG": str(config), "REDIS_URL": url}) as processes:
        process = processes.start(kind, *command)
        process.wait_until(partial(_listens, port), "a listening port")

        async def run() -> float:
            claims = await running_jobs(url, options.streams)
            return await measure(kind, process, port, url, claims, options)

        return uvloop.run(run())


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two events of one job")
    parser.add_argument("--fsync", choices=("always", "everysec"), default="always", help="of Redis' append-only file")
    parser.add_argument("--kinds", default="naive,Thinkline", help="servers to measure")
    options = parser.parse_args()
    report.conditions(
        f"{options.streams} live streams on one API process, an event for each every {options.every:g} s"
        f" (append-only file: {options.fsync})"
    )
    with tempfile.TemporaryDirectory() as name:
        most = 0.0
        for kind in options.kinds.split(","):
            with durable_redis(Path(name) / f"redis-{kind}", options.fsync) as server:
                most = held(kind, server.url, Path(name), options)
    raise SystemExit(0 if report.at_most("resident memory of the API process", most, "MB", MOST_MB) else 1)


if __name__ == "__main__":
    main()
