"""Workers die, freeze and stop; every acknowledged job still ends once."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.system import System, running_system

REST = ("classify", "standard,fallback")


@pytest.fixture
def system(tmp_path: Path, redis_url: str, request: pytest.FixtureRequest) -> Iterator[System]:
    """A system with two reasoning workers and a model that thinks for three seconds."""
    prefix = f"{request.node.name[:24]}:".replace("[", "-").replace("]", "-")
    with running_system(
        tmp_path, redis_url, prefix=prefix, models={"deep": "thinks-3s", "slow": "slow"}, workers=REST
    ) as running:
        yield running


def ready(system: System, *names: str) -> None:
    """Start reasoning workers and wait until the API sees them."""
    for name in names:
        system.worker(name, "reasoning", slots=8)
    system.workers[names[0]].wait_until(system.ready, "readiness")


def test_a_killed_workers_job_is_answered_by_another(system: System) -> None:
    """SIGKILL while it thinks: the lease runs out, another worker takes over, one result."""
    ready(system, "first")
    job_id = system.submit(input="Think about this.", route="reasoning")
    system.until(job_id, status="running", phase="thinking")
    system.worker("second", "reasoning", slots=8)
    system.workers["first"].send(signal.SIGKILL)
    killed = time.monotonic()
    job = system.ended(job_id, 60)

    assert job["status"] == "succeeded", job
    assert job["crashes"] == 1
    assert time.monotonic() - killed < 30
    assert [step["step"] for step in job["steps"]].count("succeeded") == 1


def test_a_frozen_workers_late_answer_is_refused(system: System) -> None:
    """SIGSTOP until the lease is lost, then SIGCONT: the successor's answer stands."""
    ready(system, "first")
    job_id = system.submit(input="Think about that.", route="reasoning")
    system.until(job_id, status="running", phase="thinking")
    system.worker("second", "reasoning", slots=8)
    system.workers["first"].send(signal.SIGSTOP)
    job = system.ended(job_id, 60)
    system.workers["first"].send(signal.SIGCONT)
    time.sleep(4)

    later = system.job(job_id)
    assert job["status"] == later["status"] == "succeeded"
    assert later["attempt"] == job["attempt"] > 1
    assert later["finished_at"] == job["finished_at"]


def test_a_stopping_worker_hands_its_jobs_back_without_a_crash(system: System) -> None:
    """SIGTERM: the worker leaves within seconds, another goes on, and no crash is counted."""
    ready(system, "first")
    job_id = system.submit(input="Think about those.", route="reasoning", model="slow")
    system.until(job_id, status="running", phase="thinking")
    system.worker("second", "reasoning", slots=8)
    began = time.monotonic()
    assert system.workers["first"].stop(signal.SIGTERM, timeout_s=20) == 0
    assert time.monotonic() - began < 15
    job = system.ended(job_id, 60)

    assert job["status"] == "succeeded", job
    assert job["crashes"] == 0
    assert "handed_back" in [step["step"] for step in job["steps"]]
