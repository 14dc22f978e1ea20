"""The store of one test: its settings, its connections, and the objects of workers/store over them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workers.contracts.job import Budget, Job, Queue
from workers.contracts.request import JobRequest
from workers.settings import Settings
from workers.store.connection import connect
from workers.store.jobs import JobStore, NewJob, Submitted
from workers.store.reading import JobReader
from workers.store.record import Claim
from workers.store.scripts import Scripts
from workers.submission.fingerprint import new_job_id

if TYPE_CHECKING:
    from workers.client import Client

TENANT = "acme"
BUDGET = Budget(deadline_s=600, reasoning_s=300, fallback_s=30, margin_s=2)


def make_settings(redis_url: str, **settings: Any) -> Settings:
    """Make settings that know nothing of the developer's thinkline.toml, .env and environment.

    The root conftest takes THINKLINE_* and REDIS_URL out of the environment of every test.
    """
    return Settings(_env_file=None, redis_url=redis_url, **settings)


@dataclass(frozen=True, slots=True)
class Store:
    """One process's view of the store, as a worker or the API has it."""

    settings: Settings
    redis: Any  # the library's types allow bytes; our connections decode them
    scripts: Scripts
    jobs: JobStore
    reader: JobReader

    def key(self, name: str) -> str:
        """Name a key as the scripts do."""
        return f"{self.settings.redis.key_prefix}{name}"

    async def submit(self, **changes: Any) -> Submitted:
        """Submit a job that asks for nothing special."""
        return await self.jobs.submit(new_job(**changes))

    async def record(self, job_id: str) -> dict[str, str]:
        """Read the raw record of a job."""
        record: dict[str, str] = await self.redis.hgetall(self.key(f"job:{job_id}"))
        return record

    async def job(self, job_id: str, tenant: str = TENANT) -> Job:
        """Read a job that must be there."""
        job = await self.reader.job(job_id, tenant)
        if job is None:
            raise AssertionError(f"there is no job {job_id}")
        return job

    async def events(self, job_id: str) -> list[str]:
        """List the types of a job's events."""
        return [event.type for event in await self.reader.events(job_id)]

    async def messages(self, queue: Queue) -> list[str]:
        """List the broker messages of a queue, the next to be taken first."""
        raw: list[str] = await self.redis.lrange(self.key(queue), 0, -1)
        return list(reversed(raw))

    async def everything(self) -> dict[str, Any]:
        """Read all that the store holds, but for which workers were heard of."""
        found: dict[str, Any] = {}
        async for key in self.redis.scan_iter(match=self.key("*"), count=1000):
            kind = await self.redis.type(key)
            if kind == "hash":
                found[key] = await self.redis.hgetall(key)
            elif kind == "zset" and not key.startswith(self.key("workers:")):
                found[key] = await self.redis.zrange(key, 0, -1, withscores=True)
            elif kind == "stream":
                found[key] = await self.redis.xrange(key)
            elif kind == "list":
                found[key] = await self.redis.lrange(key, 0, -1)
            elif kind == "string":
                found[key] = await self.redis.get(key)
        return found

    async def running(self, queue: Queue = "standard", worker: str = "w1", **changes: Any) -> Claim:
        """Submit a job straight to a queue and claim its first attempt."""
        job_id = (await self.submit(queue=queue, **changes)).job_id
        claim = await self.jobs.claim(queue, job_id, 0, worker)
        if isinstance(claim, str):
            raise TypeError(f"the claim was refused: {claim}")
        return claim

    async def pass_time(self, seconds: float) -> None:
        """Move every time that the store holds into the past, which is what a clock that goes on looks like."""
        await _shift(self, round(seconds * 1000))


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """Open the store inside a running loop, and close its connections at the end."""
    redis = connect(settings)
    scripts = Scripts(redis, settings)
    try:
        yield Store(settings, redis, scripts, JobStore(scripts), JobReader(redis, settings))
    finally:
        await redis.aclose()


@asynccontextmanager
async def open_client(settings: Settings) -> AsyncIterator[Client]:
    """Open a client as the API does."""
    from workers.client import Client

    client = Client(settings)
    await client.open()
    try:
        yield client
    finally:
        await client.close()


def new_job(
    *,
    tenant: str = TENANT,
    queue: Queue = "classify",
    budget: Budget = BUDGET,
    request: JobRequest | None = None,
    fields: Mapping[str, Any] | None = None,
    **names: Any,
) -> NewJob:
    """Describe a job to submit; `names` are NewJob's own arguments."""
    asked = request or JobRequest(input="What is the capital of France?")
    all_fields = {
        "tenant": tenant,
        "request": asked.model_dump_json(exclude_none=True, exclude_defaults=True, by_alias=True),
        "budget": budget,
        "deadline_ms": str(round(budget.deadline_s * 1000)),
        "reasoning_ms": str(round(budget.reasoning_s * 1000)),
        "cache": {"outcome": "miss"},
        **(fields or {}),
    }
    return NewJob(**{"job_id": new_job_id(), "tenant": tenant, "queue": queue, "fields": all_fields, **names})


def read_message(text: str) -> tuple[str, int]:
    """Take the id and the attempt out of a broker message."""
    job_id, _, attempt = json.loads(text)["headers"]["id"].rpartition(".")
    return job_id, int(attempt)


async def _shift(store: Store, ms: int) -> None:
    redis = store.redis
    prefix = store.settings.redis.key_prefix
    async for key in redis.scan_iter(match=f"{prefix}*", count=1000):
        name = key.removeprefix(prefix)
        if name == "due" or name.startswith(("waiting:", "workers:")):
            for member, _ in await redis.zrange(key, 0, -1, withscores=True):
                await redis.zincrby(key, -ms, member)
        elif name.startswith("claimed:"):
            await redis.decrby(key, ms)
        elif name.startswith("job:") and not name.endswith(":events"):
            record = await redis.hgetall(key)
            for field in ("queued_at", "deadline_at", "reasoning_until", "attempt_at", "created_at"):
                if field in record:
                    await redis.hincrby(key, field, -ms)
