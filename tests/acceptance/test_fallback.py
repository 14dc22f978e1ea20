"""The fallback fires: real processes, a reasoning model that never answers, and a client that sees only the answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.support.system import System, running_system


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, redis_server: str) -> Iterator[System]:
    """A system whose reasoning model never answers."""
    changes = {"lanes.reasoning.deadline_s": 3, "lanes.reasoning.first_token_s": 30, "breaker.failures": 1000}
    models = {"deep": "never-answers", "endless": "endless", "quick": "instant"}
    with running_system(
        tmp_path_factory.mktemp("fallback"), redis_server, prefix="fallback:", changes=changes, models=models
    ) as running:
        yield running


def moment(job: dict, step: str) -> float:
    """When a job entered a step."""
    return next(datetime.fromisoformat(entry["at"]).timestamp() for entry in job["steps"] if entry["step"] == step)


def test_a_reasoning_model_that_never_answers_is_replaced_within_a_second_of_its_deadline(system: System) -> None:
    """The job is in the fallback lane within 1 s of its attempt's deadline and ends `succeeded`."""
    job = system.ended(system.submit(input="Prove that 7 is prime, step by step.", route="reasoning"))

    assert job["status"] == "succeeded", job
    assert job["lane"] == "fallback"
    assert job["fallback"]["cause"] == "deadline"
    assert job["fallback"]["from_model"] == "deep"
    assert job["model"] == "quick"
    late_s = moment(job, "fallback") - moment(job, "waiting") - 3
    assert -0.1 <= late_s < 1.0, f"the fallback began {late_s:.2f} s after the deadline"
    assert [attempt["outcome"] for attempt in job["attempts"]] == ["failed", "succeeded"]
    assert job["attempts"][0]["cause"] == "deadline"


def test_the_callers_deadline_leaves_the_fallback_its_share(system: System) -> None:
    """With 4 s in all, reasoning is given up in time for the fallback to answer before they are over."""
    job = system.ended(system.submit(input="Prove it again, step by step.", route="reasoning", deadline_s=4))

    assert job["status"] == "succeeded", job
    assert job["lane"] == "fallback"
    assert job["elapsed_s"] < 4.0
    assert job["budget"]["fallback_s"] == pytest.approx(1.8)


def test_a_model_that_never_stops_is_cut_at_the_deadline(system: System) -> None:
    """Tokens that keep coming do not buy time."""
    job = system.ended(system.submit(input="Think for ever.", route="reasoning", model="endless"))

    assert job["status"] == "succeeded", job
    assert job["fallback"]["cause"] == "deadline"
    assert job["fallback"]["from_model"] == "endless"
    assert job["attempts"][0]["usage"]["estimated"] is True


def test_a_cancelled_job_never_falls_back_and_its_upstream_call_is_closed(system: System) -> None:
    """Cancelling ends the job at once and the upstream connection within two seconds."""
    job_id = system.submit(input="Never mind this one.", route="reasoning", deadline_s=60)
    system.until(job_id, status="running", phase="waiting")
    cancelled = system.http.post(f"/v1/jobs/{job_id}/cancel").json()
    assert cancelled["status"] == "cancelled"

    until = time.monotonic() + 2.5  # two seconds, and half of one for a busy machine
    while system.open_streams() and time.monotonic() < until:
        time.sleep(0.05)
    assert system.open_streams() == 0
    later = system.job(job_id)
    assert later["status"] == "cancelled"
    assert later["fallback"] is None


def test_failures_are_logged_by_task_type_without_the_prompt(system: System) -> None:
    """The worker's log names cause, task type, model and duration, and nothing of the query."""
    marker = "zebra-4711-marker"
    job = system.ended(system.submit(input=f"Prove {marker} step by step.", route="reasoning"))
    assert job["lane"] == "fallback"

    text = "".join(process.log.read_text() for process in system.processes.all if process.name != "upstream")
    line = next(line for line in text.splitlines() if "attempt.failed" in line and job["id"] in line)
    for word in ('"cause": "deadline"', '"task_type": ', '"model": "deep"', '"duration_s": '):
        assert word in line
    assert marker not in text
