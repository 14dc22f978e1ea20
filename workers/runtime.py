"""The composition root of a worker process: one event loop, one set of adapters, one heartbeat and one reaper.

Celery's threads hand their coroutine to this loop and wait. Nothing here knows what a stage does; nothing in a stage
knows which adapters it was given.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import CancelledError as FutureCancelled
from typing import Any, Literal

import uvloop

from workers import caching, classifying, structured
from workers.cache.keeping import Keeping
from workers.contracts.errors import SettingsError, StoreUnavailable
from workers.contracts.job import DELIVER, LANES, SERVED, Expected, Lane, ServedQueue
from workers.contracts.upstreams import UpstreamConfig
from workers.contracts.webhooks import job_of
from workers.memory import give_back_now, rest_collector
from workers.publishing import BrokerPublisher
from workers.routing.lessons import Outcomes
from workers.routing.live import LiveRouter
from workers.settings import Settings, UpstreamSettings
from workers.stages.answer import AnswerStage
from workers.stages.check import CheckStage
from workers.stages.classify import ClassifyStage
from workers.stages.deliver import DeliverStage
from workers.stages.lease import Leases
from workers.stages.pulse import Slots, tell_for_ever
from workers.stages.reap import Reaper
from workers.stages.relay import Relay
from workers.stages.settle import Settlement
from workers.store.breaker import BreakerStore
from workers.store.checks import CheckStore
from workers.store.connection import connect
from workers.store.durations import Duration, expect, size_of
from workers.store.jobs import JobStore
from workers.store.outbox import Outbox
from workers.store.pulse import PulseStore
from workers.store.reading import JobReader
from workers.store.routing import RouterStore
from workers.store.scripts import Scripts
from workers.store.webhooks import WebhookStore
from workers.telemetry import logger
from workers.upstream.breaker import CircuitBreaker
from workers.upstream.client import UpstreamClient
from workers.webhooks.sending import Sender

log = logger("runtime")
SWITCH_S = 0.0005
CHECKED: tuple[Lane, ...] = ("reasoning", "standard")  # lanes whose answers are kept, and checked


class Runtime:
    """All that one worker process runs on. `start` before the first job, `drain` and `stop` at the end."""

    def __init__(self, settings: Settings, queues: Sequence[str], slots: int = 1) -> None:
        unknown = set(queues) - set(SERVED)
        if unknown:
            raise SettingsError(f"queues {sorted(unknown)} do not exist: allowed are {', '.join(SERVED)}")
        self.settings = settings
        self.worker = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self._queues = tuple(queues)
        self._slots = Slots(slots)
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="thinkline-loop", daemon=True)
        self._background: list[asyncio.Task[None]] = []
        self._classify: ClassifyStage | None = None
        self._embedder: classifying.Embedder | None = None
        self._publisher: BrokerPublisher | None = None

    def start(self) -> None:
        """Load what decides, start the loop, connect, and begin the heartbeat and the reaper.

        Raises:
            SettingsError: a classify worker has no encoder or no router to decide with.
        """
        deciding = classifying.load(self.settings) if "classify" in self._queues else None
        # Celery's thread waits for Redis a few times a message and wants the interpreter back each time; at the default
        # of 5 ms a busy event loop made it wait that long (docs/decisions/0005).
        sys.setswitchinterval(SWITCH_S)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(deciding), self._loop).result(timeout=60)
        rest_collector()
        if deciding is not None:
            give_back_now()  # what loading the encoder left over
        log.info("worker.started", worker=self.worker, queues=list(self._queues))

    def run(self, queue: ServedQueue | Literal["check"], job_id: str, attempt: int) -> None:
        """Run one attempt on the loop and wait for it; called from one of Celery's threads."""
        try:
            with self._slots.taken(queue):
                asyncio.run_coroutine_threadsafe(self._stage(queue, job_id, attempt), self._loop).result()
        except FutureCancelled:
            log.info("attempt.stopped", queue=queue, **_named(queue, job_id, attempt))
        except StoreUnavailable:  # the record stands as it is; the reaper brings the job back
            log.warning("attempt.dropped", queue=queue, reason="Redis is away", **_named(queue, job_id, attempt))
        except Exception as error:  # noqa: BLE001 - here a task ends
            # Celery would write the error's text, which may quote a prompt, into its log and into Flower. The lease
            # runs out now, the reaper gives the job to another worker, and after a few tries it is set aside.
            named = _named(queue, job_id, attempt)
            log.error("attempt.broken", queue=queue, error=type(error).__name__, where=_where(error), **named)  # noqa: TRY400

    def _stage(self, queue: ServedQueue | Literal["check"], job_id: str, attempt: int) -> Coroutine[Any, Any, None]:
        if queue == "classify":
            if self._classify is None:
                raise SettingsError("this worker was not started for the classify queue")
            return self._classify.run(job_id, attempt)
        if queue == "deliver":
            return self._deliver.run(job_id)
        if queue == "check":
            return self._check.run(job_id, attempt)
        return self._answer.run(queue, job_id, attempt)

    def drain(self) -> None:
        """Give running attempts their grace, then hand them back; returns when none is left or time is over."""
        self._slots.close()
        grace_s = self.settings.reliability.shutdown_grace_s
        try:
            asyncio.run_coroutine_threadsafe(self._drain(grace_s), self._loop).result(timeout=grace_s + 5)
        except TimeoutError:
            log.warning("worker.drain_timeout", in_flight=len(self._leases))

    def stop(self) -> None:
        """Close every connection and stop the loop."""
        try:
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=5)
        except TimeoutError:
            log.warning("worker.close_timeout")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=2)

    async def _open(self, deciding: classifying.Deciding | None) -> None:
        settings = self.settings
        self._redis = connect(settings)
        scripts = Scripts(self._redis, settings)
        store, reader = JobStore(scripts), JobReader(self._redis, settings)
        self._leases = Leases(
            store,
            self.worker,
            self._queues,
            settings.reliability.heartbeat_s,
            tell_thinking=settings.streams.thinking_text,
        )
        remembered = Remembered(reader, settings.lanes.reasoning.model)
        self._upstream = UpstreamClient(upstream_configs(settings, self._queues))
        self._answer = AnswerStage(
            store=store,
            leases=self._leases,
            upstream=self._upstream,
            structure=structured,
            breaker=CircuitBreaker(BreakerStore(scripts, settings.breaker)),
            settlement=Settlement(store, remembered, Keeping(settings.cache), settings),
            settings=settings,
            worker=self.worker,
        )
        checks = CheckStore(self._redis, scripts, settings)
        self._check = CheckStage(checks, self._answer, structured, settings, crowded=lambda: self._slots.full)
        self._sender = Sender(settings.webhooks)
        self._deliver = DeliverStage(WebhookStore(self._redis, scripts, settings), self._sender, settings.webhooks)
        reaper = Reaper(store, settings)
        cache = None if deciding is None else await caching.open_cache(self._redis, scripts, settings, deciding.encoder)
        deciders = [] if deciding is None or cache is None else self._decide_with(deciding, store, remembered, cache)
        self._background = [
            asyncio.create_task(self._leases.beat_for_ever(), name="heartbeat"),
            asyncio.create_task(reaper.reap_for_ever(), name="reaper"),
            asyncio.create_task(caching.sweep_for_ever(self._redis, scripts, settings), name="sweeper"),
            asyncio.create_task(
                tell_for_ever(PulseStore(self._redis, settings), self.worker, self._queues, self._slots), name="pulse"
            ),
            *deciders,
        ]
        if settings.broker_url is not None:
            self._publisher = BrokerPublisher(settings.broker_url.get_secret_value(), settings.broker)
            relay = Relay(Outbox(self._redis, scripts, settings), self._publisher, self.worker)
            self._background.append(asyncio.create_task(relay.pass_on_for_ever(), name="relay"))
        if DELIVER in self._queues:
            self._background.append(asyncio.create_task(self._deliver.pump_for_ever(), name="deliveries"))
        lanes: list[Lane] = [lane for lane in CHECKED if lane in self._queues]
        if lanes:
            self._background.append(asyncio.create_task(self._check.pump_for_ever(lanes), name="checks"))
        for task in self._background:
            task.add_done_callback(_never_ends)

    def _decide_with(
        self, deciding: classifying.Deciding, store: JobStore, known: Remembered, cached: caching.Caching
    ) -> list[asyncio.Task[None]]:
        """Make the classify stage; the tasks look for new artefacts, tell what was decided, and follow the cache."""
        settings = self.settings
        router = LiveRouter(self.worker, deciding.live, known, deciding.shadow)
        self._embedder = classifying.embedder(deciding, settings)
        self._classify = ClassifyStage(
            store=store,
            leases=self._leases,
            encoder=self._embedder,
            router=router,
            cache=cached.cache,
            expectations=known,
            depths=known.depths,
            settings=settings,
            worker=self.worker,
        )
        watch = router.watch_for_ever(RouterStore(self._redis, settings), settings.router.reload_s)
        work = {"router": watch, **cached.background}
        return [asyncio.create_task(task, name=name) for name, task in work.items()]

    async def _drain(self, grace_s: float) -> None:
        self._check.stop()
        await asyncio.gather(self._leases.drain(grace_s), self._deliver.drain(grace_s))

    async def _close(self) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        if self._embedder is not None:
            self._embedder.close()
        if self._publisher is not None:
            await self._publisher.aclose()
        await self._upstream.aclose()
        await self._sender.aclose()
        await self._redis.aclose()


