"""What Thinkline is compared with: a bare FastAPI route that publishes a Celery message, and a bare chain of two tasks.

Same Redis, same pool, same cores, the same Celery settings for acknowledgement, prefetch and events.
"""

from __future__ import annotations

import os
import time
from functools import lru_cache
from typing import Any

from celery import Celery, chain
from fastapi import FastAPI
from kombu.entity import Queue
from pydantic import BaseModel
from redis import Redis

celery_app = Celery("bare", broker=os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"))
celery_app.conf.update(
    broker_transport_options={"global_keyprefix": "bare:"},
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    worker_disable_prefetch=True,
    worker_send_task_events=True,
    worker_hijack_root_logger=False,
    task_queues=[Queue("first", routing_key="first"), Queue("second", routing_key="second")],
    task_default_queue="first",
    task_routes={"bare.first": {"queue": "first"}, "bare.second": {"queue": "second"}},
)


@lru_cache
def counter() -> Redis:
    """Connect to where ended tasks are counted."""
    return Redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"))


@celery_app.task(name="bare.first", ignore_result=True)
def first(job_id: str) -> str:
    """Pass an id on, as the classify stage passes a job on."""
    return job_id


@celery_app.task(name="bare.second", ignore_result=True)
def second(job_id: str) -> None:  # noqa: ARG001 - a task of the chain gets the id
    """End a chain and count it."""
    counter().incr("bare:done")


@celery_app.task(name="bare.wait", ignore_result=True, queue="first")
def wait(seconds: float) -> None:
    """Only wait, as the pool does while a model thinks."""
    time.sleep(seconds)
    counter().incr("bare:done")


def submit_chain(job_id: str) -> None:
    """Publish a chain of two tasks."""
    chain(first.s(job_id), second.s()).apply_async()


class Body(BaseModel):
    """What the bare route accepts."""

    input: str
    metadata: dict[str, str] = {}


app = FastAPI()


@app.post("/jobs", status_code=202)
async def submit(body: Body) -> dict[str, Any]:  # noqa: ARG001 - it is validated and not used
    """Publish the same message that Thinkline sends for a job, and nothing else."""
    job_id = f"job_{os.urandom(16).hex()}"
    first.apply_async((job_id,))
    return {"id": job_id, "status": "queued"}
