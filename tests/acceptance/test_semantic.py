"""The semantic cache in real processes: two classify workers with the real encoder, index and judge share what they know."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.processes import Process
from tests.support.system import System, running_system

WORKERS = ("one", "two")


def classifier(system: System, name: str) -> Process:
    """Start a classify worker and wait until it has loaded its encoder."""
    command = ("-m", "workers.cli", "worker", "--queues", "classify", "--slots", "8", "--name", name)
    system.workers[name] = system.processes.start(name, *command)
    return system.workers[name]


def loaded(process: Process) -> None:
    """Wait for its start; the encoder alone takes ten seconds on a busy machine."""
    process.wait_until(lambda: "worker.started" in process.log.read_text(errors="replace"), "start", 120)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, redis_server: str) -> Iterator[System]:
    """A system with two classify workers of its own kind."""
    changes = {"cache.semantic": True, "encoder.threads": 1, "cache.snapshot_s": 1, "cache.audit.rate": 0}
    with running_system(
        tmp_path_factory.mktemp("semantic"), redis_server, prefix="semantic:", changes=changes,
        workers=("reasoning,standard,fallback",),
    ) as one:  # fmt: skip
        for process in [classifier(one, name) for name in WORKERS]:
            loaded(process)
        yield one


def ask(system: System, text: str, **body: Any) -> dict[str, Any]:
    """Submit a query and wait for its answer."""
    job = system.ended(system.submit(input=text, route="standard", **body))
    assert job["status"] == "succeeded", job
    return job


def ask_all(system: System, texts: list[str], **body: Any) -> list[dict[str, Any]]:
    """Submit several at once."""
    with ThreadPoolExecutor(len(texts)) as pool:
        return list(pool.map(lambda text: ask(system, text, **body), texts))


def variants(text: str, count: int) -> list[str]:
    """Write a query in ways that the exact tier tells apart and the judge does not."""
    words = text.split()
    return [
        " ".join(word.upper() if number >> at & 1 else word for at, word in enumerate(words))
        for number in range(1, count + 1)
    ]


def calls(system: System) -> int:
    """How many calls the upstream has had."""
    count: int = httpx.get(f"{system.upstream_url}/stats", trust_env=False).json()["requests"]
    return count


def hits(system: System, name: str) -> int:
    """How many answers of the semantic tier a worker gave."""
    return sum("cache.hit" in line and "semantic" in line for line in system.workers[name].log.read_text().splitlines())


def test_what_one_process_added_each_other_serves_at_its_next_look_up(system: System) -> None:
    """One call of the model, and every variant at once is answered by either worker, with the reason in the job."""
    text = "how many moons does the planet jupiter have"
    first = ask(system, text)
    assert (first["served_by"], first["cache"]["rule"]) == ("model", "kept")
    before, served = calls(system), {name: hits(system, name) for name in WORKERS}
    jobs = ask_all(system, variants(text, 24))
    assert {job["served_by"] for job in jobs} == {"semantic_cache"}
    assert {job["cache"]["source_job"] for job in jobs} == {first["id"]}
    assert all(job["cache"]["similarity"] > 0.97 and job["cache"]["reason"] for job in jobs)
    assert all(job["result"] == first["result"] and job["cost_usd"] == 0 for job in jobs)
    assert calls(system) == before
    assert all(hits(system, name) > served[name] for name in WORKERS), "one worker served nothing"


def test_what_was_removed_is_served_by_none(system: System) -> None:
    """By its id, and by feedback on a job that was only given it."""
    text = "when was the mechanical clock invented in europe"
    first = ask(system, text)
    entry = ask(system, variants(text, 1)[0])["cache"]["entry"]
    detail = system.http.get(f"/v1/cache/{entry}").json()
    assert (detail["source_job"], detail["hits"], detail["semantic"]) == (first["id"], 1, True)
    assert system.http.delete(f"/v1/cache/{entry}").status_code == 200
    again = ask_all(system, variants(text, 16))
    assert first["id"] not in {job["cache"]["source_job"] for job in again}
    hit = ask(system, variants(text, 17)[-1])
    assert hit["served_by"] == "semantic_cache"
    wrong = hit["cache"]["source_job"]
    assert system.http.post(f"/v1/jobs/{hit['id']}/feedback", json={"correct": False}).status_code == 200
    assert wrong not in {job["cache"]["source_job"] for job in ask_all(system, variants(text, 34)[18:])}


def test_nothing_is_served_into_another_scope(system: System) -> None:
    """Other instructions, another temperature, another schema: each asks the model."""
    text = "name a river of southern france please"
    ask(system, text)
    other = variants(text, 4)
    schema = {"type": "object", "properties": {"answer": {"type": "string", "maxLength": 999}}, "required": ["answer"]}
    for number, body in enumerate(({"instructions": "Be brief."}, {"temperature": 0.5}, {"schema": schema})):
        assert ask(system, other[number], **body)["served_by"] == "model"
    assert ask(system, other[3])["served_by"] == "semantic_cache"


def test_refresh_and_off_are_honoured(system: System) -> None:
    """Neither is answered from the cache; what `refresh` brought is what is served afterwards."""
    text = "what is the boiling point of nitrogen"
    first = ask(system, text)
    one, two, three = variants(text, 3)
    assert ask(system, one, cache="off")["served_by"] == "model"
    fresh = ask(system, text, cache="refresh")
    assert fresh["served_by"] == "model"
    assert ask(system, two)["cache"]["source_job"] == fresh["id"] != first["id"]
    assert ask(system, three)["cache"]["source_job"] == fresh["id"]


def test_queries_about_the_asker_are_not_kept(system: System) -> None:
    """The job names the rule, and the same words are answered anew."""
    first = ask(system, "What is my account balance?")
    assert (first["cache"]["rule"], first["cache"]["kept_s"]) == ("asks_about_own_data", 0)
    assert ask(system, "What is my account balance?")["served_by"] == "model"
    assert ask(system, "What is the latest bitcoin price?")["cache"]["rule"] == "asks_about_now"


def test_a_refused_neighbour_is_told(system: System) -> None:
    """The job says how near the nearest was, and what refused it."""
    ask(system, "how tall is the tower of pisa in metres")
    job = ask(system, "how tall is the tower of pisa in feet")
    assert job["served_by"] == "model"
    assert job["cache"]["outcome"] == "miss"
    assert job["cache"]["guard"] not in (None, "same", "rephrased", "problem")
    assert "refused" in job["cache"]["reason"]
    assert job["cache"]["similarity"] > 0.75


def test_a_killed_worker_takes_nothing_with_it_and_a_new_one_knows_everything(system: System) -> None:
    """After SIGKILL of both, a worker that begins now serves what they had added."""
    text = "when was the university of bologna founded"
    first = ask(system, text)
    for name in WORKERS:
        system.workers[name].send(signal.SIGKILL)
        system.workers[name].stop()
    loaded(classifier(system, "three"))
    jobs = ask_all(system, variants(text, 8))
    assert {job["cache"]["source_job"] for job in jobs} == {first["id"]}
    assert {job["served_by"] for job in jobs} == {"semantic_cache"}
