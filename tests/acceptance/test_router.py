"""The trained router in real workers: decisions, new artefacts, a candidate beside it, and what failures teach it."""

from __future__ import annotations

import importlib.util
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import Processes
from tests.support.redis import missing
from tests.support.system import System, running_system
from workers.routing.artefact import SHIPPED

pytestmark = pytest.mark.slow
HARD = "Prove that the square root of 2 is irrational, and derive the general statement for primes."
EASY = "What is the capital of France?"


def renamed(source: Path, target: Path, name: str) -> None:
    """Write an artefact under another name, in one step, as `router train` does."""
    row = json.loads(source.read_text())
    partial = target.with_suffix(".partial")
    partial.write_text(json.dumps({**row, "name": name}))
    partial.replace(target)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the artefacts lie."""
    return tmp_path_factory.mktemp("router")


@pytest.fixture(scope="module")
def system(folder: Path, redis_server: str) -> Iterator[System]:
    """A system with the trained router, a candidate, and a reasoning model that thinks past its deadline."""
    if importlib.util.find_spec("sentence_transformers") is None:
        missing("the extra `classify` (sentence-transformers)")
    live, shadow = folder / "live.json", folder / "shadow.json"
    shutil.copy(SHIPPED, live)
    renamed(SHIPPED, shadow, "candidate-1")
    changes = {
        "router.kind": "trained", "router.artefact": str(live), "router.shadow": str(shadow), "router.reload_s": 0.2,
        "lanes.reasoning.deadline_s": 1, "breaker.failures": 1000,
    }  # fmt: skip
    with running_system(
        folder, redis_server, prefix="router:", changes=changes, models={"deep": "endless", "quick": "instant"}
    ) as running:
        yield running


def until(system: System, wanted: Callable[[dict[str, Any]], bool], timeout_s: float = 20) -> dict[str, Any]:
    """Read the router's status until it is as wanted."""
    end = time.monotonic() + timeout_s
    while True:
        status: dict[str, Any] = system.http.get("/v1/router").json()
        if wanted(status):
            return status
        if time.monotonic() > end:
            raise AssertionError(json.dumps(status)[:2000])
        time.sleep(0.05)


def test_easy_and_hard_go_their_ways_with_words(system: System) -> None:
    """Lane, probability, confidence, task type and a reason that quotes nothing."""
    easy = system.ended(system.submit(input=EASY, cache="off"))
    assert easy["lane"] == "standard"
    assert easy["route"]["task_type"] == "lookup"
    assert easy["route"]["p_reasoning"] < 0.2
    hard = system.ended(system.submit(input=HARD, cache="off"))
    assert hard["route"]["lane"] == "reasoning"
    assert hard["route"]["task_type"] == "mathematics"
    assert hard["route"]["confidence"] > 0.5
    assert "irrational" not in hard["route"]["reason"]


def test_a_burst_is_decided_together_and_nobody_gets_anothers_lane(system: System) -> None:
    """Sixty queries at once: each decision belongs to its query."""
    asked = [EASY.replace("France", f"country {n}") if n % 2 else f"{HARD} Use method {n}." for n in range(60)]
    ids = [system.submit(input=text, cache="off", route="auto") for text in asked]
    for n, job_id in enumerate(ids):
        job = system.until(job_id, 60, **({"lane": "standard"} if n % 2 else {}))
        task = (job["route"] or system.ended(job_id)["route"])["task_type"]
        assert (task == "mathematics") is (n % 2 == 0), asked[n]


def test_what_keeps_running_out_of_time_is_learned(system: System) -> None:
    """After some proofs that thought past the deadline, the next goes to the standard lane and says why."""
    for n in range(4):
        assert system.ended(system.submit(input=f"{HARD} Variant {n}.", cache="off"))["status"] == "succeeded"
    time.sleep(0.6)  # what a worker remembers of the outcomes is half a second old at the most
    job = system.ended(system.submit(input=f"{HARD} Once more.", cache="off"))
    assert job["lane"] == "standard"
    assert "mathematics ran out of time in 100%" in job["route"]["reason"]
    assert job["route"]["p_reasoning"] > 0.5
    forced = system.ended(system.submit(input=f"{HARD} By order.", cache="off", route="reasoning"))
    assert forced["route"]["decided_by"] == "caller"
    assert forced["fallback"]["cause"] == "deadline"
    (seen,) = until(system, lambda status: bool(status["outcomes"]))["outcomes"]
    assert seen["task_type"] == "mathematics"
    assert seen["late"] >= 4


def test_the_candidate_is_compared_and_decides_nothing(system: System) -> None:
    """The same artefact under another name agrees with every decision."""
    status = until(system, lambda status: bool(status["shadow"]) and status["shadow"][0]["decisions"] >= 60)
    (report,) = status["shadow"]
    assert report["artefact"] == "candidate-1"
    assert report["agreed"] == report["decisions"]
    assert {count["lane"] for count in status["decisions"]} == {"reasoning", "standard"}


def test_a_new_artefact_is_taken_over_and_a_broken_one_is_not(system: System, folder: Path) -> None:
    """The worker goes on all the while."""
    live = folder / "live.json"
    renamed(SHIPPED, live, "fresh-7")
    until(system, lambda status: status["workers"][0]["artefact"] == "fresh-7")
    assert system.ended(system.submit(input=EASY, cache="off"))["route"]["decided_by"] == "fresh-7"
    live.write_text('{"format": "something else"}')
    status = until(system, lambda status: status["workers"][0]["refused"] is not None)
    assert "no router" in status["workers"][0]["refused"]
    assert system.ended(system.submit(input=EASY, cache="off"))["route"]["decided_by"] == "fresh-7"


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("THINKLINE_ROUTER__ARTEFACT", "/no/such/router.json", "router.artefact"),
        ("THINKLINE_ENCODER__MODEL", "no-such-model", "encoder.model is 'no-such-model'"),
    ],
)
def test_a_worker_without_what_it_decides_with_does_not_start(
    tmp_path: Path, redis_url: str, setting: str, value: str, words: str
) -> None:
    """One clear sentence, and an exit code that says so."""
    with Processes(
        tmp_path, {"REDIS_URL": redis_url, "THINKLINE_DATA_DIR": str(tmp_path), setting: value}
    ) as processes:
        worker = processes.start("worker", "-m", "workers.cli", "worker", "--queues", "classify")
        end = time.monotonic() + 60
        while worker.alive and time.monotonic() < end:
            time.sleep(0.1)
        assert worker.returncode == 2, worker.tail()
        (sentence,) = [line for line in worker.tail().splitlines() if line.startswith("thinkline: ")]
        assert words in sentence
