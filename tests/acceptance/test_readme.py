"""Every curl line of the README, run as it stands in a shell against a running system."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.redis import missing
from tests.support.system import System, running_system

ROOT = Path(__file__).resolve().parents[2]
SHELL = [
    block.strip()
    for block in re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    if block.startswith("curl")
]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, redis_server: str) -> Iterator[System]:
    """A running system; its models are simulated."""
    if shutil.which("curl") is None:
        missing("curl")
    folder = tmp_path_factory.mktemp("readme")
    scripts = folder / "scripts.json"
    scripts.write_text(json.dumps({"models": {"city": {"thinking_tokens": 3, "answer": '{"city": "Lyon"}'}}}))
    with running_system(folder, redis_server, prefix="readme:", models={"deep": "city"}, scripts=scripts) as running:
        yield running


def shell(system: System, text: str, job_id: str = "") -> list[dict]:
    """Run lines of the README; the JSON documents that they print."""
    decoder, found, rest = json.JSONDecoder(), [], printed(system, text, job_id).strip()
    while rest:
        value, end = decoder.raw_decode(rest)
        found.append(value)
        rest = rest[end:].strip()
    return found


def printed(system: System, text: str, job_id: str = "") -> str:
    """Run lines of the README; what they print."""
    text = text.replace("http://127.0.0.1:8080", system.url)
    done = subprocess.run(
        ["sh", "-c", text],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"ID": job_id, "PATH": "/usr/bin:/bin"},
    )
    return done.stdout


def test_there_are_examples() -> None:
    """Submit, wait, ask for a shape, watch, the rest, and feedback."""
    assert len(SHELL) == 6


def test_the_examples_do_what_they_say(system: System) -> None:
    """Each block runs, and answers what the text around it promises."""
    submit, wait, shape, live, rest, feedback = SHELL
    (accepted,) = shell(system, submit)
    assert accepted["status"] == "queued"
    (job,) = shell(system, wait, accepted["id"])
    assert (job["status"], job["id"]) == ("succeeded", accepted["id"])
    (shaped,) = shell(system, shape)
    (again,) = shell(system, shape)
    assert again["id"] == shaped["id"]
    ended = system.ended(shaped["id"])
    assert ended["budget"]["deadline_s"] == 90
    assert ended["result"] == {"city": "Lyon"}
    stream = printed(system, live, shaped["id"])
    assert [line for line in stream.splitlines() if line.startswith("event: ")][-1] == "event: done"
    cancelled, retried, listed, events, expectations = shell(system, rest, shaped["id"])
    assert expectations["object"] == "list"
    assert cancelled["code"] == retried["code"] == "wrong_state", "what has succeeded is done"
    assert accepted["id"] in [entry["id"] for entry in listed["data"]]
    assert events[0]["type"] == "queued"
    (judged,) = shell(system, feedback, shaped["id"])
    assert judged["feedback"]["correct"] is True
