"""The metrics of the whole system: what each is called, what it means, and which labels it has.

Every label has few values: queues, lanes, causes, outcomes, models of the catalogue. No tenant, no job and no text is
among them. Counters lie in Redis and are the sums of all tenants and processes since Redis was empty, so that any API
process tells them; gauges are read when they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Final, Literal

from workers.contracts.causes import CAUSES
from workers.contracts.job import QUEUES
from workers.contracts.webhooks import EVENT_TYPES

Labels = tuple[str, ...]
# The same as BOUNDS in workers/store/lua/counting.lua (ms there); a test compares them.
BOUNDS_S: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)
PRESENT_S: Final = 15.0  # an API process not heard of for so long is not counted as there


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Args:
        name: as Prometheus shows it, without `_total`, `_bucket`, `_sum` or `_count`.
        about: what it counts.
        kind: `counter` and `histogram` lie in Redis, a `gauge` is read.
        counted_as: what its fields in the hash of counters begin with; empty for a gauge.
        labels: their names, in the order of the fields' parts.
        known: all values that a label can have, where they are known before anything happens: it then begins at 0.
        per: how many in the hash make one of the metric's unit.
    """

    name: str
    about: str
    kind: Literal["counter", "gauge", "histogram"]
    counted_as: str = ""
    labels: Labels = ()
    known: Mapping[str, Labels] = field(default_factory=dict)
    per: int = 1

    @property
    def zeros(self) -> list[Labels]:
        """The labels that it has before anything happened."""
        if set(self.known) != set(self.labels):
            return []
        return list(product(*(self.known[label] for label in self.labels)))


