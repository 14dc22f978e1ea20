"""What the state machine test expects of the store: jobs, queues and time as plain Python."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from workers.contracts.job import TERMINAL, Queue

LEASE_S = LOST_S = 60
REASONING_S, DEADLINE_S = 300, 620
TICK_S = 40  # sums of ticks keep 20 s away from every limit, so that a slow machine changes no outcome


@dataclass(slots=True)
class Known:
    """One job."""

    tenant: str
    deadline: float
    reasoning_until: float
    status: str = "queued"
    attempt: int = 0
    queue: Queue = "classify"
    queued_at: float = 0
    due: float | None = None
    worker: str | None = None
    resent: bool = False
    crashes: int = 0
    phase: str = ""
    result_of: int | None = None
    last_news: str = ""
    lives_ended: int = 0
    attempts: list[int] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether it is in a terminal state."""
        return self.status in TERMINAL

    @property
    def limit(self) -> float:
        """When its time in the queue is over."""
        return min(self.deadline, self.reasoning_until) if self.queue == "reasoning" else self.deadline


class Model:
    """All jobs, in seconds of a clock that only `pass_time` moves."""

    def __init__(self) -> None:
        self.now: float = 0
        self.jobs: dict[str, Known] = {}
        self.keys: dict[tuple[str, str], str] = {}
        self.claimed: dict[str, float] = {}
        self.lists: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)

    def submit(self, job_id: str, tenant: str, queue: Queue = "classify") -> Known:
        """A new job waits for its first attempt."""
        job = Known(tenant, self.now + DEADLINE_S, self.now + REASONING_S, steps=["queued"], events=["queued"])
        self.jobs[job_id] = job
        self.enqueue(job_id, queue, 0)
        return job

    def enqueue(self, job_id: str, queue: Queue, attempt: int) -> None:
        """An attempt waits, and its message is the last of its queue."""
        job = self.jobs[job_id]
        job.status, job.queue, job.attempt, job.phase = "queued", queue, attempt, ""
        job.queued_at, job.worker, job.resent = self.now, None, False
        job.due = min(self.now + LOST_S, max(job.limit, self.now))
        self.lists[queue].append((job_id, attempt))

    def claim(self, queue: Queue, job_id: str, attempt: int, worker: str) -> bool:
        """Whether the claim goes through; if so the attempt runs."""
        job = self.jobs[job_id]
        if (job.status, job.attempt, job.queue) != ("queued", attempt, queue):
            return False
        if not job.resent:
            self.claimed[queue] = job.queued_at
        job.status, job.worker, job.due = "running", worker, self.now + LEASE_S
        job.phase = "classifying" if queue == "classify" else "waiting"
        job.steps.append(job.phase)
        if queue != "classify":
            job.events.append("started")
            job.last_news = ""
        return True

    def end(self, job_id: str, status: str) -> None:
        """The job is over."""
        job = self.jobs[job_id]
        job.status, job.phase, job.due = status, "", None
        job.lives_ended += 1
        job.steps.append(status)
        job.events.append("done")

    def message_lost(self, job: Known) -> bool:
        """Whether the store can know that the message of a waiting job is gone."""
        passed_by = self.claimed.get(job.queue, float("-inf")) > job.queued_at + LOST_S
        return self.now - job.queued_at >= LOST_S and (not self.lists[job.queue] or passed_by)

    def overdue(self) -> tuple[set[str], set[str]]:
        """Whom the reaper must be given, and whom it may be given too: put off by a second a moment ago."""
        must, may = set(), set()
        for job_id, job in self.jobs.items():
            if job.due is None or job.due > self.now + TICK_S / 4:
                continue
            acts = job.status == "running" or self.message_lost(job) or self.now >= job.limit
            certain = job.due <= self.now
            if acts:
                (must if certain else may).add(job_id)
                job.due = self.now + 1
            elif certain:
                job.due = min(self.now + LOST_S, job.limit)
        return must, may

    def waiting(self, queue: str) -> set[str]:
        """Who waits in a queue."""
        return {job_id for job_id, job in self.jobs.items() if job.status == "queued" and job.queue == queue}

    def unended(self) -> set[str]:
        """Who has not ended."""
        return {job_id for job_id, job in self.jobs.items() if not job.ended}

    def ids(self, tenant: str) -> list[str]:
        """A tenant's jobs, oldest id first."""
        return sorted(job_id for job_id, job in self.jobs.items() if job.tenant == tenant)
