"""The whole system as real processes: API, one Celery worker a queue, and the scripted upstream as its models."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.processes import Process, Processes, free_port

QUEUES = ("classify", "reasoning", "standard", "fallback")


class System:
    """A running system and how to talk to it."""

    def __init__(self, processes: Processes, api_port: int, upstream_port: int) -> None:
        self.processes = processes
        self.url = f"http://127.0.0.1:{api_port}"
        self.upstream_url = f"http://127.0.0.1:{upstream_port}"
        self.http = httpx.Client(base_url=self.url, timeout=90, trust_env=False)
        self.workers: dict[str, Process] = {}

    def worker(self, name: str, queues: str, slots: int = 50) -> Process:
        """Start one more worker."""
        process = self.processes.start(
            name, "-m", "workers.cli", "worker", "--queues", queues, "--slots", str(slots), "--name", name
        )
        self.workers[name] = process
        return process

    def submit(self, **body: Any) -> str:
        """Submit a job and return its id."""
        reply = self.http.post("/v1/jobs", json=body)
        if reply.status_code not in (200, 202):
            raise AssertionError(f"{reply.status_code}: {reply.text}")
        job_id: str = reply.json()["id"]
        return job_id

    def job(self, job_id: str, wait_s: float = 0) -> dict[str, Any]:
        """Read a job, waiting for its end for at most `wait_s` seconds."""
        reply = self.http.get(f"/v1/jobs/{job_id}", params={"wait": wait_s} if wait_s else None)
        reply.raise_for_status()
        found: dict[str, Any] = reply.json()
        return found

    def ended(self, job_id: str, timeout_s: float = 60) -> dict[str, Any]:
        """Wait for a job's end."""
        until = time.monotonic() + timeout_s
        while True:
            job = self.job(job_id, wait_s=min(20, max(0.1, until - time.monotonic())))
            if job["status"] in ("succeeded", "failed", "cancelled"):
                return job
            if time.monotonic() > until:
                raise AssertionError(f"the job did not end within {timeout_s:g} s: {json.dumps(job)[:2000]}")

    def until(self, job_id: str, timeout_s: float = 30, **wanted: Any) -> dict[str, Any]:
        """Poll until the job has the wanted fields."""
        until = time.monotonic() + timeout_s
        while True:
            job = self.job(job_id)
            if all(job[name] == value for name, value in wanted.items()):
                return job
            if time.monotonic() > until:
                raise AssertionError(f"never {wanted}: {json.dumps(job)[:2000]}")
            time.sleep(0.03)

    def open_streams(self) -> int:
        """How many replies the scripted upstream is sending at the moment."""
        count: int = httpx.get(f"{self.upstream_url}/stats", trust_env=False).json()["open_streams"]
        return count

    def ready(self) -> bool:
        """Whether the API says that every part is there."""
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx.HTTPError:
            return False


def configuration(upstream_port: int, api_port: int, changes: Mapping[str, Any], models: Mapping[str, str]) -> str:
    """Write a thinkline.toml: lanes answered by models of the scripted upstream.

    Args:
        upstream_port: where the scripted upstream listens.
        api_port: where the API is to listen.
        changes: dotted settings and their values, e.g. `{"lanes.reasoning.deadline_s": 3}`.
        models: catalogue name -> name of a script.
    """
    tables: dict[str, dict[str, Any]] = {
        "upstreams.scripted": {"base_url": f"http://127.0.0.1:{upstream_port}/v1"},
        "api": {"port": api_port},
        "router": {"kind": "rules"},  # starts at once; what tests the trained router says so
        "lanes.reasoning": {"model": "deep"},
        "lanes.standard": {"model": "quick"},
        "lanes.fallback": {"model": "quick"},
    }
    for name, script in {"deep": "thinker", "quick": "instant", **models}.items():
        tables[f"models.{name}"] = {
            "upstream": "scripted",
            "model": script,
            "structured": "json_object",
            "simulated": True,
            "input_usd_per_mtok": 1.0,
            "output_usd_per_mtok": 4.0,
        }
    for dotted, value in changes.items():
        table, _, name = dotted.rpartition(".")
        tables.setdefault(table, {})[name] = value
    lines: list[str] = []
    for table, values in sorted(tables.items()):
        lines.append(f"[{table}]" if table else "")
        lines += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


@contextmanager
def running_system(
    folder: Path,
    redis_url: str,
    *,
    prefix: str = "tl:",
    changes: Mapping[str, Any] | None = None,
    models: Mapping[str, str] | None = None,
    workers: Iterable[str] = QUEUES,
    scripts: Path | None = None,
    env: Mapping[str, str] | None = None,
    upstream: str = "workers.simulated",
) -> Iterator[System]:
    """Start the system and wait until it says that it is ready.

    Args:
        folder: for configuration and logs.
        redis_url: a running Redis.
        prefix: begins every key, so that tests can share a Redis.
        changes: dotted settings and their values.
        models: catalogue name -> name of a script of the scripted upstream.
        workers: queues, one worker process for each; commas put several into one.
        scripts: a file with further scripts.
        env: further environment variables of every process.
        upstream: the module that plays the models.
    """
    upstream_port, api_port = free_port(), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "thinkline.toml"
    config.write_text(configuration(upstream_port, api_port, changes or {}, models or {}))
    given = {
        **(env or {}),
        "THINKLINE_CONFIG": str(config),
        "REDIS_URL": redis_url,
        "THINKLINE_REDIS__KEY_PREFIX": prefix,
        "THINKLINE_DATA_DIR": str(folder / "data"),
    }
    with Processes(folder, given) as processes:
        system = System(processes, api_port, upstream_port)
        extra = ("--script", str(scripts)) if scripts else ()
        processes.start("upstream", "-m", upstream, "--port", str(upstream_port), *extra)
        api = processes.start("api", "-m", "api")
        for queues in workers:
            system.worker(f"worker-{queues.replace(',', '-')}", queues)
        if set(",".join(workers).split(",")) >= set(QUEUES):
            api.wait_until(system.ready, "readiness", 60)
        try:
            yield system
        finally:
            system.http.close()
