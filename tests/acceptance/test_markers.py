"""Private text is where the design says, and nowhere else: markers are planted, and looked for from outside.

Looked through are every key of Redis, every command that Redis is given, broker messages and Celery's events among them,
the log of each process, Flower's pages and its HTTP API, the API's pages for operators, and what webhooks receive.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from tests.support.flower import OPERATOR, start_flower
from tests.support.markers import Command, dump, kinds_in, watching
from tests.support.redis import RedisServer
from tests.support.system import QUEUES, System, running_system
from tests.support.webhooks import Receiver, receiving
from workers.contracts.job import SERVED

MARKERS = {
    "prompt": "MarkQa1prompt7x",
    "instructions": "MarkIb2instructions7x",
    "schema": "MarkSc3schema7x",
    "metadata": "MarkMd4metadata7x",
    "answer": "MarkAe5answer7x",
    "thinking": "MarkTf6thinking7x",
    "api key": "MarkKg7apikey7x",
    "wrong api key": "MarkKh8wrongkey7x",
    "upstream key": "MarkUi9upstreamkey7x",
    "signing key": "MarkSj1signingkey7x",
    "upstream error": "MarkEk2upstreamerror7x",
    "idempotency key": "MarkDl3idempotency7x",
    "webhook address": "MarkWm4address7x",
    "refused body": "MarkRn5refused7x",
    "comment": "MarkCo6comment7x",
}
# Where each kind may lie: patterns of keys behind the prefix. What is not named here may be nowhere.
RECORD = {r"job:job_[0-9a-f]{32}"}  # the truth about a job, which its owner alone can read
EVENTS = {r"job:job_[0-9a-f]{32}:events"}  # what its live stream replays
ENTRY = {r"tenant:acme:exact:[0-9a-f]+"}  # the cached answer, which is what the cache is for
OUTBOX = {r"delivery:msg_[0-9a-f]{32}_[0-9]+"}  # what a webhook will say, kept until it has arrived
ALLOWED: dict[str, set[str]] = {
    "prompt": RECORD | ENTRY,  # an entry keeps what was asked, so that its owner can look at it
    "instructions": RECORD,
    "schema": RECORD,
    "metadata": RECORD | OUTBOX,
    "answer": RECORD | EVENTS | ENTRY | OUTBOX,
    "webhook address": RECORD | OUTBOX | {r"tenant:acme:endpoints"},
    "webhook secret": {r"tenant:acme:secrets"},  # signing needs it; `webhooks.signing_key` makes it useless by itself
    "comment": RECORD,
}
SCRIPTS: dict[str, dict[str, Any]] = {
    "good": {"thinking_tokens": 8, "rate": 40, "thinking": MARKERS["thinking"],
             "answer": json.dumps({"answer": MARKERS["answer"]})},
    "sloppy": {"answer": f"{{'answer': '{MARKERS['answer']}',}}"},
    "prose": {"thinking_tokens": 2, "thinking": MARKERS["thinking"], "answer": f"I would say {MARKERS['answer']}"},
    "breaks": {"thinking_tokens": 9, "thinking": MARKERS["thinking"], "error_after": 4, "error_message": MARKERS["upstream error"]},
    "refuses": {"status": 400, "error_message": MARKERS["upstream error"]},
    "down": {"status": 503, "error_message": MARKERS["upstream error"]},
    "odd": {"answer": json.dumps({"other": MARKERS["answer"]})},
    "endless": {"endless": True, "rate": 20, "thinking": MARKERS["thinking"]},
}  # fmt: skip
SCHEMA = {
    "type": "object",
    "description": MARKERS["schema"],
    "properties": {"answer": {"type": "string", "minLength": 3}},
    "required": ["answer"],
}
CHANGES = {
    "webhooks.allow_networks": ["127.0.0.0/8"], "webhooks.allow_http": True, "webhooks.poll_s": 0.1,
    "upstreams.scripted.api_key_env": "UPSTREAM_KEY",
}  # fmt: skip
SCOPES = ["jobs:read", "jobs:write", "operations:read", "webhooks:read", "webhooks:write"]
KEYS = json.dumps(
    [{"sha256": hashlib.sha256(MARKERS["api key"].encode()).hexdigest(), "tenant": "acme", "scopes": SCOPES}]
)
# What operators look at. A page that this version does not have yet is left out.
PAGES = (
    "/metrics",
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/v1/router",
    "/v1/models",
    "/v1/expectations",
    "/v1/usage",
    "/v1/failures",
)
FLOWER_PAGES = (
    "/", "/workers?refresh=true", "/tasks", "/broker", "/metrics", "/api/workers?refresh=true", "/api/tasks?limit=1000",
    "/api/task/types", "/api/queues/length",
)  # fmt: skip


@contextmanager
def planted(folder: Path, redis: RedisServer, **changes: Any) -> Iterator[tuple[System, Receiver]]:
    """Run everything that there is, at the most talkative level."""
    folder.mkdir(parents=True, exist_ok=True)
    scripts = folder / "scripts.json"
    scripts.write_text(json.dumps({"models": SCRIPTS}))
    env = {"THINKLINE_API_KEYS": KEYS, "UPSTREAM_KEY": MARKERS["upstream key"], "THINKLINE_LOG_LEVEL": "debug"}
    models = {name: name for name in SCRIPTS} | {"deep": "good", "quick": "good"}
    with (
        receiving() as receiver,
        running_system(
            folder, redis.url, changes={**CHANGES, **changes}, models=models, scripts=scripts, env=env,
            workers=(*QUEUES, "deliver"),
        ) as system,
    ):  # fmt: skip
        system.http.headers["authorization"] = f"Bearer {MARKERS['api key']}"
        yield system, receiver


def body(number: int, **more: Any) -> dict[str, Any]:
    """A submission with something private in every field."""
    return {
        "input": f"What is {MARKERS['prompt']}, number {number}?", "instructions": MARKERS["instructions"],
        "schema": SCHEMA, "metadata": {"note": MARKERS["metadata"]}, **more,
    }  # fmt: skip


def submit_all(system: System, receiver: Receiver) -> list[str]:
    """Submit a job for each way in which one can end, and the requests that are refused."""
    address = f"http://127.0.0.1:{receiver.port}/{MARKERS['webhook address']}"
    ways: list[dict[str, Any]] = [
        {"route": "reasoning"}, {"route": "standard", "webhook_url": address}, {"route": "auto"},
        {"route": "reasoning", "model": "sloppy"}, {"route": "reasoning", "model": "prose"},
        {"route": "reasoning", "model": "breaks"}, {"route": "reasoning", "model": "down"},
        {"route": "reasoning", "model": "refuses"}, {"route": "standard", "model": "refuses"},
        {"route": "standard", "model": "odd"}, {"route": "standard", "model": "breaks"},
        {"route": "reasoning", "model": "endless", "deadline_s": 4},
    ]  # fmt: skip
    jobs = [system.submit(**body(n, **way)) for n, way in enumerate(ways)]
    http = system.http
    with_key = {"Idempotency-Key": MARKERS["idempotency key"]}
    twice = [http.post("/v1/jobs", json=body(100, route="standard"), headers=with_key) for _ in range(2)]
    jobs += [reply.json()["id"] for reply in twice]
    cancelled = system.submit(**body(101, route="reasoning", model="endless"))
    system.until(cancelled, status="running", phase="thinking")
    assert http.post(f"/v1/jobs/{cancelled}/cancel").status_code == 200
    refused = MARKERS["refused body"]
    for content in (f'{{"input": "{refused}', f'{{"input": "x", "{refused}": "{refused}"}}', f'["{refused}"]'):
        reply = http.post("/v1/jobs", content=content, headers={"Content-Type": "application/json"})
        assert reply.status_code in (400, 422)
    wrong = {"authorization": f"Bearer {MARKERS['wrong api key']}"}
    assert http.get("/v1/jobs", headers=wrong).status_code == 401
    return jobs


def flower_says(url: str) -> dict[str, str]:
    """Read Flower's pages and its HTTP API, one page for each task and worker that it knows included."""
    with httpx.Client(base_url=url, auth=OPERATOR, timeout=30, trust_env=False) as http:
        said = {path: http.get(path).text for path in FLOWER_PAGES}
        for name in json.loads(said["/api/tasks?limit=1000"]):
            for path in (f"/task/{name}", f"/api/task/info/{name}"):
                said[path] = http.get(path).text
        for name in json.loads(said["/api/workers?refresh=true"]):
            said[f"/worker/{name}"] = http.get(f"/worker/{name}").text
    return said


