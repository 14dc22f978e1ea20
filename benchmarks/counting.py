"""What counting for /metrics costs Redis: jobs from submission to their end through the scripts alone, with and without it.

Rounds are interleaved. Without: `count` and `observe` of workers/store/lua/counting.lua do nothing. Wall time is that of
scripts without workers, so a job of a real system, which costs several milliseconds of processor, feels far less of it.

    python -m benchmarks.counting [--jobs 1500] [--rounds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.server import durable_redis
from tests.support.store import Store, make_settings, new_job, open_store
from workers.contracts.job import Attempt, Usage
from workers.store import scripts
from workers.store.jobs import Ending, Move

TOGETHER = 32
NOTHING = "local function count() end\nlocal function observe() end\n"
FIGURES = ("processor of Redis (us a job)", "append-only file (bytes a job)", "wall time (us a job)")


async def one_job(store: Store, number: int) -> None:
    """Submit, classify, answer with a reasoning model, finish."""
    new = new_job(fields={"cache_key": f"k{number}", "task_type": "maths"})
    job_id = new.job_id
    await store.jobs.submit(new)
    await store.jobs.claim("classify", job_id, 0, "w")
    routed = Move("reasoning", "routed", {"lane": "reasoning"}, {"model": "deep", "task_type": "maths"})
    await store.jobs.move(job_id, 0, routed)
    await store.jobs.claim("reasoning", job_id, 1, "w")
    attempt = Attempt(
        attempt=1, lane="reasoning", model="deep", outcome="succeeded", duration_s=12.3, first_token_s=1.2,
        usage=Usage(prompt_tokens=100, completion_tokens=300, reasoning_tokens=200), cost_usd=0.0014,
    )  # fmt: skip
    fields = {"result": '{"answer":"x"}', "served_by": "model"}
    end = Ending(
        "succeeded",
        fields,
        attempt=attempt,
        exact_hash=f"k{number}",
        exact_s=60,
        history="maths:deep",
        duration="1 2 3 1",
    )
    await store.jobs.finish(job_id, 1, end)
    for queue in ("classify", "reasoning"):
        await store.redis.lpop(store.key(queue))


async def measured(url: str, jobs: int) -> tuple[float, float, float]:
    """Run jobs; the figures a job."""
    async with open_store(make_settings(url)) as store:
        await store.redis.flushdb()
        await store.redis.config_set("auto-aof-rewrite-percentage", 0)  # the file must only grow
        before, began = await store.redis.info(), time.perf_counter()
        free = asyncio.Semaphore(TOGETHER)

        async def one(number: int) -> None:
            async with free:
                await one_job(store, number)

        await asyncio.gather(*(one(number) for number in range(jobs)))
        took, after = time.perf_counter() - began, await store.redis.info()

    def grown(*names: str) -> float:
        return float(sum(after[name] - before[name] for name in names)) / jobs

    return grown("used_cpu_user", "used_cpu_sys") * 1e6, grown("aof_current_size"), took / jobs * 1e6


def load_without(name: str) -> str:
    """Read a script whose counting does nothing."""
    counting = scripts.LUA.joinpath("counting.lua").read_text()
    return NOTHING + LOAD(name).removeprefix(counting)


LOAD = scripts.load


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    rows: dict[str, list[Any]] = {"without": [], "with": []}
    with tempfile.TemporaryDirectory() as folder, durable_redis(Path(folder)) as server:
        for _ in range(wanted.rounds):
            for name, load in (("without", load_without), ("with", LOAD)):
                with patch.object(scripts, "load", load):
                    rows[name].append(asyncio.run(measured(server.url, wanted.jobs)))
    for index, figure in enumerate(FIGURES):
        without, with_it = (statistics.median(row[index] for row in rows[name]) for name in ("without", "with"))
        print(f"{figure:32} without {without:8,.0f}   with {with_it:8,.0f}   {with_it / without - 1:+.1%}")


if __name__ == "__main__":
    main()
