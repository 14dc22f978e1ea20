"""Flower in tests, as operators start it: with Thinkline's configuration, a password, and its HTTP API open to who knows it."""

from __future__ import annotations

import httpx

from tests.support.processes import ROOT, free_port
from tests.support.system import System

OPERATOR = ("operator", "of-flower")


def start_flower(system: System) -> str:
    """Start it beside a system and wait until it answers; gives its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = system.processes.start(
        "flower", "-m", "celery", "--app", "workers.app:celery_app", "flower",
        f"--conf={ROOT / 'deploy' / 'flower' / 'flowerconfig.py'}", "--address=127.0.0.1", f"--port={port}",
        f"--basic-auth={':'.join(OPERATOR)}",
    )  # fmt: skip

    def answers() -> bool:
        try:
            return httpx.get(f"{url}/healthcheck", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    process.wait_until(answers, "Flower")
    return url
