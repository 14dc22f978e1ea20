"""A real classify worker over a full cache: how soon it is ready, and how much memory it holds.

Part of `python -m benchmarks.cache_lookup`. The worker is the one that `make up` starts, with its own encoder, router,
judge and snapshot; one beside an empty cache shows what of that is the cache's. Memory is the kernel's count of resident
pages, read after the worker has answered look-ups.
"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.report import at_most, rss_mb
from tests.support.processes import Process, Processes
from tests.support.store import Store
from workers.contracts.request import JobRequest
from workers.settings import Settings

QUERIES = 100  # that the worker classifies before its memory is read
MOST_MB = 600
Measured = tuple[float, float, str]


def environment(settings: Settings, folder: Path) -> dict[str, str]:
    """Give what a worker needs to find the same cache."""
    return {
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "THINKLINE_REDIS__KEY_PREFIX": settings.redis.key_prefix,
        "THINKLINE_DATA_DIR": str(folder),
        "THINKLINE_CACHE__SEMANTIC": "true",
        "THINKLINE_CACHE__MAX_BYTES": str(settings.cache.max_bytes),
    }


async def classified(store: Store, scope: str, begin: int, count: int) -> None:
    """Have queries classified one after the other, and wait until each has left the queue."""
    for number in range(begin, begin + count):
        fields = {"cache_key": f"{number:064x}", "cache_scope": scope}
        asked = JobRequest(input=f"what is the capital of country number {number}")
        job_id = (await store.submit(request=asked, fields=fields)).job_id
        until = time.monotonic() + 60
        while "routed" not in {step.step for step in (await store.job(job_id)).steps}:
            if time.monotonic() > until:
                raise AssertionError(f"job {job_id} was not classified")


async def worker(store: Store, scope: str, folder: Path, name: str, begin: int) -> Measured:
    """Start a worker: seconds until it takes jobs, megabytes after some, and its log."""
    with Processes(folder, environment(store.settings, folder / "data")) as processes:
        began = time.perf_counter()
        one: Process = processes.start(name, "-m", "workers.cli", "worker", "--queues", "classify", "--name", name)
        one.wait_until(lambda: "worker.started" in one.log.read_text(errors="replace"), "start", 120)
        ready = time.perf_counter() - began
        await classified(store, scope, begin, QUERIES)
        return ready, rss_mb(one.pid), one.log.read_text(errors="replace")


async def compare(empty: Store, full: Store, scope: str, folder: Path) -> bool:
    """Measure a worker beside an empty cache and one beside a full one, whose snapshot lies in the folder."""
    bare_s, bare_mb, _ = await worker(empty, scope, folder, "bare", 0)
    ready_s, mb, log = await worker(full, scope, folder, "full", QUERIES)
    if "cache.snapshot_read" not in log:
        raise AssertionError("the worker did not read the snapshot")
    print(f"classify worker, empty cache: takes jobs {bare_s:.1f} s after its start, {bare_mb:.0f} MB")
    print(f"classify worker, 100,000 entries: takes jobs {ready_s:.1f} s after its start")
    return at_most("resident memory of the classify worker with 100,000 entries", mb, "MB", MOST_MB)
