"""Reads what the store holds without changing it: jobs, pages, events, depths, presence and past durations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from workers.contracts.expectations import Expectations
from workers.contracts.job import QUEUES, SERVED, Expected, Job, JobEvent
from workers.settings import Settings
from workers.store.connection import translated
from workers.store.durations import Duration, expect, kept_promises, published
from workers.store.entries import entry_name
from workers.store.record import PUBLIC, read_job

EXACT = ("job", "result", "model", "route", "tenant")
PRESENT_S = 5.0  # a worker not heard of for so long is not counted as there
FADE_MS = 900_000  # the half-life that lua/prelude.lua has
SCAN = 200  # ids looked at in one go when a list is filtered
MOST_SCANNED = 2_000  # ids looked at for one page; the cursor goes on from there


class JobReader:
    """Reads the store."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis: Any = redis  # the library's types allow bytes; our connections decode them
        self._prefix = settings.redis.key_prefix
        self._present_s = max(PRESENT_S, settings.reliability.heartbeat_s * 3)

    async def job(self, job_id: str, tenant: str) -> Job | None:
        """Read a job of a tenant; None when there is none, or when it is another tenant's."""
        return (await self.jobs([job_id], tenant))[0]

    async def jobs(self, job_ids: Sequence[str], tenant: str) -> list[Job | None]:
        """Read several jobs of a tenant in one round trip."""
        with translated():
            if len(job_ids) == 1:
                rows = [await self._redis.hmget(f"{self._prefix}job:{job_ids[0]}", PUBLIC)]
            else:
                pipeline = self._redis.pipeline(transaction=False)
                for job_id in job_ids:
                    pipeline.hmget(f"{self._prefix}job:{job_id}", PUBLIC)
                rows = await pipeline.execute()
        owner = PUBLIC.index("tenant")
        return [
            read_job(job_id, PUBLIC, row) if row[owner] == tenant else None
            for job_id, row in zip(job_ids, rows, strict=True)
        ]

    async def request_json(self, job_id: str) -> str | None:
        """Read the request as it was submitted."""
        with translated():
            request: str | None = await self._redis.hget(f"{self._prefix}job:{job_id}", "request")
        return request

    async def exact(self, tenant: str, cache_key: str) -> dict[str, str] | None:
        """Read the cache's entry for a key: `job`, `result` and `route` as JSON, `model`, `tenant`; None without one."""
        with translated():
            values = await self._redis.hmget(self._prefix + entry_name(tenant, cache_key), EXACT)
        return dict(zip(EXACT, values, strict=True)) if values[0] else None

    async def page(
        self, tenant: str, *, limit: int, cursor: str | None, wanted: dict[str, str], newer: str = "-", older: str = "+"
    ) -> tuple[list[Job], str | None]:
        """Read a tenant's jobs, newest first, that have the wanted field values.

        Args:
            tenant: whose jobs.
            limit: most jobs returned.
            cursor: the last id of the page before.
            wanted: fields of Job with the value that each must have.
            newer: only ids from this one on (`[id`), or `-`.
            older: only ids before this one (`(id`), or `+`.

        Returns:
            The jobs and the cursor of the next page, None at the end.
        """
        key, scanned = f"{self._prefix}tenant:{tenant}:jobs", 0
        found: list[Job] = []
        top = f"({cursor}" if cursor else older
        many = SCAN if wanted else limit + 1
        while scanned < MOST_SCANNED:
            with translated():
                ids = await self._redis.zrevrangebylex(key, top, newer, start=0, num=many)
            gone = []
            for job_id, job in zip(ids, await self.jobs(ids, tenant), strict=True):
                if job is None:
                    gone.append(job_id)
                elif all(getattr(job, name) == value for name, value in wanted.items()):
                    if len(found) == limit:
                        return found, top[1:]
                    found.append(job)
                top = f"({job_id}"
            scanned += len(ids)
            if gone:  # their records were kept for as long as the settings say
                with translated():
                    await self._redis.zrem(key, *gone)
            if len(ids) < many:
                return found, None
        return found, top[1:]

    async def events(self, job_id: str, after: str = "0", most: int = 500) -> list[JobEvent]:
        """Read a job's events after an id, oldest first."""
        with translated():
            rows = await self._redis.xrange(f"{self._prefix}job:{job_id}:events", min=f"({after}", count=most)
        return [JobEvent(id=row[0], type=row[1]["type"], data=json.loads(row[1]["data"])) for row in rows]

    async def newest_event(self, job_id: str) -> str | None:
        """Read the id of a job's newest event."""
        with translated():
            rows = await self._redis.xrevrange(f"{self._prefix}job:{job_id}:events", count=1)
        return rows[0][0] if rows else None

    async def depths(self) -> dict[str, int]:
        """Count the jobs that wait in each queue."""
        with translated():
            pipeline = self._redis.pipeline(transaction=False)
            for queue in QUEUES:
                pipeline.zcard(f"{self._prefix}waiting:{queue}")
            return dict(zip(QUEUES, await pipeline.execute(), strict=True))

    async def present(self) -> dict[str, int]:
        """Count the worker processes that serve each queue and were heard of lately."""
        with translated():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.time()  # workers are noted by the clock of Redis, and ours may differ
            for queue in SERVED:
                pipeline.zrange(f"{self._prefix}workers:{queue}", 0, -1, withscores=True)
            (seconds, _), *heard = await pipeline.execute()
        since = (seconds - self._present_s) * 1000
        return {queue: sum(at >= since for _, at in workers) for queue, workers in zip(SERVED, heard, strict=True)}

    async def ping(self) -> None:
        """Check that Redis answers.

        Raises:
            StoreUnavailable: it does not.
        """
        with translated():
            await self._redis.ping()

    async def broker_seen(self) -> bool:
        """Tell whether a worker has reached the broker beside Redis in the last seconds.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with translated():
            return bool(await self._redis.exists(f"{self._prefix}broker:seen"))

    async def past(self, model: str) -> dict[str, list[Duration]]:
        """Read the latest durations of a model by task type."""
        return (await self._durations(model)).get(model, {})

    async def expected(self, task_type: str, model: str, prompt_chars: int = 0) -> Expected:
        """Tell how long an answer is likely to take, from the last 200 of each task type of its model."""
        return expect(dict(await self.past(model)), task_type, prompt_chars)

    async def expectations(self) -> Expectations:
        """Tell what is expected of every kind of job, and how often that held."""
        by_model = await self._durations(None)
        data = [each for model, past in sorted(by_model.items()) for each in published(dict(past), model)]
        held, checked = kept_promises(one for past in by_model.values() for many in past.values() for one in many)
        return Expectations(data=data, p90_held=round(held / checked, 4) if checked else None, p90_checked=checked)

    async def _durations(self, model: str | None) -> dict[str, dict[str, list[Duration]]]:
        with translated():
            names = await self._redis.smembers(f"{self._prefix}histories")
            wanted = sorted(name for name in names if model is None or name.partition(":")[2] == model)
            pipeline = self._redis.pipeline(transaction=False)
            for name in wanted:
                pipeline.lrange(f"{self._prefix}history:{name}", 0, -1)
            lists = await pipeline.execute() if wanted else []
        found: dict[str, dict[str, list[Duration]]] = {}
        for name, texts in zip(wanted, lists, strict=True):
            task_type, _, of = name.partition(":")
            found.setdefault(of, {})[task_type] = [Duration.read(text) for text in texts]
        return found

    async def outcomes(self, task_type: str, model: str) -> tuple[float, float]:
        """Tell how many reasoning attempts came to an end of late, and how many ran out of time.

        Both counts fade by half in a quarter of an hour, as note_outcome in lua/prelude.lua writes them.
        """
        with translated():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.time()
            pipeline.hmget(f"{self._prefix}outcomes:{task_type}:{model}", "ok", "late", "at")
            (seconds, _), (ended, late, at) = await pipeline.execute()
        if at is None:
            return 0.0, 0.0
        left = 0.5 ** (max(0.0, seconds * 1000 - float(at)) / FADE_MS)
        return float(ended) * left, float(late) * left

    async def failures(self, most: int = 100) -> list[dict[str, Any]]:
        """Read the newest lines of the failure log, newest first."""
        with translated():
            rows = await self._redis.xrevrange(f"{self._prefix}failures", count=most)
        return [json.loads(row[1]["entry"]) for row in rows]

    async def failure_counts(self) -> dict[str, int]:
        """Read the tally of failures by `lane|task type|model|cause`."""
        with translated():
            counts = await self._redis.hgetall(f"{self._prefix}failures:count")
        return {name: int(count) for name, count in counts.items()}
