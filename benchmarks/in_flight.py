"""A thousand jobs that think for 30 s at once in one worker process: time added, memory, processor time.

`python -m benchmarks.in_flight [--jobs N] [--rounds N] [--classify N] [--fsync everysec]`. Beside it, in turns, the bare
threads pool with tasks that only wait, and what one prefork child costs. The time added to a job is from its submission to
its end, less the 30 s that its model takes. What a burst adds depends on how fast the machine is at that moment, so the
verdict is on the median of the rounds, and the bare pool's last task says how fast it was.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import redis

from benchmarks import load, report
from benchmarks.bare import celery_app, wait
from benchmarks.server import durable_redis
from tests.support.processes import Process, Processes
from tests.support.system import running_system

THINKS_S = 30.0
PREFORK = 4


def quantile(values: list[float], share: float) -> float:
    """The nearest-rank quantile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def submit_all(port: int, jobs: int) -> list[str]:
    """Submit all jobs at once and return their ids."""
    counter, ids = iter(range(jobs)), []

    async def one() -> None:
        connection = await asyncio.open_connection("127.0.0.1", port)
        for n in counter:
            body = {"input": f"Think about number {n}.", "route": "reasoning", "cache": "off"}
            status, answer = await load.exchange(connection, load.post("/v1/jobs", json.dumps(body).encode()))
            if status != 202:
                raise AssertionError(f"{status}: {answer!r}")
            ids.append(json.loads(answer)["id"])
        connection[1].close()

    await asyncio.gather(*(one() for _ in range(16)))
    return ids


def watched(process: Process, finished: Any, limit_s: float) -> tuple[float, float]:
    """Wait for the end; the most memory (MB) and the processor time (s) that a process took."""
    began, before, most = time.monotonic(), report.cpu_s(process.pid), 0.0
    while not finished():
        most = max(most, report.rss_mb(process.pid))
        if time.monotonic() - began > limit_s:
            raise AssertionError(f"not finished within {limit_s:g} s:\n{process.tail()}")
        time.sleep(0.25)
    return most, report.cpu_s(process.pid) - before


class Round(NamedTuple):
    """What one round of ours gave: jobs that succeeded, p95 of the time added (s), most memory of the worker (MB)."""

    succeeded: int
    added_s: float
    memory_mb: float


def ours(folder: Path, url: str, store: redis.Redis, jobs: int, classify: int) -> Round:
    """Measure Thinkline once."""
    limits = {"lanes.reasoning.slots": jobs}
    with running_system(
        folder, url, changes=limits, models={"deep": "thinks-30s"}, workers=("classify", "standard,fallback")
    ) as system:
        for n in range(1, classify):
            system.worker(f"classify-{n}", "classify")
        worker = system.worker("reasoning", "reasoning", slots=jobs)
        worker.wait_until(system.ready, "readiness")
        time.sleep(2)
        idle = report.rss_mb(worker.pid)
        ids = asyncio.run(submit_all(int(system.url.rsplit(":", 1)[1]), jobs))
        most, cpu = watched(worker, lambda: not store.zcard("tl:due"), THINKS_S + 120)
        fields = ("status", "created_at", "started_at", "finished_at")
        records: list[list[Any]] = [list(store.hmget(f"tl:job:{job_id}", fields)) for job_id in ids]
    succeeded = sum(status == b"succeeded" for status, *_ in records)
    total = [(int(end) - int(created)) / 1000 - THINKS_S for _, created, _, end in records]
    inside = [(int(end) - int(started)) / 1000 - THINKS_S for _, _, started, end in records]
    print(
        f"Thinkline: {succeeded} of {jobs} succeeded; {cpu / jobs * 1000:.1f} ms of processor a job; {idle:.0f} MB idle"
    )
    print(f"  added from submission: p50 {quantile(total, 0.5):.2f} s, p95 {quantile(total, 0.95):.2f} s")
    print(f"  added in the worker:   p50 {quantile(inside, 0.5):.2f} s, p95 {quantile(inside, 0.95):.2f} s")
    return Round(succeeded, quantile(total, 0.95), most)


def bare(folder: Path, url: str, store: redis.Redis, jobs: int) -> float:
    """Measure the bare threads pool with tasks that only wait; the time added to its last task (s)."""
    celery_app.conf.broker_url = url
    with Processes(folder, {"REDIS_URL": url}) as processes:
        worker = processes.start(
            "bare", "-m", "celery", "-A", "benchmarks.bare:celery_app", "worker", "-P", "threads", "-c", str(jobs), "-Q",
            "first", "-n", "bare@bench", "-E", "-l", "error", "--without-gossip", "--without-mingle",
        )  # fmt: skip
        time.sleep(5)
        store.delete("bare:done")
        began = time.monotonic()
        for _ in range(jobs):
            wait.apply_async((THINKS_S,))
        most, cpu = watched(worker, lambda: int(store.get("bare:done") or 0) >= jobs, THINKS_S + 120)
        took = time.monotonic() - began
    print(
        f"bare threads pool, only waiting: all done after {took:.1f} s, {most:.0f} MB, {cpu / jobs * 1000:.1f} ms a job",
        flush=True,
    )
    return took - THINKS_S


def prefork(folder: Path, url: str) -> None:
    """Measure what one more child of the prefork pool costs."""
    with Processes(folder, {"REDIS_URL": url}) as processes:
        worker = processes.start(
            "prefork", "-m", "celery", "-A", "benchmarks.bare:celery_app", "worker", "-P", "prefork", "-c", str(PREFORK),
            "-Q", "second", "-n", "prefork@bench", "-l", "error",
        )  # fmt: skip
        time.sleep(6)
        children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
        sizes = [report.rss_mb(int(child)) for child in children]
    if sizes:
        print(f"prefork: {sum(sizes) / len(sizes):.0f} MB resident for each child, and one job in flight a child")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--classify", type=int, default=1, help="classify workers that feed the one worker")
    parser.add_argument("--fsync", choices=("always", "everysec"), default="always", help="of Redis' append-only file")
    arguments = parser.parse_args()
    report.conditions(
        f"{arguments.jobs} jobs in flight, each thinking for {THINKS_S:g} s, fed by {arguments.classify} classify worker(s)"
        f" (append-only file: {arguments.fsync}), {arguments.rounds} rounds"
    )
    with tempfile.TemporaryDirectory() as name, durable_redis(Path(name) / "redis", arguments.fsync) as server:
        store = redis.Redis.from_url(server.url)
        rounds, last = [], []
        for n in range(arguments.rounds):
            rounds.append(ours(Path(name) / f"ours-{n}", server.url, store, arguments.jobs, arguments.classify))
            store.flushall()
            last.append(bare(Path(name), server.url, store, arguments.jobs))
            store.flushall()
        prefork(Path(name), server.url)
    middle = statistics.median(one.added_s for one in rounds)
    beside = statistics.median(one.added_s / bare_s for one, bare_s in zip(rounds, last, strict=True))
    print(f"p95 of the time added: {min(one.added_s for one in rounds):.1f} to {max(one.added_s for one in rounds):.1f} s;"
          f" {beside:.2f} of what the bare pool's last task waited (median of {arguments.rounds})")  # fmt: skip
    fast = report.at_most("p95 of the time added to a job, median of the rounds", middle, "s", 4)
    small = report.at_most("resident memory of the worker process", max(one.memory_mb for one in rounds), "MB", 250)
    whole = all(one.succeeded == arguments.jobs for one in rounds)
    raise SystemExit(0 if whole and fast and small else 1)


if __name__ == "__main__":
    main()
