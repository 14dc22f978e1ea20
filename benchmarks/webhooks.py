"""Webhooks a second by one delivery worker, and the time from a job's end until its webhook has arrived.

`python -m benchmarks.webhooks [--jobs N] [--endpoints N] [--rate N]`. Each job tells every endpoint of one tenant, over HTTP and
to a receiver on this machine that answers at once; jobs come at a steady rate, are answered by an instant simulated model,
and the delay is from the event's own time to its arrival (one clock). Then the worker is stopped while webhooks gather, and
continued, for the most that it can do.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.server import durable_redis
from tests.support.serving import served
from tests.support.system import System, running_system

CHANGES = {"webhooks.allow_http": True, "webhooks.allow_networks": ["127.0.0.0/8"]}


class Arrivals:
    """An ASGI app that notes when events arrive."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.lock = threading.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Note one request."""
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        happened = datetime.fromisoformat(json.loads(body)["timestamp"]).timestamp()
        with self.lock:
            self.delays.append(time.time() - happened)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def submit(system: System, jobs: int, rate: float) -> list[str]:
    """Submit jobs at a steady rate; 0 is one after the other."""
    began, ids = time.perf_counter(), []
    for n in range(jobs):
        if rate:
            time.sleep(max(0.0, began + n / rate - time.perf_counter()))
        ids.append(system.submit(input=f"What is {began} and {n}?", route="standard"))
    return ids


def arrived(arrivals: Arrivals, count: int) -> float:
    """Wait for so many webhooks; the seconds it took."""
    began = time.perf_counter()
    while len(arrivals.delays) < count:
        if time.perf_counter() - began > 300:
            raise AssertionError(f"only {len(arrivals.delays)} of {count} arrived")
        time.sleep(0.005)
    return time.perf_counter() - began


def measure(jobs: int, endpoints: int, rate: float) -> None:
    """Run both parts and print what they showed."""
    report.conditions("webhooks: one delivery worker, a receiver that answers at once, HTTP without TLS")
    arrivals, count = Arrivals(), jobs * endpoints
    with (
        tempfile.TemporaryDirectory() as name,
        durable_redis(Path(name) / "redis", "always") as server,
        served(arrivals) as port,
        running_system(Path(name), server.url, changes=CHANGES, models={"quick": "instant"}) as system,
    ):
        worker = system.worker("deliver", "deliver")
        worker.wait_until(lambda: "worker.started" in worker.log.read_text(), "start")
        for n in range(endpoints):
            system.http.post("/v1/webhooks", json={"url": f"http://127.0.0.1:{port}/{n}"}).raise_for_status()
        submit(system, jobs, rate)
        arrived(arrivals, count)
        delays = statistics.quantiles(arrivals.delays, n=100)
        print(
            f"{rate:g} jobs a second to {endpoints} endpoints: {count} webhooks,"
            f" p50 {delays[49] * 1000:.0f} ms, p99 {delays[98] * 1000:.0f} ms after the job's end"
        )
        worker.send(signal.SIGSTOP)
        arrivals.delays.clear()
        for job_id in submit(system, jobs, 0):
            system.ended(job_id)
        before = report.cpu_s(worker.pid)
        worker.send(signal.SIGCONT)
        took = arrived(arrivals, count)
        print(
            f"{count} webhooks that had gathered: {took:.1f} s, {count / took:.0f} a second,"
            f" {(report.cpu_s(worker.pid) - before) / count * 1000:.1f} ms of processor each"
        )


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--jobs", type=int, default=400)
    parser.add_argument("--endpoints", type=int, default=2)
    parser.add_argument("--rate", type=float, default=20.0)
    chosen = parser.parse_args()
    measure(chosen.jobs, chosen.endpoints, chosen.rate)


if __name__ == "__main__":
    main()
