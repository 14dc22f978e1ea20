"""The cache checks itself, in real processes.

A model that answers otherwise the second time closes its scope to meaning; a pair that the judge could not decide is judged
later, and answered from then on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.system import System, running_system

NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
MODELS = {
    "moody": {"answers": [json.dumps({"n": n}) for n in range(1, 60)]},  # never says the same twice
    "steady": {"answer": '{"answer": "56 metres"}'},
    "judge": {"answer": '{"same": true}'},
}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, redis_server: str) -> Iterator[System]:
    """A system in which every hit by meaning is audited, and a few pairs may be judged."""
    folder = tmp_path_factory.mktemp("checks")
    scripts = folder / "scripts.json"
    scripts.write_text(json.dumps({"models": MODELS}))
    changes = {
        "cache.semantic": True, "encoder.threads": 1, "cache.audit.rate": 1.0, "cache.grey.per_day": 5,
        "cache.grey.min_similarity": 0.75,
    }  # fmt: skip
    with running_system(
        folder, redis_server, prefix="checks:", changes=changes, scripts=scripts,
        models={"quick": "judge", "moody": "moody", "steady": "steady"}, workers=("reasoning,standard,fallback",),
    ) as one:  # fmt: skip
        classifier = one.worker("classifier", "classify", 8)
        log = classifier.log
        classifier.wait_until(lambda: "worker.started" in log.read_text(errors="replace"), "start", 120)
        yield one


def ask(system: System, text: str, model: str = "moody", **body: Any) -> dict[str, Any]:
    """Submit a query and wait for its answer."""
    shape = {"schema": NUMBER} if model == "moody" else {}
    job = system.ended(system.submit(input=text, route="standard", model=model, **shape, **body))
    assert job["status"] == "succeeded", job
    return job


def until(what: Callable[[], Any], timeout_s: float = 60) -> Any:
    """Wait until something is there."""
    end = time.monotonic() + timeout_s
    while not (found := what()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.1)
    return found


def audit(system: System) -> dict[str, Any]:
    """What audits found in the one scope that was audited so far; empty before."""
    data = system.http.get("/v1/cache/audit").json()["data"]
    return data[0] if data else {}


def found_wrong(system: System, text: str, count: int) -> None:
    """Have a query answered, repeat it in capitals, and wait until the audit of that answer found it wrong."""
    first = ask(system, text)
    hit = ask(system, text.upper())
    assert (hit["served_by"], hit["cache"]["source_job"]) == ("semantic_cache", first["id"])
    assert hit["result"] == first["result"]
    until(lambda: audit(system).get("semantic", {}).get("wrong") == count)


def test_a_scope_whose_answers_turn_out_wrong_closes_by_itself(system: System) -> None:
    """First to all but the same words, then to the same query; job, log and route say so, and no job notices more."""
    found_wrong(system, "how many moons does the planet jupiter have", 1)
    assert audit(system)["level"] == "open"
    found_wrong(system, "how many bridges does the city of venice have", 2)
    scope = audit(system)
    assert (scope["level"], scope["latest"]["audited"]) == ("strict", 0)
    assert "2 of 2" in scope["reason"]
    assert scope["semantic"]["error_rate"] == 1.0

    ask(system, "when was the movie casablanca released")
    other = ask(system, "when was the film casablanca released")
    assert (other["served_by"], other["cache"]["guard"]) == ("model", "audit")
    assert "only the same words are answered by meaning in this scope" in other["cache"]["reason"]

    found_wrong(system, "how many keys does a concert piano have", 3)
    found_wrong(system, "how many strings does a concert harp have", 4)
    assert audit(system)["level"] == "exact_only"
    text = "how many islands does the country of greece have"
    first = ask(system, text)
    missed = ask(system, text.upper())
    assert (missed["served_by"], missed["cache"]["guard"]) == ("model", "audit")
    assert "nothing is answered by meaning in this scope: its audit found 2 of 2" in missed["cache"]["reason"]
    again = ask(system, text)
    assert (again["served_by"], again["result"]) == ("exact_cache", first["result"])

    log = system.workers["worker-reasoning-standard-fallback"].log.read_text()
    assert log.count("cache.stricter") == 2
    assert "jupiter" not in log.lower()
    (bill,) = [row for row in system.http.get("/v1/usage").json()["checks"] if row["kind"] == "audit"]
    assert (bill["model"], bill["calls"]) == ("moody", 4)
    assert bill["cost_usd"] > 0


def test_another_scope_is_as_open_as_before(system: System) -> None:
    """The same model under other instructions."""
    text = "how many moons does the planet saturn have"
    ask(system, text, instructions="Be brief.")
    assert ask(system, text.upper(), instructions="Be brief.")["served_by"] == "semantic_cache"


def test_an_undecided_pair_is_judged_later_and_answered_from_then_on(system: System) -> None:
    """The asked text is an alias of the stored entry, with the model that judged it in the reason."""
    first = ask(system, "how tall is the tower of pisa", "steady")
    text, tag = "how tall is the leaning tower of pisa", {"cache_tag": "again"}
    missed = ask(system, text, "steady", metadata=tag)
    assert (missed["served_by"], missed["cache"]["guard"]) == ("model", "words")
    rows = lambda: [row for row in system.http.get("/v1/usage").json()["checks"] if row["kind"] == "grey"]  # noqa: E731
    (bill,) = until(rows)
    assert (bill["model"], bill["calls"]) == ("quick", 1)
    assert system.http.delete("/v1/cache", params={"tag": "again"}).json()["removed"] == 1  # its own answer
    hit = ask(system, text, "steady")
    assert (hit["served_by"], hit["cache"]["source_job"]) == ("semantic_cache", first["id"])
    assert hit["cache"]["reason"] == "judged by quick: both ask the same"
