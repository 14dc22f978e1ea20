"""Several workers of each kind: some are killed, or replaced one after the other, while jobs come in; none is lost."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

import httpx

from tests.support.processes import Process
from tests.support.system import System, running_system

KINDS = {"classify": 20, "reasoning": 6, "standard,fallback": 20}
TERMINAL = {"succeeded", "failed", "cancelled"}


def two_of_each(system: System) -> dict[str, list[Process]]:
    """Start two workers of each kind, and wait until all of them serve."""
    found = {queues: [start(system, queues, number) for number in (1, 2)] for queues in KINDS}
    for process in (one for some in found.values() for one in some):
        process.wait_until(lambda one=process: serves(one), "a start")
    found["classify"][0].wait_until(system.ready, "readiness")
    return found


def start(system: System, queues: str, number: int) -> Process:
    """Start a worker."""
    return system.worker(f"{queues.replace(',', '-')}-{number}", queues, slots=KINDS[queues])


def serves(process: Process) -> bool:
    """Whether a worker has begun."""
    return "worker.started" in process.log.read_text(errors="replace")


def thinking(system: System) -> list[str]:
    """Who thinks at the moment."""
    running = system.http.get("/v1/jobs", params={"status": "running", "limit": 100}).json()["data"]
    return [job["id"] for job in running if job["phase"] == "thinking"]


def steps(job: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The steps of a job that have a name."""
    return [step for step in job["steps"] if step["step"] == name]


def ended_once(job: dict[str, Any]) -> bool:
    """Whether a job succeeded, and that was its only end."""
    return [step["step"] for step in job["steps"] if step["step"] in TERMINAL] == ["succeeded"]


def test_one_of_each_kind_is_killed_while_jobs_think(tmp_path: Path, redis_url: str) -> None:
    """SIGKILL to a worker of each kind: every job ends once, and no model is called more often than is recorded."""
    models = {"deep": "thinks-3s", "quick": "instant", "down": "refuses"}
    with running_system(tmp_path, redis_url, prefix="many:", models=models, workers=()) as system:
        workers = two_of_each(system)
        ids = [system.submit(input=f"Think about {n}.", route="reasoning", cache="off") for n in range(16)]
        ids += [system.submit(input=f"Prove that {n} is a sum of two primes.", cache="off") for n in range(6)]
        ids += [system.submit(input=f"Say {n}.", route="standard", cache="off") for n in range(6)]
        ids += [system.submit(input=f"Fail {n}.", route="reasoning", model="down", cache="off") for n in range(4)]
        first = workers["reasoning"][0]
        first.wait_until(lambda: len(thinking(system)) > KINDS["reasoning"], "jobs that think in both workers")
        for some in workers.values():
            some[0].send(signal.SIGKILL)
        jobs = [system.ended(job_id, 90) for job_id in ids]
        called = httpx.get(f"{system.upstream_url}/stats", trust_env=False).json()["requests"]

    assert all(ended_once(job) for job in jobs), jobs
    crashed = [job for job in jobs if job["crashes"]]
    assert 1 <= len([job for job in crashed if job["lane"] == "reasoning"]) <= KINDS["reasoning"]
    assert all(job["crashes"] == len(steps(job, "worker_lost")) == 1 for job in crashed)
    assert called <= sum(len(steps(job, "waiting")) for job in jobs)
    assert sum(job["lane"] == "fallback" for job in jobs) >= 4


class Feeder(threading.Thread):
    """Submits jobs, short and long, until it is told to stop."""

    def __init__(self, system: System) -> None:
        super().__init__(daemon=True)
        self._system, self._done = system, threading.Event()
        self.short: list[str] = []
        self.long: list[str] = []
        self.start()

    def run(self) -> None:
        """Submit five jobs a second, every tenth of them long."""
        number = 0
        with httpx.Client(base_url=self._system.url, timeout=30, trust_env=False) as http:
            while not self._done.wait(0.2):
                long = number % 10 == 0
                body = {"input": f"Question {number}?", "route": "reasoning" if long else "standard", "cache": "off"}
                reply = http.post("/v1/jobs", json=body)
                assert reply.status_code == 202, reply.text
                (self.long if long else self.short).append(reply.json()["id"])
                number += 1

    def stop(self) -> None:
        """Stop; all that was submitted is acknowledged."""
        self._done.set()
        self.join(30)


def test_a_rolling_restart_under_load_loses_nothing(tmp_path: Path, redis_url: str) -> None:
    """Each worker is replaced in turn by SIGTERM while jobs come in: short jobs end, long ones go on elsewhere, no crash."""
    models = {"deep": "slow", "quick": "instant"}
    with running_system(tmp_path, redis_url, prefix="rolling:", models=models, workers=()) as system:
        workers = two_of_each(system)
        feeder = Feeder(system)
        workers["reasoning"][0].wait_until(lambda: len(thinking(system)) >= 2, "jobs that think")
        leaving: list[Process] = []
        for number in (0, 1):
            fresh = [start(system, queues, number + 3) for queues in workers]
            for process, some in zip(fresh, workers.values(), strict=True):
                process.wait_until(lambda one=process: serves(one), "a start")
                some[number].send(signal.SIGTERM)
                leaving.append(some[number])
        feeder.stop()
        jobs = {job_id: system.ended(job_id, 90) for job_id in (*feeder.short, *feeder.long)}
        codes = [process.stop(timeout_s=30) for process in leaving]

    assert codes == [0] * 6
    assert all(ended_once(job) for job in jobs.values()), jobs
    assert not any(job["crashes"] or steps(job, "worker_lost") for job in jobs.values())
    assert not any(steps(jobs[job_id], "handed_back") for job_id in feeder.short)
    assert any(steps(jobs[job_id], "handed_back") for job_id in feeder.long)