def misplaced(keys: Iterator[tuple[str, bytes]], markers: dict[str, str], allowed: dict[str, set[str]]) -> list[str]:
    """List what lies where it may not, and what was found nowhere although it must be somewhere."""
    wrong, found = [], set[str]()
    for key, content in keys:
        name = key.removeprefix("tl:")
        for kind in kinds_in(content, markers):
            found.add(kind)
            if not any(re.fullmatch(pattern, name) for pattern in allowed.get(kind, ())):
                wrong.append(f"{kind} in {key}")
    return sorted({*wrong, *(f"{kind} nowhere: the test looks at nothing" for kind in allowed if kind not in found)})


def misdirected(commands: list[Command], markers: dict[str, str], allowed: dict[str, set[str]]) -> list[str]:
    """List commands that carry what they may not. A script's arguments are seen again in what the script writes."""
    writes = [one for one in commands if one.name not in ("EVALSHA", "EVAL", "SCRIPT")]
    assert all(one.scripted for one in writes if "prompt" in kinds_in(one.text, markers)), "only scripts write records"
    return misplaced(((one.key, one.text) for one in writes), markers, allowed)


@pytest.mark.slow
def test_private_text_is_only_where_the_design_says(tmp_path: Path, own_redis: RedisServer) -> None:
    """After jobs of every kind have ended, each marker is found in its own places and in no other."""
    with planted(tmp_path, own_redis) as (system, receiver), watching(own_redis.url) as commands:
        flower_url = start_flower(system)
        address = f"http://127.0.0.1:{receiver.port}/{MARKERS['webhook address']}"
        events = ["job.succeeded", "job.failed", "job.cancelled", "job.fallback"]
        made = system.http.post("/v1/webhooks", json={"url": address, "events": events}).json()
        markers = MARKERS | {"webhook secret": made["secret"].removeprefix("whsec_")}
        jobs = submit_all(system, receiver)
        ended = [system.ended(job_id) for job_id in jobs]
        system.http.post(f"/v1/jobs/{jobs[0]}/feedback", json={"correct": True, "comment": MARKERS["comment"]})
        assert system.http.post("/v1/jobs", json=body(0, route="reasoning")).status_code == 200, "an exact hit"
        wait_for(lambda: len(receiver.got) >= len(set(jobs)), "webhooks")
        time.sleep(1.5)  # a worker's last Celery events, which Flower shows

        assert {job["status"] for job in ended} == {"succeeded", "failed"}
        assert {job["lane"] for job in ended} == {"reasoning", "standard", "fallback"}
        assert any(job["repaired"] for job in ended)
        with Redis.from_url(own_redis.url) as client:
            assert misplaced(dump(client), markers, ALLOWED) == []
        assert misdirected(list(commands), markers, ALLOWED) == []
        hints = [one for one in commands if one.name == "LPUSH" and one.key.removeprefix("tl:") in SERVED]
        assert {one.key.removeprefix("tl:") for one in hints} == set(SERVED)
        told = [one for one in commands if one.name == "PUBLISH" and "celeryev" in one.key]
        assert told, "Celery's events are seen"

        said = flower_says(flower_url)
        assert any(jobs[0] in text for text in said.values()), "Flower shows the tasks"
        assert leaks(said, markers) == {}
        pages = {path: reply.text for path in PAGES if (reply := system.http.get(path)).status_code != 404}
        assert len(pages) >= len(PAGES) - 1
        assert leaks(pages, markers) == {}
        bodies = {
            f"webhook {n}": f"{one.body.decode()}{sorted(one.headers.items())}" for n, one in enumerate(receiver.got)
        }
        assert leaks(bodies, {kind: text for kind, text in markers.items() if kind not in ("answer", "metadata")}) == {}
    logs = {process.name: process.log.read_text(errors="replace") for process in system.processes.all}
    assert all(logs[f"worker-{queue}"] for queue in SERVED), "every worker says something at this level"
    assert leaks(logs, markers) == {}


