"""The API as a process: how it starts, how it refuses to, and how it stops."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.processes import Process, Processes, free_port

FACTORY = ("-m", "uvicorn", "api.app:app_from_environment", "--factory")


@pytest.fixture
def redis(redis_url: str) -> dict[str, str]:
    """The environment of an API on the tests' Redis."""
    return {"REDIS_URL": redis_url, "THINKLINE_REDIS__KEY_PREFIX": "process:"}


@contextmanager
def started(folder: Path, *command: str, **env: str) -> Iterator[Process]:
    """Start an API in an empty folder of settings."""
    config = folder / "thinkline.toml"
    config.touch()
    with Processes(folder, {"THINKLINE_CONFIG": str(config), **env}) as processes:
        yield processes.start("api", *(command or ("-m", "api")))


def ended(process: Process, timeout_s: float = 30) -> int:
    """Wait for the end of a process."""
    until = time.monotonic() + timeout_s
    while process.returncode is None:
        assert time.monotonic() < until, f"still running:\n{process.log.read_text()}"
        time.sleep(0.05)
    return process.returncode


def answers(http: httpx.Client) -> bool:
    """Whether the API is up."""
    try:
        return http.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("command", [(), FACTORY])
@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"THINKLINE_API__PORT": "many"}, "api.port (THINKLINE_API__PORT) is 'many'"),
        ({"THINKLINE_API__HOST": "10.9.8.7"}, "without api_keys the API binds to loopback only"),
        ({"REDIS_URL": "redis://:pa/ss@127.0.0.1:6379/0"}, "redis_url (THINKLINE_REDIS_URL): its port"),
    ],
)
def test_a_wrong_setting_ends_it_with_a_sentence(
    tmp_path: Path, command: tuple[str, ...], env: dict[str, str], words: str
) -> None:
    """Exit code 2, the setting and what is wrong, no traceback and no secret."""
    with started(tmp_path, *command, **env) as api:
        assert ended(api) == 2
        log = api.log.read_text()
        assert words in log
        assert "Traceback" not in log
        assert "pa/ss" not in log


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_port_in_use_ends_it_with_a_sentence(tmp_path: Path, processes: str) -> None:
    """One sentence that names the setting."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        env = {"THINKLINE_API__PORT": str(taken.getsockname()[1]), "THINKLINE_API__PROCESSES": processes}
        with started(tmp_path, **env) as api:
            assert ended(api) == 2
            log = api.log.read_text()
            assert "THINKLINE_API__PORT" in log
            assert "the port is in use" in log
            assert len(log.splitlines()) == 1


@pytest.mark.parametrize("processes", ["1", "2"])
def test_stopping_lets_long_polls_go_with_an_answer(tmp_path: Path, redis: dict[str, str], processes: str) -> None:
    """SIGTERM: who waits gets the job as it is, at once, and the process is gone soon after."""
    port = free_port()
    env = {**redis, "THINKLINE_API__PORT": str(port), "THINKLINE_API__PROCESSES": processes}
    base_url = f"http://127.0.0.1:{port}"
    with (
        started(tmp_path, **env) as api,
        httpx.Client(base_url=base_url, trust_env=False, timeout=60) as http,
        ThreadPoolExecutor(4) as pool,
    ):
        api.wait_until(lambda: answers(http), "answers", 30)
        job_id = http.post("/v1/jobs", json={"input": "never answered"}).json()["id"]
        polls = [pool.submit(http.get, f"/v1/jobs/{job_id}", params={"wait": 55}) for _ in range(4)]
        time.sleep(2)
        began = time.monotonic()
        api.send(signal.SIGTERM)
        for poll in polls:
            reply = poll.result()
            assert (reply.status_code, reply.json()["status"]) == (200, "queued")
        assert time.monotonic() - began < 10
        assert ended(api) in (0, -signal.SIGTERM)
        assert "Traceback" not in api.log.read_text()


def test_it_starts_before_redis_does(tmp_path: Path) -> None:
    """A Redis that is away is a 503 and no reason to die."""
    port = free_port()
    env = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0", "THINKLINE_API__PORT": str(port)}
    with started(tmp_path, **env) as api, httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        api.wait_until(lambda: answers(http), "answers", 30)
        reply = http.post("/v1/jobs", json={"input": "x"})
        assert (reply.status_code, reply.json()["code"]) == (503, "store_unavailable")
        assert http.get("/readyz").json()["missing"] == ["redis"]
        page = http.get("/")
        assert page.status_code == 200
        assert "server" not in page.headers
