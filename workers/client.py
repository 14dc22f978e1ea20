"""Submit, get, wait, cancel, retry, list and tail: the face that the API imports.

It promises that an acknowledged job is in Redis together with its broker message, and that nobody sees another
tenant's job. It imports neither Celery nor any model code.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal

from workers.cache_client import CacheClient
from workers.contracts.errors import IdempotencyMismatch, InvalidRequest, NotFound, Overloaded, WrongState
from workers.contracts.events import BEGINNING, Cursor, cursor_of
from workers.contracts.expectations import Expectations
from workers.contracts.job import Feedback, Job, JobEvent, JobPage
from workers.contracts.request import JobRequest
from workers.contracts.routing import RouterStatus
from workers.contracts.usage import FailureReport, UsageReport
from workers.contracts.webhooks import ENDINGS
from workers.following import Following, Listed, Source
from workers.settings import Settings
from workers.store.connection import connect, outliving
from workers.store.feeds import Feeds
from workers.store.jobs import JobStore, NewJob
from workers.store.metrics import MetricsStore
from workers.store.queue_places import Places
from workers.store.reading import JobReader
from workers.store.routing import RouterStore
from workers.store.scripts import Scripts
from workers.store.signals import Signals
from workers.store.usage import UsageReader
from workers.submission.budget import divide
from workers.submission.destination import read_destination
from workers.submission.fingerprint import JOB_ID, body_hash, id_at, key_hash, new_job_id
from workers.submission.schema import check_schema
from workers.submission.scope import cache_key, scope_hash
from workers.webhook_client import WebhookClient

__all__ = ["Client", "Following", "JobFilter", "Submission"]
OR_ELSE = ("|", 0)  # the gates behind it refuse only when all of them are full
MOST_EVENTS = 1_000


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of a submission: `accepted` (new), `existing` (same idempotency key) or `hit` (exact cache)."""

    job_id: str
    outcome: Literal["accepted", "existing", "hit"]
    job: Job | None = None


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs a list shows; what is None is not asked."""

    status: str | None = None
    lane: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


class Client:
    """Thinkline for one process: open it inside a running event loop, close it there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._redis = connect(settings)
        self._tail = connect(settings, max_connections=4)  # a blocking read must not take a connection from the others
        scripts = Scripts(self._redis, settings)
        self._store = JobStore(scripts)
        self.cache = CacheClient(self._redis, scripts, settings)
        self.webhooks = WebhookClient(self._redis, scripts, settings)
        self.metrics = MetricsStore(self._redis, scripts, settings)
        self._reader = JobReader(self._redis, settings)
        self._places = Places(self._redis, settings)
        self._feeds = Feeds(self._redis, settings)
        self._signals = Signals(self._tail, settings, self._feeds)

    async def open(self) -> None:
        """Begin to listen for ended jobs; a Redis that is away does not stop it."""
        await self._signals.start()

    def let_go(self) -> None:
        """Answer everyone who waits with the job as it is now, and end every stream; from here on nobody waits."""
        self._signals.release()
        self._feeds.release()

    async def close(self) -> None:
        """Close every connection and wake every waiter."""
        await self._signals.stop()
        await self._feeds.stop()
        await self._redis.aclose()
        await self._tail.aclose()

    async def submit(self, tenant: str, request: JobRequest, *, idempotency_key: str | None = None) -> Submission:
        """Accept a job durably.

        Args:
            tenant: who asks.
            request: a validated request.
            idempotency_key: the same key and body give the same job while the key is remembered.

        Raises:
            InvalidRequest: the schema, the model, the deadline or the webhook's address cannot be accepted.
            IdempotencyMismatch: the key came with another body.
            Overloaded: too many jobs wait already.
            StoreUnavailable: Redis is away; nothing is known to be accepted.
        """
        new = self._new_job(tenant, request, idempotency_key)
        done = await self._store.submit(new)
        if done.outcome == "full":
            raise Overloaded(
                f"{done.depth} jobs wait in the {done.queue} queue already",
                retry_after_s=min(60, max(1, round(done.oldest_s))),
                lane=done.queue,
            )
        if done.outcome == "existing":
            if done.body_hash != new.body_hash:
                raise IdempotencyMismatch("this Idempotency-Key was used with another body", field="Idempotency-Key")
            return Submission(done.job_id, "existing", await self._reader.job(done.job_id, tenant))
        if done.outcome == "hit":
            return Submission(done.job_id, "hit", await self._reader.job(done.job_id, tenant))
        return Submission(done.job_id, "accepted")

    async def get(self, tenant: str, job_id: str, *, wait_s: float = 0) -> Job:
        """Read a job; with `wait_s`, wait so long for it to end and return at once when it does.

        Raises:
            NotFound: the tenant has no such job.
            StoreUnavailable: Redis is away; a wait that has begun outlives that, if it comes back in time.
        """
        if wait_s <= 0:
            return await self._known(tenant, job_id)
        ended = self._signals.watch(job_id)
        try:
            job = await self._known(tenant, job_id)
            loop = asyncio.get_running_loop()
            until = loop.time() + wait_s
            while not (job.terminal or self._signals.released) and (left := until - loop.time()) > 0:
                await asyncio.wait((ended,), timeout=left)
                ended.cancel()
                ended = self._signals.watch(job_id)
                job = await outliving(partial(self._known, tenant, job_id), until)
            return job
        finally:
            ended.cancel()

    async def cancel(self, tenant: str, job_id: str) -> Job:
        """End a job now; its upstream call is closed within two heartbeats.

        Raises:
            NotFound: the tenant has no such job.
            WrongState: it ended already with another status (to cancel a cancelled job again is fine).
        """
        _checked(job_id)
        answer = await self._store.cancel(job_id, tenant)
        if answer == "unknown":
            raise NotFound("there is no such job")
        if answer not in ("ok", "cancelled"):
            raise WrongState(f"the job has {answer} already", status=answer)
        return await self._known(tenant, job_id)

    async def retry(self, tenant: str, job_id: str) -> Job:
        """Begin a failed or cancelled job again, with a fresh budget and the same id.

        Raises:
            NotFound: the tenant has no such job.
            WrongState: it has not failed and was not cancelled.
        """
        job = await self._known(tenant, job_id)
        answer = await self._store.retry(job_id, tenant, job.attempt, {})
        if answer == "unknown":
            raise NotFound("there is no such job")
        if answer != "ok":
            raise WrongState(f"only a failed or cancelled job can be tried again; this one is {answer}", status=answer)
        return await self._known(tenant, job_id)

    async def feedback(self, tenant: str, job_id: str, words: Feedback) -> Job:
        """Keep what its owner says of a job's answer; a wrong one is not served from the cache again.

        Raises:
            NotFound: the tenant has no such job.
            WrongState: the job has no answer.
        """
        _checked(job_id)
        answer = await self._store.feedback(job_id, tenant, words, wrong=not words.correct)
        if answer == "unknown":
            raise NotFound("there is no such job")
        if answer != "ok":
            raise WrongState(f"only a succeeded job has an answer to judge; this one is {answer}", status=answer)
        return await self._known(tenant, job_id)

    async def with_request(self, job: Job) -> Job:
        """Add the request to a job that was read for its owner."""
        raw = await self._reader.request_json(job.id)
        return job.model_copy(update={"request": json.loads(raw) if raw else None})

    async def page(self, tenant: str, wanted: JobFilter, *, limit: int = 20, cursor: str | None = None) -> JobPage:
        """List a tenant's jobs, newest first.

        Raises:
            InvalidRequest: the cursor is not one of ours.
        """
        if cursor is not None and not JOB_ID.match(cursor):
            raise InvalidRequest("is not a cursor of this list", field="cursor")
        jobs, following = await self._reader.page(
            tenant,
            limit=limit,
            cursor=cursor,
            wanted={name: value for name in ("status", "lane") if (value := getattr(wanted, name)) is not None},
            newer=f"[{id_at(_ms(wanted.created_after))}" if wanted.created_after else "-",
            older=f"({id_at(_ms(wanted.created_before))}" if wanted.created_before else "+",
        )
        return JobPage(data=jobs, next_cursor=following)

    async def events(
        self, tenant: str, job_id: str, *, after: str = "0", most: int = MOST_EVENTS, thinking_text: bool = False
    ) -> list[JobEvent]:
        """Replay a job's events after an event id, oldest first.

        Raises:
            NotFound: the tenant has no such job.
            ValueError: `after` is no event's id.
        """
        cursor = cursor_of(after)
        job = await self._known(tenant, job_id)
        stored = await self._reader.events(job_id, "0", self._settings.reliability.event_limit * 2)
        following = self._following(job, tenant, Listed(stored), cursor, thinking_text=thinking_text)
        return (await following.events(0))[:most]

    async def follow(
        self, tenant: str, job_id: str, *, after: str | None = None, thinking_text: bool = False
    ) -> Following | None:
        """Follow a job's events live, after an event id or from the first one; None when it ended and all was seen.

        Raises:
            NotFound: the tenant has no such job.
            ValueError: `after` is no event's id.
        """
        cursor = BEGINNING if after is None else cursor_of(after)
        job = await self._known(tenant, job_id)
        if job.terminal and after is not None and cursor >= await self._newest(job_id):
            return None
        return self._following(job, tenant, self._feeds.open(job_id), cursor, thinking_text=thinking_text)

    @property
    def followed(self) -> int:
        """How many streams were opened so far, in this process."""
        return self._feeds.opened

    @property
    def following(self) -> int:
        """How many streams are open, in this process."""
        return len(self._feeds)

    def _following(self, job: Job, tenant: str, source: Source, after: Cursor, *, thinking_text: bool) -> Following:
        told = thinking_text and self._settings.streams.thinking_text
        read = partial(self._reader.job, job.id, tenant)
        return Following(job, source, read, self._places.of, after=after, thinking_text=told)

    async def _newest(self, job_id: str) -> Cursor:
        newest = await self._reader.newest_event(job_id)
        return cursor_of(newest) if newest else BEGINNING

    async def expectations(self) -> Expectations:
        """Tell how long answers take by task type, model and prompt size, and how often that held."""
        return await self._reader.expectations()

    async def health(self) -> dict[str, bool]:
        """Say which parts are there: `redis`, a worker for each queue, and the broker where it is another one.

        The broker is there when a worker has reached it in the last five seconds.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await self._reader.ping()
        broker = {} if self._settings.broker_url is None else {"broker": await self._reader.broker_seen()}
        return {"redis": True, **broker} | {
            f"worker_{queue}": count > 0 for queue, count in (await self._reader.present()).items()
        }

    async def depths(self) -> dict[str, int]:
        """Count the jobs that wait in each queue."""
        return await self._reader.depths()

    async def usage(self, tenant: str, days: int) -> UsageReport:
        """Sum up a tenant's tokens and money of the last `days` days."""
        return await UsageReader(self._redis, self._settings).usage(tenant, days)

    async def failures(self, tenant: str, days: int) -> FailureReport:
        """Sum up what a tenant's reasoning attempts of the last `days` days struggled with."""
        return await UsageReader(self._redis, self._settings).failures(tenant, days)

    async def router(self) -> RouterStatus:
        """Say what the classify workers decide with, and what they decided."""
        return await RouterStore(self._redis, self._settings).status(now_s=time.time())

    @property
    def waiting(self) -> int:
        """How many callers wait for a job to end, in this process."""
        return self._signals.waiting

    async def _known(self, tenant: str, job_id: str) -> Job:
        _checked(job_id)
        job = await self._reader.job(job_id, tenant)
        if job is None:
            raise NotFound("there is no such job")
        return job

    def _new_job(self, tenant: str, request: JobRequest, idempotency_key: str | None) -> NewJob:
        settings = self._settings
        self._check_model(request)
        if request.answer_schema is not None:
            check_schema(request.answer_schema)
        budget = divide(request.deadline_s, settings)
        webhook = self._webhook(request)
        kept = settings.cache.enabled and _deterministic(request, settings)
        mode = request.cache if kept else "off"
        key = cache_key(tenant, request, settings) if mode != "off" else ""
        fields = {
            "tenant": tenant,
            "request": request.model_dump_json(exclude_none=True, exclude_defaults=True, by_alias=True),
            "budget": budget,
            "deadline_ms": str(round(budget.deadline_s * 1000)),
            "reasoning_ms": str(round(budget.reasoning_s * 1000)),
            "cache": {"outcome": "miss" if mode == "use" else mode, **_why_off(request, settings)},
            "cache_key": key,
            "cache_scope": scope_hash(request, settings) if key else None,
            "metadata": request.metadata or None,
            **webhook,
        }
        return NewJob(
            job_id=new_job_id(),
            tenant=tenant,
            queue="classify",
            fields=fields,
            gates=self._gates(request),
            idempotency_hash=key_hash(idempotency_key) if idempotency_key else "",
            body_hash=body_hash(request) if idempotency_key else "",
            idempotency_s=settings.reliability.idempotency_s,
            exact_hash=key if mode == "use" else "",
        )

    def _webhook(self, request: JobRequest) -> dict[str, str]:
        """What the step that ends the job must know of the address that the job itself names."""
        if request.webhook_url is None:
            return {}
        url = read_destination(request.webhook_url, self._settings.webhooks, field="webhook_url").url
        return {"webhook_url": url, "webhook_events": ",".join(dict.fromkeys(request.webhook_events or ENDINGS))}

    def _check_model(self, request: JobRequest) -> None:
        if request.model is None:
            return
        if request.model not in self._settings.models:
            allowed = ", ".join(sorted(self._settings.models))
            raise InvalidRequest(f"is not in the catalogue; allowed are {allowed}", field="model")
        if request.route == "auto":
            raise InvalidRequest("needs `route` to be `reasoning` or `standard`", field="model")

    def _gates(self, request: JobRequest) -> tuple[tuple[str, int], ...]:
        lanes, first = self._settings.lanes, ("classify", self._settings.classify.max_depth)
        reasoning, standard = ("reasoning", lanes.reasoning.max_depth), ("standard", lanes.standard.max_depth)
        if request.route == "auto":
            return (first, OR_ELSE, reasoning, standard)
        return (first, reasoning if request.route == "reasoning" else standard)


def _deterministic(request: JobRequest, settings: Settings) -> bool:
    return request.temperature is None or request.temperature <= settings.cache.max_temperature


def _why_off(request: JobRequest, settings: Settings) -> dict[str, str]:
    """Name the rule by which nothing of this job is kept, when it is known at submission."""
    if not settings.cache.enabled or request.cache == "off":
        return {}
    return {} if _deterministic(request, settings) else {"rule": "too_hot"}


def _checked(job_id: str) -> None:
    if not JOB_ID.match(job_id):
        raise NotFound("there is no such job")


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