@pytest.mark.slow
def test_thinking_is_kept_only_where_the_settings_say(tmp_path: Path, own_redis: RedisServer) -> None:
    """With `streams.thinking_text` and `budget.hand_on_thinking` it is in the job's events and its record; still no further."""
    settings = {"streams.thinking_text": True, "budget.hand_on_thinking": True}
    allowed = {kind: places for kind, places in ALLOWED.items() if kind in MARKERS} | {"thinking": EVENTS | RECORD}
    with planted(tmp_path, own_redis, **settings) as (system, receiver), watching(own_redis.url) as commands:
        jobs = submit_all(system, receiver)
        for job_id in jobs:
            system.ended(job_id)
        system.http.post(f"/v1/jobs/{jobs[0]}/feedback", json={"correct": True, "comment": MARKERS["comment"]})
        with Redis.from_url(own_redis.url) as client:
            assert misplaced(dump(client), MARKERS, allowed) == []
        assert misdirected(list(commands), MARKERS, allowed) == []
    logs = {process.name: process.log.read_text(errors="replace") for process in system.processes.all}
    assert leaks(logs, MARKERS) == {}


def leaks(texts: dict[str, str], markers: dict[str, str]) -> dict[str, set[str]]:
    """Tell which texts hold something private."""
    return {name: kinds for name, text in texts.items() if (kinds := kinds_in(text, markers))}


def wait_for(ready: Any, what: str, timeout_s: float = 30) -> None:
    """Wait until something is true."""
    until = time.monotonic() + timeout_s
    while not ready():
        assert time.monotonic() < until, what
        time.sleep(0.05)
