"""Jobs a second through the whole system with an instant simulated model, beside a bare chain of two Celery tasks.

`python -m benchmarks.pipeline [--rounds N] [--jobs N] [--fsync everysec]`. Same Redis, pool (threads), cores and Celery settings; both
are timed from the first submission until the last job has ended. Ours goes in over HTTP and calls a model over HTTP.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

import redis

from benchmarks import load, report
from benchmarks.bare import celery_app
from benchmarks.server import durable_redis
from tests.support.processes import Processes
from tests.support.system import System, running_system

SLOTS = 32


async def ours(system: System, store: redis.Redis, jobs: int, offset: int) -> float:
    """Send jobs through the system; jobs a second."""
    port = int(system.url.rsplit(":", 1)[1])
    began = time.perf_counter()
    await _submit(port, jobs, offset)
    while store.zcard("tl:due"):  # every job that has not ended
        await asyncio.sleep(0.02)
        if time.perf_counter() - began > 300:
            raise AssertionError("jobs were lost")
    return jobs / (time.perf_counter() - began)


async def _submit(port: int, jobs: int, offset: int) -> None:
    counter = iter(range(offset, offset + jobs))

    async def one() -> None:
        connection = await asyncio.open_connection("127.0.0.1", port)
        for n in counter:
            body = {"input": f"Compare plan {n} with plan {n + 1}.", "route": "reasoning"}
            status, answer = await load.exchange(connection, load.post("/v1/jobs", json.dumps(body).encode()))
            if status != 202:
                raise AssertionError(f"{status}: {answer!r}")
        connection[1].close()

    await asyncio.gather(*(one() for _ in range(8)))


def bare(store: redis.Redis, jobs: int) -> float:
    """Send chains through bare Celery; chains a second."""
    from benchmarks.bare import submit_chain  # noqa: PLC0415

    store.delete("bare:done")
    began = time.perf_counter()
    for n in range(jobs):
        submit_chain(f"job_{n:032x}")
    while int(store.get("bare:done") or 0) < jobs:
        time.sleep(0.02)
        if time.perf_counter() - began > 300:
            raise AssertionError("chains were lost")
    return jobs / (time.perf_counter() - began)


def measure(rounds: int, jobs: int, fsync: str) -> bool:
    """Run the rounds and print the report; whether the target was met."""
    with tempfile.TemporaryDirectory() as name, durable_redis(Path(name) / "redis", fsync) as server:
        folder, store = Path(name), redis.Redis.from_url(server.url)
        celery_app.conf.broker_url = server.url
        models = {"deep": "instant", "quick": "instant"}
        with (
            running_system(
                folder / "ours", server.url, models=models, workers=("classify", "reasoning", "standard,fallback")
            ) as system,
            Processes(folder, {"REDIS_URL": server.url}) as processes,
        ):
            for queue in ("first", "second"):
                processes.start(
                    f"bare-{queue}", "-m", "celery", "-A", "benchmarks.bare:celery_app", "worker", "-P", "threads", "-c",
                    str(SLOTS), "-Q", queue, "-n", f"{queue}@bare", "-E", "-l", "error", "--without-gossip", "--without-mingle",
                )  # fmt: skip
            bare(store, 50)
            asyncio.run(ours(system, store, 50, 10**6))
            mine, theirs = [], []
            for n in range(rounds):
                mine.append(asyncio.run(ours(system, store, jobs, n * jobs)))
                theirs.append(bare(store, jobs))
                print(f"round: {mine[-1]:.0f} jobs/s, bare chain {theirs[-1]:.0f}/s", flush=True)
    print(f"\njobs a second: {statistics.median(mine):.0f}; bare chains a second: {statistics.median(theirs):.0f}")
    return report.ratio("ratio to the bare chain", mine, theirs, 0.6)


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--fsync", choices=("always", "everysec"), default="always", help="of Redis' append-only file")
    arguments = parser.parse_args()
    report.conditions(f"The pipeline (append-only file: {arguments.fsync})")
    raise SystemExit(0 if measure(arguments.rounds, arguments.jobs, arguments.fsync) else 1)


if __name__ == "__main__":
    main()
