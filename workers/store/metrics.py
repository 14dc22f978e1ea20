"""Reads the metrics: what lua/counting.lua counted, and what queues, workers, breakers and API processes are like now.

An API process adds what it counted by itself (requests) every few seconds, and says what it has open; a killed one takes
a few seconds of requests with it, never anything of a job. Keys: `metrics`, and `faces`, a hash of the API processes.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from redis.asyncio import Redis

from workers.contracts.job import DELIVER, QUEUES, SERVED
from workers.contracts.metrics import BOUNDS_S, COUNTED, PENDING, PRESENT_S, Durations, Face, Labels, Metric, Snapshot
from workers.settings import Settings
from workers.store.connection import translated
from workers.store.pulse import Pulse
from workers.store.scripts import Scripts

BOUNDS = (*(str(round(bound_s * 1000)) for bound_s in BOUNDS_S), "inf")
FORGOTTEN_S = 600.0  # an API process that was killed leaves the hash after that
Values = dict[str, dict[Labels, float]]


class MetricsStore:
    """The metrics of the whole system, as any process may read them."""

    def __init__(self, redis: Redis, scripts: Scripts, settings: Settings) -> None:
        self._redis: Any = redis  # the library's types allow bytes; our connections decode them
        self._call = scripts.call
        self._prefix = settings.redis.key_prefix
        self._models = tuple(sorted(settings.models))
        self._present_ms = max(5.0, settings.reliability.heartbeat_s * 3) * 1000

    async def report(self, process: str, counts: Mapping[str, int], face: Face) -> None:
        """Add what an API process counted since its last report, and say what it has open.

        Args:
            process: a name of its own.
            counts: fields of the hash of counters and what to add to them.
            face: what it has open.

        Raises:
            StoreUnavailable: Redis is away; whether it was added is not known.
        """
        seconds = await self._now_s()
        with translated():
            pipeline = self._redis.pipeline(transaction=True)
            for field, number in counts.items():
                pipeline.hincrby(f"{self._prefix}metrics", field, number)
            pipeline.hset(f"{self._prefix}faces", process, json.dumps({"at": seconds, **asdict(face)}))
            await pipeline.execute()

    async def leave(self, process: str) -> None:
        """Forget an API process that ends."""
        with translated():
            await self._redis.hdel(f"{self._prefix}faces", process)

    async def read(self) -> Snapshot:
        """Read everything.

        Raises:
            StoreUnavailable: Redis is away.
        """
        now_s = await self._now_s()
        with translated():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hgetall(f"{self._prefix}metrics")
            pipeline.hgetall(f"{self._prefix}faces")
            pipeline.info("memory")
            pipeline.info("persistence")
            pipeline.hlen(f"{self._prefix}cache:held")
            pipeline.get(f"{self._prefix}cache:bytes")
            counters, faces, memory, persistence, entries, size = await pipeline.execute()
        values, durations = read_counters(counters)
        values |= _of_redis(memory, persistence)
        values |= {
            "thinkline_cache_entries": {(): entries},
            "thinkline_cache_bytes": {(): float(size or 0)},
            "thinkline_webhooks_pending": {(): max(0.0, float(counters.get(PENDING, 0)))},
        }
        values |= _of_faces(faces, now_s)
        await self._forget(faces, now_s)
        values |= await self._queues(now_s * 1000)
        values |= await self._workers(now_s * 1000)
        return Snapshot(values, durations)

    async def _forget(self, faces: Mapping[str, str], now_s: float) -> None:
        gone = [name for name, text in faces.items() if now_s - json.loads(text)["at"] > FORGOTTEN_S]
        if gone:
            with translated():
                await self._redis.hdel(f"{self._prefix}faces", *gone)

    async def _now_s(self) -> float:
        """The clock of Redis: all that is compared was noted by it."""
        with translated():
            seconds, micros = await self._redis.time()
        return float(seconds + micros / 1e6)

    async def _queues(self, now_ms: float) -> Values:
        with translated():
            pipeline = self._redis.pipeline(transaction=False)
            for queue in QUEUES:
                pipeline.zcard(f"{self._prefix}waiting:{queue}")
            pipeline.llen(f"{self._prefix}{DELIVER}")
            pipeline.zrange(f"{self._prefix}deliveries", 0, 0, withscores=True)
            for model in self._models:
                pipeline.exists(f"{self._prefix}breaker:{model}")
            found = await pipeline.execute()
        waiting, rest = found[: len(QUEUES)], found[len(QUEUES) :]
        ages = await self._call("oldest", *QUEUES)
        due_ms = max(0.0, now_ms - rest[1][0][1]) if rest[1] else 0.0
        return {
            "thinkline_queue_jobs": _by(SERVED, [*waiting, rest[0]]),
            "thinkline_queue_oldest_seconds": _by(SERVED, [age / 1000 for age in (*ages, due_ms)]),
            "thinkline_breaker_open": _by(self._models, rest[2:]),
        }

    async def _workers(self, now_ms: float) -> Values:
        with translated():
            pipeline = self._redis.pipeline(transaction=False)
            for queue in SERVED:
                pipeline.zrangebyscore(f"{self._prefix}workers:{queue}", now_ms - self._present_ms, "+inf")
            present = await pipeline.execute()
            everyone = sorted({worker for workers in present for worker in workers})
            texts = await self._redis.mget([f"{self._prefix}pulse:{worker}" for worker in everyone]) if everyone else []
        pulses = {worker: Pulse(**json.loads(text)) for worker, text in zip(everyone, texts, strict=True) if text}
        of = [[pulses[worker] for worker in workers if worker in pulses] for workers in present]
        return {
            "thinkline_workers": _by(SERVED, [len(workers) for workers in present]),
            "thinkline_in_flight": _by(
                SERVED,
                [sum(pulse.queues.get(queue, 0) for pulse in each) for queue, each in zip(SERVED, of, strict=True)],
            ),
            "thinkline_worker_slots": _by(SERVED, [sum(pulse.slots for pulse in each) for each in of]),
            "thinkline_worker_starved_seconds": _by(
                SERVED, [max((pulse.starved_s for pulse in each), default=0) for each in of]
            ),
        }


def read_counters(counters: Mapping[str, str]) -> tuple[Values, dict[str, dict[Labels, Durations]]]:
    """Sort the fields of the hash of counters by metric and labels; fields that no metric knows are left out.

    The last label may hold the separator, since the name of a model may.
    """
    values: Values = {metric.name: dict.fromkeys(metric.zeros, 0.0) for metric in COUNTED if metric.kind == "counter"}
    parts: dict[str, dict[Labels, dict[str, int]]] = {
        metric.name: {labels: {} for labels in metric.zeros} for metric in COUNTED if metric.kind == "histogram"
    }
    known = {metric.counted_as: metric for metric in COUNTED}
    for field, number in counters.items():
        name, _, rest = field.partition("|")
        metric = known.get(name)
        if metric is None:
            continue
        if metric.kind == "counter":
            if (labels := _labels(metric, rest)) is not None:
                values[metric.name][labels] = int(number) / metric.per
            continue
        rest, _, bucket = rest.rpartition("|")
        if (labels := _labels(metric, rest)) is not None:
            parts[metric.name].setdefault(labels, {})[bucket] = int(number)
    return values, {name: {labels: _durations(of) for labels, of in many.items()} for name, many in parts.items()}


def _labels(metric: Metric, text: str) -> Labels | None:
    if not metric.labels:
        return () if not text else None
    found = tuple(text.split("|", len(metric.labels) - 1))
    return found if len(found) == len(metric.labels) else None


def _durations(parts: Mapping[str, int]) -> Durations:
    return Durations(tuple(parts.get(bound, 0) for bound in BOUNDS), parts.get("sum", 0) / 1000)


def _by(labels: Sequence[str], numbers: Iterable[float]) -> dict[Labels, float]:
    return {(label,): float(number) for label, number in zip(labels, numbers, strict=True)}


def _of_redis(memory: Mapping[str, Any], persistence: Mapping[str, Any]) -> Values:
    written = ("aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status")
    return {
        "thinkline_redis_up": {(): 1.0},
        "thinkline_redis_memory_bytes": {(): float(memory.get("used_memory", 0))},
        "thinkline_redis_memory_limit_bytes": {(): float(memory.get("maxmemory", 0))},
        "thinkline_redis_persistence_ok": {(): float(all(persistence.get(name, "ok") == "ok" for name in written))},
    }


def _of_faces(faces: Mapping[str, str], now_s: float) -> Values:
    sums: dict[str, float] = defaultdict(float)
    for text in faces.values():
        face = json.loads(text)
        if now_s - face["at"] <= PRESENT_S:
            sums["processes"] += 1
            sums["streams"] += face["streams"]
            sums["waiting"] += face["waiting"]
    return {
        "thinkline_api_processes": {(): sums["processes"]},
        "thinkline_http_streams_open": {(): sums["streams"]},
        "thinkline_http_waiting": {(): sums["waiting"]},
    }
