"""Plays the workers: takes a job to its end by the store's own scripts, so that a test of the API needs no process."""

from __future__ import annotations

import asyncio

from workers.contracts.job import Usage
from workers.settings import Settings
from workers.store.connection import connect
from workers.store.jobs import Ending, JobStore, Move
from workers.store.scripts import Scripts


def play(settings: Settings, job_id: str, ending: Ending) -> None:
    """Take a job through classification and one attempt, as workers would."""

    async def _play() -> None:
        redis = connect(settings)
        store = JobStore(Scripts(redis, settings))
        claim = await store.claim("classify", job_id, 0, "w")
        assert not isinstance(claim, str), claim
        assert (
            await store.move(job_id, 0, Move("standard", "routed", {}, {"model": "local", "task_type": "lookup"}))
            == "ok"
        )
        claim = await store.claim("standard", job_id, 1, "w")
        assert not isinstance(claim, str), claim
        kept = claim.cache_key or "" if ending.status == "succeeded" else ""
        end = Ending(ending.status, ending.fields, exact_hash=kept, exact_s=100)
        assert await store.finish(job_id, 1, end) == "ok"
        await redis.aclose()

    asyncio.run(_play())


SUCCESS = Ending("succeeded", {"result": '{"answer":"Paris"}', "usage": Usage(prompt_tokens=3), "served_by": "model"})
FAILURE = Ending("failed", {"error": {"code": "deadline_exceeded", "message": "too late", "causes": ["deadline"]}})