@dataclass(frozen=True, slots=True)
class Durations:
    """A histogram: how many were in each bucket of BOUNDS_S and beyond the last (not cumulated), and their sum in seconds."""

    buckets: tuple[int, ...]
    sum_s: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All metrics at one moment, by the name of the metric and the values of its labels."""

    values: Mapping[str, Mapping[Labels, float]]
    durations: Mapping[str, Mapping[Labels, Durations]]


@dataclass(frozen=True, slots=True)
class Face:
    """What one API process has open."""

    streams: int
    waiting: int


COUNTED: Final = (
    Metric(
        "thinkline_submissions", "Submissions: accepted, answered at once by the exact cache, repeated under an"
        " idempotency key, refused because too much waits, or tried again by their owner", "counter",
        "submissions", ("outcome",), {"outcome": ("accepted", "answered", "repeated", "refused", "retried")},
    ),
    Metric(
        "thinkline_job_duration_seconds", "From submission (or its owner's retry) to the end of a job; its count is"
        " the number of jobs that ended so", "histogram", "job", ("lane", "status", "served_by"),
    ),
    Metric(
        "thinkline_queue_wait_seconds", "From entering a queue until a worker took the job", "histogram",
        "wait", ("queue",), {"queue": QUEUES},
    ),
    Metric(
        "thinkline_stage_duration_seconds", "Work of one attempt: `classify` by the lane that was chosen (`cache`: none"
        " was needed), `answer` by lane, `deliver` (a webhook's try) without a lane", "histogram",
        "stage", ("stage", "lane"),
    ),
    Metric(
        "thinkline_time_to_first_token_seconds", "From taking a job to the model's first token, thinking included",
        "histogram", "first_token", ("lane", "model"),
    ),
    Metric(
        "thinkline_attempts", "Attempts at answering, by how they ended: succeeded, cancelled, or the cause of failure",
        "counter", "attempts", ("lane", "outcome", "model"),
    ),
    Metric(
        "thinkline_fallbacks", "Jobs sent to the fallback lane, by cause", "counter",
        "fallbacks", ("cause",), {"cause": CAUSES},
    ),
    Metric(
        "thinkline_cache_hits", "Jobs answered by the cache, by tier", "counter",
        "cache_hits", ("tier",), {"tier": ("exact", "semantic")},
    ),
    Metric("thinkline_cache_misses", "Jobs that asked the cache and went on to a model", "counter", "cache_misses"),
    Metric(
        "thinkline_cache_checks", "Checks of cached answers: an `audit` of one that was given, or a `grey` pair, by what"
        " came of it (again: it is begun again)", "counter", "checks", ("kind", "outcome"),
    ),
    Metric("thinkline_jobs_joined", "Jobs that waited for an equal one in flight", "counter", "joined"),
    Metric(
        "thinkline_leases_lost", "Attempts whose worker died or fell silent", "counter",
        "leases_lost", ("queue",), {"queue": QUEUES},
    ),
    Metric(
        "thinkline_attempts_handed_back", "Attempts that a stopping worker gave to others", "counter",
        "handed_back", ("queue",), {"queue": QUEUES},
    ),
    Metric(
        "thinkline_messages_lost", "Broker messages that had to be sent again", "counter",
        "messages_lost", ("queue",), {"queue": QUEUES},
    ),
    Metric(
        "thinkline_jobs_poisoned", "Jobs set aside because too many workers died with them", "counter",
        "poisoned", ("queue",), {"queue": QUEUES},
    ),
    Metric(
        "thinkline_tokens", "Tokens of attempts, and of checks (lane `check`); `reasoning` and `answer` are parts of the completion",
        "counter",
        "tokens", ("lane", "kind", "model"),
    ),
    Metric(
        "thinkline_spend_dollars", "What attempts and checks (lane `check`) cost by the catalogue's prices, in US dollars",
        "counter",
        "spend", ("lane", "model"), per=10**9,
    ),
    Metric(
        "thinkline_webhooks_noted", "Webhooks that jobs gave rise to, one for each address", "counter",
        "webhooks_noted", ("event",), {"event": EVENT_TYPES},
    ),
    Metric(
        "thinkline_webhook_tries", "Tries to deliver: delivered, retry (it is tried again), failed (it was the last), gone"
        " (410)", "counter", "webhook_tries", ("outcome",), {"outcome": ("delivered", "retry", "failed", "gone")},
    ),
    Metric(
        "thinkline_webhooks_ended", "Webhooks that were delivered or given up", "counter",
        "webhooks_ended", ("status",), {"status": ("delivered", "failed")},
    ),
    Metric(
        "thinkline_http_requests", "Answers of the API, by the route's template; each process tells every 5 s", "counter",
        "http", ("method", "status", "route"),
    ),
    Metric(
        "thinkline_http_request_duration_seconds", "Until an answer begins; long polls (`wait`) are left out", "histogram",
        "http_s", ("method", "route"),
    ),
)  # fmt: skip
PENDING: Final = "webhooks_pending"  # the one field that goes down, too
GAUGES: Final = (
    Metric(
        "thinkline_redis_up", "Whether Redis answers; without it nothing else is told", "gauge"
    ),
    Metric("thinkline_redis_memory_bytes", "Memory that Redis uses", "gauge"),
    Metric("thinkline_redis_memory_limit_bytes", "Its `maxmemory`; 0 without one", "gauge"),
    Metric("thinkline_redis_persistence_ok", "0 when Redis could not write its append-only file or snapshot", "gauge"),
    Metric("thinkline_queue_jobs", "Jobs that wait in a queue; of `deliver`, messages", "gauge", labels=("queue",)),
    Metric(
        "thinkline_queue_oldest_seconds", "For how long the oldest job waits in a queue; of `deliver`, for how long a"
        " webhook has been due", "gauge", labels=("queue",),
    ),
    Metric(
        "thinkline_in_flight", "Jobs (of `deliver`, webhooks) that workers have in hand; each tells every 2 s", "gauge",
        labels=("queue",),
    ),
    Metric("thinkline_workers", "Worker processes heard of lately, by queue", "gauge", labels=("queue",)),
    Metric("thinkline_worker_slots", "Jobs that these workers may have in hand", "gauge", labels=("queue",)),
    Metric(
        "thinkline_worker_starved_seconds", "The longest that one of these workers has taken nothing although messages wait"
        " and it has room", "gauge", labels=("queue",),
    ),
    Metric("thinkline_breaker_open", "1 while a model is not asked because it keeps failing", "gauge", labels=("model",)),
    Metric("thinkline_cache_entries", "Answers in the cache", "gauge"),
    Metric("thinkline_cache_bytes", "Size of these answers", "gauge"),
    Metric("thinkline_webhooks_pending", "Webhooks on their way, those that wait for a paused target included", "gauge"),
    Metric("thinkline_api_processes", "API processes heard of lately", "gauge"),
    Metric("thinkline_http_streams_open", "Live streams open, on all API processes", "gauge"),
    Metric("thinkline_http_waiting", "Long polls under way, on all API processes", "gauge"),
)  # fmt: skip
METRICS: Final = (*COUNTED, *GAUGES)