class Remembered:
    """Reads of the store that may be a moment old: past durations for five seconds, the others for half of one."""

    def __init__(self, reader: JobReader, reasoning_model: str) -> None:
        self.reader = reader
        self._reasoning_model = reasoning_model
        self._kept: dict[tuple[str, ...], tuple[float, Any]] = {}

    async def expected(self, task_type: str, model: str, prompt_chars: int) -> Expected:
        """Tell how long an answer of this task type by this model to a prompt of this size is likely to take."""

        async def reckon() -> Expected:
            past: dict[str, list[Duration]] = await self._fresh(("past", model), 5.0, lambda: self.reader.past(model))
            return expect(dict(past), task_type, prompt_chars)

        key = ("expected", task_type, model, size_of(prompt_chars))
        found: Expected = await self._fresh(key, 5.0, reckon)
        return found

    async def depths(self) -> dict[str, int]:
        """Count the jobs that wait in each queue."""
        found: dict[str, int] = await self._fresh(("depths",), 0.5, self.reader.depths)
        return found

    async def outcomes(self, task_type: str) -> Outcomes:
        """Tell how the reasoning lane's model did of late with a task type."""
        ended, late = await self._fresh(
            ("outcomes", task_type), 0.5, lambda: self.reader.outcomes(task_type, self._reasoning_model)
        )
        return Outcomes(ended, late)

    async def _fresh(self, key: tuple[str, ...], for_s: float, read: Callable[[], Awaitable[Any]]) -> Any:
        now = asyncio.get_running_loop().time()
        kept = self._kept.get(key)
        if kept is None or now - kept[0] > for_s:
            kept = (now, await read())
            self._kept[key] = kept
        return kept[1]


