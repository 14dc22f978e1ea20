"""Random histories of jobs on a real Redis, compared step by step with a plain model of them."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.integration.store.model import DEADLINE_S, LEASE_S, LOST_S, REASONING_S, TICK_S, Known, Model
from tests.integration.store.transitions import ALLOWED
from tests.support.store import Store, new_job, open_store, read_message
from workers.contracts.job import LANES, QUEUES, Attempt, Budget, Lane, Queue, Usage
from workers.settings import Settings
from workers.store.jobs import Beat, Ending, Failure, Move, NewJob
from workers.store.record import Claim, Overdue

TENANTS = ("acme", "umbra")
WORKERS = ("w1", "w2")
MAX_CRASHES = 3
MOST_AT_ONCE, MOST_JOBS = 3, 8
WEIGHTS = {  # how likely somebody does what
    "deliver": 8, "submit": 4, "move": 4, "heartbeat": 3, "time_passes": 3, "reap": 4, "finish": 2, "retry": 2,
    "cancel": 1, "hand_back": 1, "deliver_again": 1, "lose_a_message": 1, "republish": 1, "note_spend": 1,
    "submit_again": 1, "submit_what_the_cache_has": 1,
}  # fmt: skip
BUDGET = Budget(deadline_s=DEADLINE_S, reasoning_s=REASONING_S, fallback_s=30, margin_s=2)
BACK = st.sampled_from([0, 0, 0, 1])  # how far behind the current attempt a caller is


class Jobs(RuleBasedStateMachine):
    """Owners, workers, the broker and the reaper do what they may do, in any order, late and twice."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.model = Model()
        self.submitted: dict[str, NewJob] = {}
        self.taken: list[tuple[Queue, str, int]] = []
        self._callers: list[Any] = []  # a caller that lives keeps its name
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self.store: Store = self._runner.run(self._stack.enter_async_context(open_store(settings)))

    def teardown(self) -> None:
        """Leave nothing behind."""
        self._runner.run(self._clean())
        self._runner.close()

    async def _clean(self) -> None:
        keys = [key async for key in self.store.redis.scan_iter(match=self.store.key("*"), count=1000)]
        if keys:
            await self.store.redis.unlink(*keys)
        await self._stack.aclose()

    def _run(self, call: Callable[[], Awaitable[Any]]) -> Any:
        async def as_caller() -> Any:
            self._callers.append(asyncio.current_task())
            return await call()

        return self._runner.run(as_caller())

    def _moved(self, before: str, script: str, job: Known) -> None:
        assert (before, script, job.status) in ALLOWED, f"{before} -{script}-> {job.status} is not in the table"

    def _job(self, data: st.DataObject, *statuses: str) -> str:
        """Draw a job, four times of five one in a state where the rule comes through."""
        apt = [job_id for job_id, job in self.model.jobs.items() if job.status in statuses]
        if apt and data.draw(st.integers(0, 4)):
            return data.draw(st.sampled_from(apt))
        return data.draw(st.sampled_from(list(self.model.jobs)))

    @rule(data=st.data())
    def act(self, data: st.DataObject) -> None:
        """Let somebody do something. One rule: Hypothesis would leave out many of them in each history."""
        possible = [name for name, weight in WEIGHTS.items() if self._can(name) for _ in range(weight)]
        getattr(self, data.draw(st.sampled_from(possible), label="who does what"))(data)

    def _can(self, name: str) -> bool:
        if name in ("deliver", "lose_a_message"):
            return any(self.model.lists.values())
        if name == "deliver_again":
            return bool(self.taken)
        if name in ("submit", "submit_what_the_cache_has"):
            return len(self.model.unended()) < MOST_AT_ONCE and len(self.model.jobs) < MOST_JOBS
        return bool(self.model.jobs)

    # -- its owner ----------------------------------------------------------------------------------------------

    def submit(self, data: st.DataObject) -> None:
        """Submit, sometimes under an idempotency key that was used before."""
        tenant = data.draw(st.sampled_from(TENANTS))
        key = data.draw(st.sampled_from(["", "", "k1", "k2"]))
        new = new_job(tenant=tenant, budget=BUDGET, idempotency_hash=key, body_hash="body")
        done = self._run(lambda: self.store.jobs.submit(new))
        known = self.model.keys.get((tenant, key)) if key else None
        if known:
            assert (done.outcome, done.job_id, done.body_hash) == ("existing", known, "body")
            return
        assert (done.outcome, done.job_id) == ("created", new.job_id)
        self.submitted[new.job_id] = new
        if key:
            self.model.keys[tenant, key] = new.job_id
        self._moved("-", "submit", self.model.submit(new.job_id, tenant))

    def submit_what_the_cache_has(self, data: st.DataObject) -> None:
        """Submit what was answered before: the job is over at once."""
        tenant = data.draw(st.sampled_from(TENANTS))
        entry = self.store.key(f"tenant:{tenant}:exact:known")
        self._run(lambda: self.store.redis.hset(entry, mapping={"job": "job_before", "result": '{"answer":"Paris"}'}))
        new = new_job(tenant=tenant, budget=BUDGET, exact_hash="known")
        assert self._run(lambda: self.store.jobs.submit(new)).outcome == "hit"
        self.submitted[new.job_id] = new
        job = Known(tenant, 0, 0, steps=["queued"], events=["queued", "cache"], result_of=0)
        self.model.jobs[new.job_id] = job
        self.model.end(new.job_id, "succeeded")
        self._moved("-", "submit", job)

    def submit_again(self, data: st.DataObject) -> None:
        """Repeat a submission whose reply was lost: nothing new comes of it."""
        job_id = self._job(data)
        done = self._run(lambda: self.store.jobs.submit(self.submitted[job_id]))
        if self.submitted[job_id].idempotency_hash:
            assert (done.outcome, done.job_id) in (("existing", job_id), ("created", job_id))
        else:
            assert done.outcome == ("hit" if self.submitted[job_id].exact_hash else "created")

    def cancel(self, data: st.DataObject) -> None:
        """Cancel, also as another tenant, also what is over."""
        tenant = data.draw(st.sampled_from(TENANTS))
        job_id = self._job(data)
        job, answer = self.model.jobs[job_id], self._run(lambda: self.store.jobs.cancel(job_id, tenant))
        before = job.status
        if job.tenant != tenant:
            assert answer == "unknown"
        elif job.ended:
            assert answer == job.status
        else:
            assert answer == "ok"
            self.model.end(job_id, "cancelled")
            self._moved(before, "cancel", job)

    def retry(self, data: st.DataObject) -> None:
        """Begin again what failed or was cancelled, as long as the caller saw its latest attempt."""
        behind = data.draw(BACK)
        job_id = self._job(data, "failed", "cancelled")
        job = self.model.jobs[job_id]
        before, seen = job.status, job.attempt - behind
        answer = self._run(lambda: self.store.jobs.retry(job_id, job.tenant, seen, {}))
        if before in ("failed", "cancelled") and behind == 0:
            assert answer == "ok"
            job.deadline, job.reasoning_until = self.model.now + DEADLINE_S, self.model.now + REASONING_S
            job.crashes, job.result_of = 0, None
            job.steps.append("retried")
            job.events.append("queued")
            self.model.enqueue(job_id, "classify", job.attempt + 1)
            self._moved(before, "retry", job)
        else:
            assert answer == before

    # -- the broker ---------------------------------------------------------------------------------------------

    def _take(self, queue: Queue) -> tuple[str, int]:
        raw = self._run(lambda: self.store.redis.rpop(self.store.key(queue)))
        job_id, attempt = read_message(raw)
        assert (job_id, attempt) == self.model.lists[queue].pop(0)
        self.taken.append((queue, job_id, attempt))
        return job_id, attempt

    def _claim(self, queue: Queue, job_id: str, attempt: int, worker: str, *, ask_twice: bool = False) -> None:
        job = self.model.jobs[job_id]
        before = job.status

        async def ask() -> Any:
            reply = await self.store.jobs.claim(queue, job_id, attempt, worker)
            return await self.store.jobs.claim(queue, job_id, attempt, worker) if ask_twice else reply

        reply = self._run(ask)
        if self.model.claim(queue, job_id, attempt, worker):
            assert isinstance(reply, Claim), reply
            assert (reply.attempt, reply.queue, reply.tenant) == (attempt, queue, job.tenant)
            self._moved(before, "claim", job)
            if ask_twice:
                self._moved("running", "claim", job)
        else:
            assert reply == before

    def deliver(self, data: st.DataObject) -> None:
        """A worker takes the next message of a queue and claims the attempt; the first reply may be lost."""
        worker = data.draw(st.sampled_from(WORKERS))
        ask_twice = data.draw(st.booleans())
        queue = data.draw(st.sampled_from([queue for queue in QUEUES if self.model.lists[queue]]))
        self._claim(queue, *self._take(queue), worker, ask_twice=ask_twice)

    def deliver_again(self, data: st.DataObject) -> None:
        """A message comes late or a second time, to any worker."""
        worker = data.draw(st.sampled_from(WORKERS))
        queue, job_id, attempt = data.draw(st.sampled_from(self.taken))
        self._claim(queue, job_id, attempt, worker)

    def lose_a_message(self, data: st.DataObject) -> None:
        """The broker forgets a message."""
        self._take(data.draw(st.sampled_from([queue for queue in QUEUES if self.model.lists[queue]])))

    # -- a worker -----------------------------------------------------------------------------------------------

    def move(self, data: st.DataObject) -> None:
        """A worker routes a job or gives it to the fallback, also when it is no longer its own."""
        behind = data.draw(BACK)
        lane = data.draw(st.sampled_from(LANES))
        job_id = self._job(data, "running")
        self._move(job_id, self.model.jobs[job_id].attempt - behind, lane, "running")

    def _move(self, job_id: str, attempt: int, lane: Lane, expected: str) -> None:
        job = self.model.jobs[job_id]
        before, failed = job.status, job.queue == "reasoning"
        move = Move(
            lane, "fallback" if failed else "routed", {"lane": lane}, {"model": "quick"},
            attempt=_attempt(attempt, "reasoning", "failed") if failed else None,
            failure=Failure("t", job_id, "reasoning", "logic", "deadline", "deep", 1.0) if failed else None,
        )  # fmt: skip
        answer = self._run(lambda: self.store.jobs.move(job_id, attempt, move, expected=expected))
        if before == expected and attempt == job.attempt:
            assert answer == "ok"
            job.attempts += [attempt] if failed else []
            job.steps.append(move.event)
            job.events.append(move.event)
            self.model.enqueue(job_id, lane, attempt + 1)
            self._moved(before, "move", job)
        else:
            assert answer == before

    def finish(self, data: st.DataObject) -> None:
        """A worker ends a job, also when it is no longer its own; then it asks again, as after a lost reply."""
        behind = data.draw(BACK)
        status = data.draw(st.sampled_from(["succeeded", "failed"]))
        job_id = self._job(data, "running")
        attempt = self.model.jobs[job_id].attempt - behind
        self._finish(job_id, attempt, status, "running")

    def _finish(self, job_id: str, attempt: int, status: Any, expected: str) -> None:
        job = self.model.jobs[job_id]
        before = job.status
        fields = {"result": json.dumps({"of": attempt})} if status == "succeeded" else {}
        end = Ending(status, fields, attempt=_attempt(attempt, "standard", status))
        ours = before == expected and attempt == job.attempt
        for _ in range(2):
            answer = self._run(lambda: self.store.jobs.finish(job_id, attempt, end, expected=expected))
            assert answer == ("ok" if ours else before) or (attempt in job.attempts and answer == "ok")
        if ours:
            job.attempts.append(attempt)
            job.result_of = attempt if status == "succeeded" else None
            self.model.end(job_id, status)
            self._moved(before, "finish", job)

    def heartbeat(self, data: st.DataObject) -> None:
        """A worker renews a lease and tells its progress, also of an attempt that it lost."""
        behind = data.draw(BACK)
        worker = data.draw(st.sampled_from(WORKERS))
        tokens = data.draw(st.integers(0, 3))
        job_id = self._job(data, "running")
        job = self.model.jobs[job_id]
        attempt, phase = job.attempt - behind, "thinking" if tokens else job.phase or "waiting"
        news = {"thinking_tokens": tokens} if tokens else None
        (reply,) = self._run(
            lambda: self.store.jobs.heartbeat(worker, QUEUES, [Beat(job_id, attempt, phase, tokens, 0, news)])
        )
        if (job.status, job.worker, behind) == ("running", worker, 0):
            assert reply == "running"
            job.due = min(self.model.now + LEASE_S, job.deadline + LOST_S)
            if tokens:
                job.steps += ["thinking"] if job.phase != "thinking" else []
                job.phase = "thinking"
                if job.last_news != str(tokens) or job.events[-1] != "progress":
                    job.events.append("progress")
                job.last_news = str(tokens)
            self._moved("running", "heartbeat", job)
        else:
            assert reply == (job.status if job.ended else "superseded")

    def note_spend(self, data: st.DataObject) -> None:
        """A worker adds what a cancelled attempt had cost, and says so twice."""
        behind = data.draw(BACK)
        job_id = self._job(data, "cancelled")
        job = self.model.jobs[job_id]
        attempt = job.attempt - behind
        finished = _attempt(attempt, "standard", "cancelled")
        for _ in range(2):
            answer = self._run(lambda: self.store.jobs.note_spend(job_id, attempt, finished, Usage(), 0.5))
            assert answer == ("ok" if job.status == "cancelled" and behind == 0 else job.status)
        if answer == "ok":
            job.attempts += [attempt] if job.attempts[-1:] != [attempt] else []
            self._moved("cancelled", "note_spend", job)

    def hand_back(self, data: st.DataObject) -> None:
        """A worker that stops gives an attempt back."""
        behind = data.draw(BACK)
        job_id = self._job(data, "running")
        self._requeue(job_id, self.model.jobs[job_id].attempt - behind, "handed_back", crash=False)

    def _requeue(self, job_id: str, attempt: int, reason: str, *, crash: bool) -> None:
        job = self.model.jobs[job_id]
        before, queue = job.status, job.queue
        answer = self._run(lambda: self.store.jobs.requeue(queue, job_id, attempt, reason=reason, crash=crash))
        if before == "running" and attempt == job.attempt:
            assert answer == "ok"
            job.crashes += crash
            job.steps.append(reason)
            job.events.append("requeued")
            self.model.enqueue(job_id, queue, attempt + 1)
            self._moved(before, "requeue", job)
        else:
            assert answer == before

    # -- time and the reaper ------------------------------------------------------------------------------------

    def time_passes(self, data: st.DataObject) -> None:
        """The clock goes on; nobody renews anything."""
        ticks = data.draw(st.sampled_from([1, 2, 3, 8, 16]))
        self._run(lambda: self.store.pass_time(ticks * TICK_S))
        self.model.now += ticks * TICK_S

    def reap(self, data: st.DataObject) -> None:
        """The reaper moves on whatever is overdue, or dies before it does."""
        dies = data.draw(st.sampled_from([False, False, True]))
        must, may = self.model.overdue()
        waiting = {job_id: job for job_id, job in self.model.jobs.items() if job.status == "queued"}
        lost = {job_id for job_id, job in waiting.items() if self.model.message_lost(job)}
        rows: list[Overdue] = self._run(self.store.jobs.overdue)
        ids = {row.job_id for row in rows}
        assert must <= ids <= must | may
        for row in rows:
            job = self.model.jobs[row.job_id]
            assert (row.status, row.attempt, row.queue) == (job.status, job.attempt, job.queue)
            assert (row.tenant, row.crashes) == (job.tenant, job.crashes)
            assert row.message_lost == (row.job_id in lost)
            if not dies:
                self._move_on(row, job)

    def _move_on(self, row: Overdue, job: Known) -> None:
        """Decide as the reaper does."""
        poisoned = row.status == "running" and row.crashes + 1 >= MAX_CRASHES
        if self.model.now >= job.deadline or poisoned:
            self._finish(row.job_id, row.attempt, "failed", row.status)
        elif row.status == "running":
            self._requeue(row.job_id, row.attempt, "worker_lost", crash=True)
        elif row.queue == "reasoning" and self.model.now >= job.reasoning_until:
            self._move(row.job_id, row.attempt, "fallback", "queued")
        else:
            self._republish(row.job_id, row.attempt)

    def republish(self, data: st.DataObject) -> None:
        """A message is sent again, needed or not."""
        behind = data.draw(BACK)
        job_id = self._job(data, "queued")
        self._republish(job_id, self.model.jobs[job_id].attempt - behind)

    def _republish(self, job_id: str, attempt: int) -> None:
        job = self.model.jobs[job_id]
        before = job.status
        answer = self._run(lambda: self.store.jobs.republish(job.queue, job_id, attempt))
        if before == "queued" and attempt == job.attempt:
            assert answer == "ok"
            self.model.enqueue(job_id, job.queue, attempt)
            job.resent = True
            self._moved(before, "republish", job)
        else:
            assert answer == before

    # -- what must hold after every step ------------------------------------------------------------------------

    @invariant()
    def the_store_is_as_the_model_says(self) -> None:
        """Sets, lists, records and views agree with the model, and the record can be read at every moment."""
        self._runner.run(self._check())

    async def _check(self) -> None:
        store, model = self.store, self.model
        assert set(await store.redis.zrange(store.key("due"), 0, -1)) == model.unended()
        for queue in QUEUES:
            assert set(await store.redis.zrange(store.key(f"waiting:{queue}"), 0, -1)) == model.waiting(queue)
            assert [read_message(raw) for raw in await store.messages(queue)] == model.lists[queue]
        for tenant in TENANTS:
            assert await store.redis.zrange(store.key(f"tenant:{tenant}:jobs"), 0, -1) == model.ids(tenant)
        for job_id, job in model.jobs.items():
            await self._check_job(job_id, job)

    async def _check_job(self, job_id: str, job: Known) -> None:
        view = await self.store.job(job_id, job.tenant)
        assert (view.status, view.attempt, view.phase or "") == (job.status, job.attempt, job.phase)
        assert view.crashes == job.crashes or job.ended
        assert [attempt.attempt for attempt in view.attempts] == job.attempts
        assert [step.step for step in view.steps] == job.steps
        if not self.submitted[job_id].exact_hash:
            assert view.result == (None if job.result_of is None else {"of": job.result_of})
        events = await self.store.events(job_id)
        assert events == job.events
        assert events.count("done") == job.lives_ended
        lasting = await self.store.redis.ttl(self.store.key(f"job:{job_id}"))
        assert (lasting > 0) == job.ended


def _attempt(number: int, lane: Lane, outcome: Any) -> Attempt:
    return Attempt(attempt=number, lane=lane, model="quick", outcome=outcome, duration_s=1.0)


@pytest.mark.slow
def test_every_history_of_jobs_is_one_the_table_allows(make: Callable[..., Settings]) -> None:
    """Whatever owners, workers, broker and reaper do in whatever order, the store stays what the model says."""
    reliability = {"lease_s": LEASE_S, "lost_message_s": LOST_S}

    run_state_machine_as_test(
        lambda: Jobs(make(reliability=reliability)),
        settings=hypothesis_settings(
            max_examples=int(os.environ.get("HISTORIES", "80")),
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
