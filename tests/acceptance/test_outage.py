"""Redis goes away under a running system and comes back: nothing is lost, nobody has to be restarted."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.redis import RedisServer
from tests.support.system import running_system

AWAY_S = 60


@pytest.mark.slow
def test_jobs_outlive_a_killed_redis(tmp_path: Path, own_redis: RedisServer) -> None:
    """Killed for a minute while one job thinks and others come after: each of them ends once, without a restart."""
    models = {"deep": "slow", "quick": "instant"}
    with running_system(
        tmp_path, own_redis.url, models=models, workers=("classify", "reasoning", "standard,fallback")
    ) as one:
        thinking = one.submit(input="Think while the store is away.", route="reasoning")
        one.until(thinking, status="running", phase="thinking")
        own_redis.kill()
        time.sleep(AWAY_S)
        assert one.http.post("/v1/jobs", json={"input": "x"}).status_code == 503
        own_redis.start()
        later = [one.submit(input=f"And number {n}?", route="standard") for n in range(5)]
        for job_id in (thinking, *later):
            job = one.ended(job_id, 90)
            assert job["status"] == "succeeded", job
            assert [step["step"] for step in job["steps"]].count("succeeded") == 1
        for name in ("api", "worker-classify", "worker-reasoning", "worker-standard-fallback"):
            assert next(process for process in one.processes.all if process.name == name).alive
        assert one.http.get("/readyz").status_code == 200