def upstream_configs(settings: Settings, queues: Iterable[str]) -> dict[str, UpstreamConfig]:
    """Read the endpoints' keys from the environment, into which the settings took `.env`.

    A worker that serves no lane calls no model: it needs no key and gets no endpoint.

    Raises:
        SettingsError: a variable that is to hold a key is not set.
    """
    if set(queues).isdisjoint(LANES):
        return {}
    return {name: _upstream_config(name, upstream) for name, upstream in settings.upstreams.items()}


def _upstream_config(name: str, upstream: UpstreamSettings) -> UpstreamConfig:
    key = os.environ.get(upstream.api_key_env) if upstream.api_key_env else None
    if upstream.api_key_env and not key:
        raise SettingsError(f"upstreams.{name}.api_key_env names {upstream.api_key_env}, which is not set")
    return UpstreamConfig.model_validate(
        {
            "base_url": upstream.base_url,
            "api_key": key,
            "headers": upstream.headers,
            "connect_timeout_s": upstream.connect_timeout_s,
            "max_retries": upstream.max_retries,
            "verify_tls": upstream.verify_tls,
        }
    )


def _named(queue: str, message_id: str, number: int) -> dict[str, Any]:
    """Name what a message is about: a job and its attempt, a delivery, its job and its try, or a check and its try."""
    if queue == "check":
        return {"check": message_id, "tries": number}
    if queue == "deliver":
        return {"delivery": message_id, "job": job_of(message_id), "tries": number}
    return {"job": message_id, "attempt": number}


def _where(error: BaseException) -> str:
    """The file and line that an error came from."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename.rsplit('/', 1)[-1]}:{last.lineno}"


def _never_ends(task: asyncio.Task[None]) -> None:
    """A heartbeat or reaper that ended by an error leaves a worker that looks alive and is not: end the process."""
    if not task.cancelled() and task.exception() is not None:
        log.error("worker.broken", part=task.get_name(), error=type(task.exception()).__name__)
        os._exit(70)
