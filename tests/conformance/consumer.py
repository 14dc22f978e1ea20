"""A Celery app with Thinkline's configuration whose tasks only note what a worker was given: run by test_messages."""

from __future__ import annotations

import json
from typing import Any

from redis import Redis

from workers.app import celery_app as app
from workers.contracts.job import SERVED
from workers.settings import load_settings
from workers.store.messages import TASKS

settings = load_settings()
notes = Redis.from_url(settings.redis_url.get_secret_value())


def note(task: Any, job_id: str, attempt: int) -> None:
    """Write down the task, its id and its arguments."""
    taken = {"task": task.name, "id": task.request.id, "arguments": [job_id, attempt]}
    notes.rpush(f"{settings.redis.key_prefix}taken", json.dumps(taken))


for queue in SERVED:
    app.task(name=TASKS[queue], bind=True)(note)
