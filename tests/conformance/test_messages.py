"""Our broker messages are what Celery itself publishes, and a real worker process takes them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from redis import Redis

from workers.app import celery_config
from workers.contracts.job import SERVED, ServedQueue
from workers.settings import Settings
from workers.store.messages import TASKS, message

ROOT = Path(__file__).parents[2]
OWN = {"headers": {"origin"}, "properties": {"delivery_tag", "reply_to"}}  # names and ids of the sender


@pytest.fixture
def broker(settings: Settings) -> Redis:
    """A plain connection to the broker."""
    return Redis.from_url(settings.redis_url.get_secret_value(), decode_responses=True)


@pytest.fixture
def celerys_own(settings: Settings, broker: Redis) -> Any:
    """Publish a task with Celery and return the message as it lies in Redis."""
    app = Celery("conformance", set_as_current=False)
    app.conf.update(celery_config(settings))

    def publish(queue: ServedQueue, job_id: str, attempt: int) -> dict[str, Any]:
        def body(job_id: str, attempt: int) -> None:
            """Stand for a task of ours."""

        task = app.task(name=TASKS[queue])(body)
        task.apply_async(args=(job_id, attempt), task_id=f"{job_id}.{attempt}", ignore_result=True)
        (raw,) = broker.lrange(f"{settings.redis.key_prefix}{queue}", 0, -1)
        return json.loads(raw)

    yield publish
    app.close()


@pytest.mark.parametrize("queue", SERVED)
def test_a_message_is_field_for_field_what_celery_publishes(queue: ServedQueue, celerys_own: Any) -> None:
    """Envelope, headers, properties and body are equal but for the sender's own names and ids."""
    job_id = "job_01a2093e44550123456789abcdef0123"
    theirs, ours = celerys_own(queue, job_id, 7), json.loads(message(queue, job_id, 7))

    assert set(ours) == set(theirs)
    for part in ("headers", "properties"):
        assert set(ours[part]) == set(theirs[part])
        assert _without(ours[part], OWN[part]) == _without(theirs[part], OWN[part])
    assert json.loads(b64decode(ours["body"])) == json.loads(b64decode(theirs["body"]))
    for field in set(ours) - {"headers", "properties", "body"}:
        assert ours[field] == theirs[field]


def test_two_messages_of_one_attempt_have_their_own_delivery_tags() -> None:
    """A duplicate must not take the acknowledgement of the first."""
    first, second = (json.loads(message("classify", "job_1", 0))["properties"]["delivery_tag"] for _ in range(2))

    assert first != second


def test_a_message_carries_nothing_but_id_and_attempt() -> None:
    """The body is the two arguments, so that neither broker nor Flower ever sees a prompt."""
    arguments, keywords, _ = json.loads(b64decode(json.loads(message("standard", "job_1", 3))["body"]))

    assert (arguments, keywords) == (["job_1", 3], {})


def test_a_real_worker_takes_our_messages(settings: Settings, broker: Redis, tmp_path: Path) -> None:
    """A `celery` process with the threads pool runs the named task of each queue with our arguments."""
    prefix = settings.redis.key_prefix
    sent = [(queue, f"job_{number:032x}", number) for number, queue in enumerate(SERVED * 3)]
    for queue, job_id, attempt in sent:
        broker.lpush(f"{prefix}{queue}", message(queue, job_id, attempt))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "THINKLINE_REDIS__KEY_PREFIX": prefix}
    environment["THINKLINE_REDIS_URL"] = settings.redis_url.get_secret_value()
    command = ["-m", "celery", "-A", "tests.conformance.consumer", "worker", "--pool", "threads", "--concurrency", "2"]
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, *command, "--without-mingle"], cwd=tmp_path, env=environment, stdout=log, stderr=log
        )
    try:
        until = time.monotonic() + 60
        while broker.llen(f"{prefix}taken") < len(sent) and time.monotonic() < until and worker.poll() is None:
            time.sleep(0.1)
        taken = [json.loads(note) for note in broker.lrange(f"{prefix}taken", 0, -1)]
    finally:
        worker.terminate()
        worker.wait(30)

    expected = [{"task": TASKS[queue], "id": f"{job}.{n}", "arguments": [job, n]} for queue, job, n in sent]
    log_text = (tmp_path / "worker.log").read_text(errors="replace")[-2000:]
    assert sorted(taken, key=lambda note: note["arguments"][1]) == expected, log_text


def _without(fields: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}
