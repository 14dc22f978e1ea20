"""A query's whole way through real processes: structured results, reshaping, cache, breaker, privacy, progress."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from tests.support.system import System, running_system

SCHEMA = {
    "type": "object",
    "properties": {"total": {"type": "integer"}, "unit": {"enum": ["km", "m"]}},
    "required": ["total", "unit"],
    "additionalProperties": False,
}
SCRIPTS: dict[str, dict[str, Any]] = {
    "verbose": {
        "thinking_tokens": 3,
        "answer": 'Draft {"total": 1}.\n```json\n{"total": 12, "unit": "km"}\n```\nDone.',
    },
    "sloppy": {"answer": "{'total': 12, 'unit': 'km',}"},
    "wrong": {"answer": "twelve kilometres, I would say"},
    "hopeless": {"answer": '{"total": "many"}'},
    "shaper": {"answer": '{"total": 12, "unit": "km"}'},
    "echo-notes": {"answer": '{"answer": "done"}'},
    "ponders": {"thinking_tokens": 500, "rate": 50},
    "dead": {"status": 503},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this module's systems keep their logs."""
    return tmp_path_factory.mktemp("pipeline")


@pytest.fixture(scope="module")
def system(folder: Path, redis_server: str) -> Iterator[System]:
    """A system with models of many manners."""
    scripts = folder / "scripts.json"
    scripts.write_text(json.dumps({"models": SCRIPTS}))
    models = {name: name for name in SCRIPTS} | {"quick": "shaper", "deep": "thinker"}
    changes = {
        "lanes.reasoning.deadline_s": 20,
        "budget.hand_on_thinking": True,
        "breaker.failures": 3,
        "breaker.open_s": 2,
    }
    with running_system(
        folder, redis_server, prefix="pipeline:", models=models, changes=changes, scripts=scripts
    ) as one:
        yield one


def test_the_final_json_is_taken_out_of_a_verbose_reply(system: System) -> None:
    """The last fitting JSON, validated, with usage, cost, steps and no trace of the draft."""
    job = system.ended(system.submit(input="How far?", route="reasoning", model="verbose", schema=SCHEMA))
    assert job["status"] == "succeeded", job
    assert job["result"] == {"total": 12, "unit": "km"}
    assert job["repaired"] is False
    assert job["usage"]["reasoning_tokens"] == 3
    assert job["cost_usd"] == pytest.approx((20 * 1.0 + job["usage"]["completion_tokens"] * 4.0) / 1e6)
    steps = [step["step"] for step in job["steps"]]
    assert steps[:4] == ["queued", "classifying", "routed", "waiting"]
    assert steps[-1] == "succeeded"
    assert job["attempts"][0]["first_token_s"] is not None


def test_broken_json_is_repaired_and_told(system: System) -> None:
    """Repair is visible, and a repaired answer is not kept for repeats."""
    body = {"input": "How far again?", "route": "reasoning", "model": "sloppy", "schema": SCHEMA}
    job = system.ended(system.submit(**body))
    assert (job["result"], job["repaired"]) == ({"total": 12, "unit": "km"}, True)
    assert system.http.post("/v1/jobs", json=body).status_code == 202


def test_what_does_not_fit_is_reshaped_once_by_the_standard_model(system: System) -> None:
    """A reply in words comes back in the schema; the lane stays, both models are paid for."""
    job = system.ended(system.submit(input="How far, in words?", route="reasoning", model="wrong", schema=SCHEMA))
    assert job["status"] == "succeeded", job
    assert job["lane"] == "reasoning"
    assert job["result"] == {"total": 12, "unit": "km"}
    assert job["repaired"] is True
    assert job["usage"]["prompt_tokens"] == 40


def test_unusable_output_of_reasoning_goes_to_the_fallback(folder: Path, redis_server: str) -> None:
    """When neither reply nor reshaping fits: fallback; when that fails too: failed, with both causes and the raw text."""
    scripts = folder / "hopeless.json"
    scripts.write_text(json.dumps({"models": {"hopeless": SCRIPTS["hopeless"]}}))
    models = {"deep": "hopeless", "quick": "hopeless"}
    with running_system(
        folder / "hopeless", redis_server, prefix="hopeless:", models=models, scripts=scripts,
        workers=("classify,reasoning,standard,fallback",),
    ) as other:  # fmt: skip
        job = other.ended(other.submit(input="How far?", route="reasoning", schema=SCHEMA))
    assert job["status"] == "failed"
    assert job["error"]["code"] == "structured_output_invalid"
    assert job["error"]["causes"] == ["unusable_output", "unusable_output"]
    assert job["fallback"]["cause"] == "unusable_output"
    assert job["raw_text"] == SCRIPTS["hopeless"]["answer"]
    assert job["result"] is None


