"""`thinkline worker-check` against real workers: alive, gone, stuck, and with Redis away."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from celery import Celery

from tests.support.processes import ROOT
from tests.support.redis import RedisServer
from tests.support.system import System, running_system
from workers.app import celery_config
from workers.settings import load_settings

pytestmark = pytest.mark.slow


def check(system: System, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the probe as a container would."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("THINKLINE_")}
    command = [sys.executable, "-m", "workers.cli", "worker-check", *options]
    env = {**clean, **system.processes.env}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)


def until_it_says(system: System, code: int, words: str, *options: str) -> None:
    """Repeat the probe until it ends so."""
    until = time.monotonic() + 60
    while (done := check(system, *options)).returncode != code or words not in done.stdout + done.stderr:
        assert time.monotonic() < until, done.stdout + done.stderr
        time.sleep(0.5)


def stop_consuming(system: System, queue: str) -> None:
    """Make a real worker deaf for a queue while it lives on: Celery's own remote control can."""
    settings = load_settings(redis_url=system.processes.env["REDIS_URL"])
    app = Celery("control")
    app.conf.update(celery_config(settings))
    try:
        replies = app.control.cancel_consumer(queue, reply=True, timeout=10)
    finally:
        app.close()
    assert replies, "no worker heard the order"


def test_alive_stuck_and_gone(tmp_path: Path, own_redis: RedisServer) -> None:
    """One worker's life: it is there, it goes deaf while messages wait, Redis goes away, the worker is killed."""
    with running_system(tmp_path, own_redis.url, workers=()) as system:
        assert "no worker was heard of" in check(system, "--queues", "classify").stderr
        worker = system.worker("classify", "classify")
        until_it_says(system, 0, "is alive", "--queues", "classify", "--ready")
        assert check(system, "--queues", "classify,fallback").returncode == 1, "it serves one of them only"
        assert check(system, "--queues", "classify", "--host", "elsewhere").returncode == 1

        stop_consuming(system, "classify")
        system.submit(input="Who hears me?", route="standard")
        until_it_says(system, 1, "although it has free slots", "--queues", "classify", "--stuck-after", "5")
        assert check(system, "--queues", "classify").returncode == 0, "a minute is not over"

        own_redis.kill()
        away = check(system, "--queues", "classify")
        assert (away.returncode, "says nothing against" in away.stdout) == (0, True)
        assert check(system, "--queues", "classify", "--ready").returncode == 1
        own_redis.start()
        until_it_says(system, 0, "is alive", "--queues", "classify", "--ready")

        worker.stop()
        until_it_says(system, 1, "silent for", "--queues", "classify")
