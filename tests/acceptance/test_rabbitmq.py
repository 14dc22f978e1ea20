"""RabbitMQ carries the messages while the state stays in Redis: a real node, real workers, and the node's own death."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from redis import Redis

from tests.support.flower import OPERATOR, start_flower
from tests.support.processes import Process
from tests.support.rabbit import RabbitServer, running_rabbit
from tests.support.system import System, running_system
from workers.contracts.job import SERVED

pytestmark = pytest.mark.slow
PREFIX = "rabbit:"
MODELS = {"deep": "thinks-3s", "quick": "instant", "down": "down", "ponders": "slow"}
WORKERS = ("classify", "reasoning", "standard", "fallback,deliver")


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    """A node of this module alone."""
    with running_rabbit(tmp_path_factory.mktemp("rabbit")) as server:
        yield server


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, redis_server: str, rabbit: RabbitServer) -> Iterator[System]:
    """A system whose messages that node carries."""
    with running_system(
        tmp_path_factory.mktemp("system"), redis_server, prefix=PREFIX, models=MODELS, workers=WORKERS,
        changes={"reliability.lost_message_s": 2.0}, env={"BROKER_URL": rabbit.url},
    ) as one:  # fmt: skip
        yield one


def listed(redis_url: str) -> dict[str, int]:
    """Count what waits in Redis to be passed on."""
    with Redis.from_url(redis_url) as redis:
        return {queue: redis.llen(f"{PREFIX}{queue}") for queue in SERVED}


def wait_for(ready: Any, what: str, timeout_s: float = 60) -> None:
    """Wait until something is true."""
    until = time.monotonic() + timeout_s
    while not ready():
        assert time.monotonic() < until, what
        time.sleep(0.05)


def parts(system: System) -> dict[str, bool]:
    """What the API says is there."""
    found: dict[str, bool] = system.http.get("/readyz").json()["parts"]
    return found


def ended_once(system: System, job_id: str, timeout_s: float = 90) -> dict[str, Any]:
    """Wait for a job's one good end."""
    job = system.ended(job_id, timeout_s)
    assert job["status"] == "succeeded", job
    assert [step["step"] for step in job["steps"]].count("succeeded") == 1
    return job


def lost(process: Process) -> int:
    """Count the messages that a worker's reaper held for lost."""
    return process.log.read_text().count('"message.lost"')


def test_jobs_of_each_lane_are_answered(system: System, rabbit: RabbitServer, redis_server: str) -> None:
    """Classified, reasoned about, answered, fallen back; nothing is left anywhere, and the API sees the broker."""
    assert parts(system)["broker"] is True
    flower = start_flower(system)
    jobs = {
        "standard": system.submit(input="What is the capital of France?", route="auto"),
        "reasoning": system.submit(input="Think about this.", route="reasoning"),
        "fallback": system.submit(input="Think in vain.", route="reasoning", model="down"),
    }
    for lane, job_id in jobs.items():
        assert ended_once(system, job_id)["lane"] == lane
    assert listed(redis_server) == dict.fromkeys(SERVED, 0)
    wait_for(lambda: rabbit.ready(*SERVED) == dict.fromkeys(SERVED, 0), "an empty broker")
    with httpx.Client(base_url=flower, auth=OPERATOR, timeout=30, trust_env=False) as http:
        wait_for(lambda: all(job_id in http.get("/api/tasks").text for job_id in jobs.values()), "tasks in Flower")
        assert len(http.get("/api/workers", params={"refresh": "true"}).json()) == len(WORKERS)


def test_messages_wait_in_the_broker_and_a_worker_holds_one(
    system: System, rabbit: RabbitServer, redis_server: str
) -> None:
    """A frozen worker leaves all but one to others; what waits there is not sent again, and is answered in the end."""
    system.workers["worker-standard"].send(signal.SIGSTOP)
    jobs = [system.submit(input=f"Question {n}?", route="standard") for n in range(6)]
    wait_for(lambda: rabbit.ready("standard")["standard"] == 5, "five messages in the broker, one in the worker's hand")
    before = sum(lost(worker) for worker in system.workers.values())
    time.sleep(5)
    assert listed(redis_server)["standard"] == 0
    assert sum(lost(worker) for worker in system.workers.values()) == before
    system.workers["worker-standard"].send(signal.SIGCONT)
    for job_id in jobs:
        ended_once(system, job_id)


def test_messages_that_the_broker_lost_are_sent_again(system: System, rabbit: RabbitServer) -> None:
    """A queue that was purged: the reaper finds its jobs by the broker's count and sends their messages again."""
    system.workers["worker-standard"].send(signal.SIGSTOP)
    jobs = [system.submit(input=f"Another question {n}?", route="standard") for n in range(6)]
    wait_for(lambda: rabbit.ready("standard")["standard"] == 5, "messages in the broker")
    assert rabbit.purge("standard") == 5
    system.workers["worker-standard"].send(signal.SIGCONT)
    for job_id in jobs:
        ended_once(system, job_id)


def test_a_killed_workers_job_is_answered_by_another(system: System) -> None:
    """SIGKILL while it thinks, whether or not that worker passed the messages on."""
    job_id = system.submit(input="Think about something that takes a while.", route="reasoning", model="ponders")
    system.until(job_id, status="running", phase="thinking")
    system.workers["worker-reasoning"].send(signal.SIGKILL)
    system.worker("second-reasoning", "reasoning")
    assert ended_once(system, job_id)["crashes"] == 1


def test_a_restart_of_the_broker_loses_nothing(system: System, rabbit: RabbitServer, redis_server: str) -> None:
    """Killed while jobs think and wait: new ones are accepted meanwhile, `/readyz` says what is missing, all are answered."""
    thinking = system.submit(input="Think while the broker is away.", route="reasoning", model="ponders")
    system.until(thinking, status="running", phase="thinking")
    system.workers["worker-standard"].send(signal.SIGSTOP)
    waiting = [system.submit(input=f"Waiting question {n}?", route="standard") for n in range(4)]
    wait_for(lambda: rabbit.ready("standard")["standard"] == 3, "messages in the broker")
    rabbit.kill()
    system.workers["worker-standard"].send(signal.SIGCONT)
    later = [system.submit(input=f"Later question {n}?", route="standard") for n in range(4)]
    wait_for(lambda: parts(system)["broker"] is False, "a broker that is missing")
    assert system.http.get("/readyz").json()["missing"] == ["broker"]
    assert listed(redis_server)["classify"] == 4, "what is to be passed on waits"
    rabbit.start()
    for job_id in (thinking, *waiting, *later):
        ended_once(system, job_id, 120)
    wait_for(lambda: system.http.get("/readyz").status_code == 200, "a broker that is back")
    assert all(worker.alive for name, worker in system.workers.items() if name != "worker-reasoning")