def test_a_repeat_is_served_from_the_cache(system: System) -> None:
    """The second time costs nothing and says where it comes from; a truncated answer is never kept."""
    body = {"input": "What is twelve times twelve, roughly?", "route": "standard", "schema": SCHEMA}
    first = system.ended(system.submit(**body))
    assert first["served_by"] == "model"
    reply = system.http.post("/v1/jobs", json=body)
    assert reply.status_code == 200
    assert reply.json()["result"] == first["result"]
    assert reply.json()["cache"]["source_job"] == first["id"]


def test_progress_is_seen_while_it_thinks(system: System) -> None:
    """Thinking tokens grow from poll to poll, and the events tell the same story."""
    job_id = system.submit(input="Ponder this.", route="reasoning", model="ponders")
    first = system.until(job_id, status="running", phase="thinking")
    time.sleep(2.5)
    later = system.job(job_id)
    assert later["thinking_tokens"] > first["thinking_tokens"] > 0
    events = system.http.get(f"/v1/jobs/{job_id}/events").json()
    ticks = [event for event in events if event["type"] == "thinking"]
    assert 2 <= len(ticks) <= 12, "one a second, not one a token"
    assert system.http.post(f"/v1/jobs/{job_id}/cancel").json()["status"] == "cancelled"


def test_what_was_thought_is_handed_on_when_the_setting_says_so(system: System) -> None:
    """The fallback's prompt holds the unfinished thinking."""
    before = httpx.get(f"{system.upstream_url}/stats", trust_env=False).json()["by_model"].get("shaper", 0)
    job = system.ended(
        system.submit(input="Ponder, then give up.", route="reasoning", model="ponders", deadline_s=5, schema=SCHEMA)
    )
    assert (job["status"], job["lane"]) == ("succeeded", "fallback"), job
    after = httpx.get(f"{system.upstream_url}/stats", trust_env=False).json()["by_model"]["shaper"]
    assert after > before
    assert job["usage"]["estimated"] is True


def test_a_model_that_is_down_is_not_asked_again_and_again(system: System) -> None:
    """After three failures the breaker opens: jobs go straight to the fallback, until a probe may be made."""
    for n in range(3):
        job = system.ended(system.submit(input=f"Anyone there? {n}", route="reasoning", model="dead", schema=SCHEMA))
        assert job["fallback"]["cause"] == "upstream_unavailable"
    asked = httpx.get(f"{system.upstream_url}/stats", trust_env=False).json()["by_model"]["dead"]
    job = system.ended(system.submit(input="Anyone there now?", route="reasoning", model="dead", schema=SCHEMA))
    assert job["fallback"]["cause"] == "model_down"
    assert job["status"] == "succeeded"
    assert httpx.get(f"{system.upstream_url}/stats", trust_env=False).json()["by_model"]["dead"] == asked


def test_the_expectation_is_unknown_at_first_and_learned(system: System) -> None:
    """After a few answers of a kind the next one says how long it is likely to take."""
    for n in range(6):
        job = system.ended(system.submit(input=f"Prove that {n} is even or odd.", route="reasoning"))
    assert job["expected"]["known"] is False
    time.sleep(5.2)  # a worker reads past durations once in five seconds
    job = system.ended(system.submit(input="Prove that nine is odd.", route="reasoning"))
    assert job["expected"]["known"] is True
    assert 0 < job["expected"]["p50_s"] <= job["expected"]["p90_s"]


def test_nothing_private_leaves_the_record(system: System, redis_server: str) -> None:
    """A marker in prompt, schema and metadata is in no broker message, no log and no key of another tenant's kind."""
    marker = "zebra4711marker"
    schema = {"type": "object", "properties": {marker: {"type": "string"}}}
    for route in ("reasoning", "standard"):
        system.ended(system.submit(input=f"Say {marker}", route=route, schema=schema, metadata={"m": marker}))
    with redis.Redis.from_url(redis_server, decode_responses=True) as store:
        for key in store.scan_iter(match="pipeline:*"):
            kind = store.type(key)
            if kind == "list":
                assert marker not in "".join(store.lrange(key, 0, -1)), key
            elif kind == "stream" and ":job:" not in key.replace("pipeline:job:", ":job:"):
                assert marker not in json.dumps(store.xrange(key)), key
            assert marker not in key
    for process in system.processes.all:
        assert marker not in process.log.read_text(errors="replace"), process.name
