"""Equal queries in flight in real processes: paid for once, and taken over when the one that pays comes to nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.system import System, running_system

AT_ONCE = 200


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, redis_server: str) -> Iterator[System]:
    """A system with four classify workers and a model that takes two seconds."""
    folder: Path = tmp_path_factory.mktemp("join")
    scripts = folder / "scripts.json"
    scripts.write_text(json.dumps({"models": {"takes-2s": {"first_token_s": 2.0}, "hangs": {"first_token_s": 30.0}}}))
    models = {"quick": "takes-2s", "hanging": "hangs"}
    with running_system(folder, redis_server, prefix="join:", models=models, scripts=scripts) as one:
        for number in range(3):
            one.worker(f"classify-{number}", "classify", 8)
        for process in one.workers.values():
            process.wait_until(lambda process=process: "worker.started" in process.log.read_text(), "start", 60)
        yield one


def calls(system: System) -> int:
    """How many calls the upstream has had."""
    count: int = httpx.get(f"{system.upstream_url}/stats", trust_env=False).json()["requests"]
    return count


def submitted(system: System, count: int, **body: Any) -> list[str]:
    """Submit the same query many times at once."""
    with ThreadPoolExecutor(20) as pool:
        return list(pool.map(lambda _: system.submit(**body), range(count)))


def test_many_equal_queries_at_once_make_one_call(system: System) -> None:
    """200 of them over four classify processes: one is answered by the model, the others with its answer."""
    before = calls(system)
    jobs = [system.ended(job_id) for job_id in submitted(system, AT_ONCE, input="What is a quasar?", route="standard")]
    assert {job["status"] for job in jobs} == {"succeeded"}
    assert calls(system) == before + 1
    (leader,) = [job for job in jobs if job["served_by"] == "model"]
    others = [job for job in jobs if job is not leader]
    assert {job["cache"]["source_job"] for job in others} == {leader["id"]}
    assert {job["cache"]["tier"] for job in others} <= {"join", "exact"}
    assert sum(job["cache"]["tier"] == "join" for job in others) > AT_ONCE // 2
    assert all(job["result"] == leader["result"] and job["cost_usd"] == 0 for job in others)


def test_another_takes_over_when_the_leader_is_cancelled(system: System) -> None:
    """The others are answered all the same, with one call more."""
    before = calls(system)
    ids = submitted(system, 12, input="What is a pulsar?", route="standard")
    leader = _leader(system, ids)
    assert system.http.post(f"/v1/jobs/{leader}/cancel").status_code == 200
    jobs = [system.ended(job_id) for job_id in ids if job_id != leader]
    assert {job["status"] for job in jobs} == {"succeeded"}
    assert sum(job["served_by"] == "model" for job in jobs) == 1
    assert calls(system) == before + 2


def test_each_scope_pays_for_itself(system: System) -> None:
    """Other instructions are another question; `off` and `refresh` neither wait nor are waited for."""
    before = calls(system)
    ids = [
        system.submit(input="What is a magnetar?", route="standard", **more)
        for more in ({}, {"instructions": "Be brief."}, {"cache": "off"}, {"cache": "refresh"}, {})
    ]
    jobs = [system.ended(job_id) for job_id in ids]
    assert [job["served_by"] for job in jobs] == ["model"] * 4 + ["exact_cache"]
    assert calls(system) == before + 4


def test_a_query_about_own_data_waits_for_nobody(system: System) -> None:
    """Two askers of one tenant may be two people."""
    before = calls(system)
    jobs = [system.ended(job_id) for job_id in submitted(system, 3, input="What is my balance?", route="standard")]
    assert {job["served_by"] for job in jobs} == {"model"}
    assert calls(system) == before + 3


def _leader(system: System, ids: list[str]) -> str:
    """Wait until all but one wait for it; give its id."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        found = {job_id: [step["step"] for step in system.job(job_id)["steps"]] for job_id in ids}
        alone = [job_id for job_id, steps in found.items() if "joined" not in steps]
        if len(alone) == 1 and "routed" in found[alone[0]]:
            return alone[0]
    raise AssertionError(f"nobody leads: {found}")
