"""Submissions (durable and enqueued) and polls a second, beside a bare FastAPI route that only publishes a message.

`python -m benchmarks.submit [--rounds N] [--seconds S] [--fsync everysec]`. One API process each, the load from this
process, Redis with an append-only file: all on the machine's cores at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from functools import partial
from pathlib import Path

import redis

from benchmarks import load, report
from benchmarks.server import durable_redis
from tests.support.processes import Processes, free_port
from tests.support.system import configuration

QUERY = "What is the shortest way from the station to the museum, number {n}?"


def body(n: int) -> bytes:
    """The n-th submission: every one is another query."""
    return json.dumps({"input": QUERY.format(n=n), "metadata": {"from": "benchmark"}}).encode()


def poll_of(ids: list[str], n: int) -> bytes:
    """The n-th poll."""
    return load.get(f"/v1/jobs/{ids[n % len(ids)]}")


async def measure(rounds: int, seconds: float, fsync: str) -> bool:
    """Run the rounds and print the report; whether every target was met."""
    with tempfile.TemporaryDirectory() as name, durable_redis(Path(name) / "redis", fsync) as server:
        folder, ours_port, bare_port = Path(name), free_port(), free_port()
        config = folder / "thinkline.toml"
        limits = {"classify.max_depth": 10**9, "lanes.reasoning.max_depth": 10**9, "lanes.standard.max_depth": 10**9}
        config.write_text(configuration(free_port(), ours_port, limits, {}))
        env = {"THINKLINE_CONFIG": str(config), "REDIS_URL": server.url}
        store = redis.Redis.from_url(server.url)
        with Processes(folder, env) as processes:
            ours = processes.start("api", "-m", "api")
            bare = processes.start(
                "bare", "-m", "uvicorn", "benchmarks.bare:app", "--port", str(bare_port), "--loop", "uvloop",
                "--http", "httptools", "--no-access-log", "--log-level", "warning",
            )  # fmt: skip
            for process, port in ((ours, ours_port), (bare, bare_port)):
                process.wait_until(partial(_listens, port), "a listening port")
            submits, bares, polls, latencies = [], [], [], []
            for _ in range(rounds):
                store.flushdb()
                run = await load.run(
                    ours_port, lambda n: load.post("/v1/jobs", body(n)), seconds=seconds, keep_bodies=True
                )
                ids = [json.loads(reply)["id"] for reply in run.bodies]
                found = store.zcard("tl:waiting:classify"), store.llen("tl:classify")
                if set(run.statuses) != {202} or found != (len(ids), len(ids)):
                    raise AssertionError(f"{run.statuses}, {len(ids)} ids, {found} in Redis")
                poll = await load.run(ours_port, partial(poll_of, ids), seconds=seconds)
                store.flushdb()
                other = await load.run(bare_port, lambda n: load.post("/jobs", body(n)), seconds=seconds)
                submits.append(run.per_second)
                bares.append(other.per_second)
                polls.append(poll.per_second)
                latencies.append(
                    (run.quantile_ms(0.5), run.quantile_ms(0.99), poll.quantile_ms(0.5), poll.quantile_ms(0.99))
                )
                print(
                    f"round: {run.per_second:.0f} submissions/s, {poll.per_second:.0f} polls/s, bare route {other.per_second:.0f}/s",
                    flush=True,
                )
    middle = [statistics.median(column) for column in zip(*latencies, strict=True)]
    print(
        f"\nsubmissions a second: {statistics.median(submits):.0f}, p50 {middle[0]:.1f} ms, p99 {middle[1]:.1f} ms (32 connections)"
    )
    print(f"polls a second: {statistics.median(polls):.0f}, p50 {middle[2]:.1f} ms, p99 {middle[3]:.1f} ms")
    met = report.ratio("ratio to the bare route", submits, bares, 0.6)
    fast = statistics.median(submits) >= 1000
    print(f"above 1,000 submissions a second: {'met' if fast else 'MISSED'}")
    return met and fast


def _listens(port: int) -> bool:
    import socket  # noqa: PLC0415

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--fsync", choices=("always", "everysec"), default="always", help="of Redis' append-only file")
    arguments = parser.parse_args()
    report.conditions(f"Submitting and polling (append-only file: {arguments.fsync})")
    met = asyncio.run(measure(arguments.rounds, arguments.seconds, arguments.fsync))
    raise SystemExit(0 if met else 1)


if __name__ == "__main__":
    main()
