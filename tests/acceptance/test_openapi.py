"""The API does what its OpenAPI document says: schemathesis sends what fits it and what does not, to a real server.

The same requests each time. To look longer and elsewhere: `SCHEMATHESIS_EXAMPLES=500 SCHEMATHESIS_SEED=7 pytest
tests/acceptance/test_openapi.py` (examples are requests an operation and phase; about six minutes).
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import jsonschema_rs
import pytest

from tests.support.redis import RedisServer
from tests.support.sse import told
from tests.support.system import System, running_system

KEY = "tl_of-the-contract-test"
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "8")
SEED = os.environ.get("SCHEMATHESIS_SEED")
CONFIG = Path(__file__).with_name("schemathesis.toml")
SCOPES = ["jobs:read", "jobs:write", "operations:read", "webhooks:read", "webhooks:write"]
KEYS = json.dumps([{"sha256": hashlib.sha256(KEY.encode()).hexdigest(), "tenant": "acme", "scopes": SCOPES}])
# Long polls and streams end soon, so that what waits does not use up the time.
CHANGES = {"api.max_wait_s": 0.2, "streams.longest_s": 2.0}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, redis_server: str) -> Iterator[System]:
    """A system that asks for a key. Nobody delivers webhooks: their addresses are made up."""
    folder = tmp_path_factory.mktemp("openapi")
    with running_system(
        folder, redis_server, prefix="openapi:", changes=CHANGES, models={"deep": "instant"},
        env={"THINKLINE_API_KEYS": KEYS}, workers=("classify,reasoning,standard,fallback",),
    ) as one:  # fmt: skip
        one.http.headers["authorization"] = f"Bearer {KEY}"
        yield one


def schemathesis(url: str, folder: Path, *options: str) -> None:
    """Run schemathesis on a server; fails with what it found."""
    repeatable = ("--seed", SEED, "--generation-database", "none") if SEED else ("--generation-deterministic",)
    command = (
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run", f"{url}/openapi.json",
        "--header", f"Authorization: Bearer {KEY}", "--max-examples", EXAMPLES, *repeatable,
        "--continue-on-failure", "--no-shrink", "--request-timeout", "30", "--warnings", "off", "--no-color", *options,
    )  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    said = done.stdout[done.stdout.find("= FAILURES =") :] if "= FAILURES =" in done.stdout else done.stdout
    assert done.returncode == 0, f"{said[-20_000:]}\n{done.stderr[-2_000:]}"
    assert "No API operations" not in done.stdout


@pytest.mark.slow
def test_every_answer_is_as_documented(system: System, tmp_path: Path) -> None:
    """No 500, no undocumented status or header, no body that breaks its schema; what does not fit is refused."""
    schemathesis(system.url, tmp_path)
    assert system.ready(), "the system survived it"
    api = next(process for process in system.processes.all if process.name == "api")
    assert "request.broken" not in api.log.read_text()


def test_streams_are_as_documented(system: System) -> None:
    """Each event of a stream has a documented type, and data that fits its schema."""
    document = system.http.get("/openapi.json").json()
    content = document["paths"]["/v1/jobs/{job_id}/events"]["get"]["responses"]["200"]["content"]
    known = content["text/event-stream"]["x-event-types"]
    seen: set[str] = set()
    for route in ("auto", "reasoning", "standard"):
        job_id = system.submit(input=f"What is documented, by the route {route}?", route=route)
        system.until(job_id, status="succeeded")
        for event in told(system.http, job_id):
            seen.add(event.type)
            schema = {**known[event.type], "components": document["components"]}
            jsonschema_rs.validator_for(schema, offline=True).validate(event.data)
    assert {"queued", "routed", "started", "done"} <= seen


@pytest.mark.slow
def test_every_answer_is_as_documented_while_redis_is_away(tmp_path: Path, own_redis: RedisServer) -> None:
    """Every route says 503 in its documented form, or does without."""
    with running_system(
        tmp_path, own_redis.url, changes=CHANGES, env={"THINKLINE_API_KEYS": KEYS}, workers=()
    ) as system:
        system.processes.all[-1].wait_until(lambda: _lives(system), "the API", 60)
        own_redis.kill()
        answers = ("status_code_conformance", "content_type_conformance", "response_headers_conformance")
        checks = ",".join((*answers, "response_schema_conformance"))
        schemathesis(system.url, tmp_path, "--phases", "examples,coverage", "--mode", "positive", "--checks", checks)


def _lives(system: System) -> bool:
    try:
        return system.http.get("/healthz").status_code == 200
    except httpx.HTTPError:
        return False
