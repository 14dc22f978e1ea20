"""The Celery tasks: a few lines each, and the signals by which a worker process begins and ends."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any, Literal

from celery.signals import celeryd_after_setup, worker_shutdown, worker_shutting_down

from workers.app import celery_app
from workers.contracts.errors import SettingsError
from workers.contracts.job import ServedQueue
from workers.runtime import Runtime
from workers.settings import load_settings
from workers.telemetry import configure_logging

__all__ = ["celery_app"]
_process: dict[str, Runtime] = {}


def _run(queue: ServedQueue | Literal["check"], job_id: str, attempt: int) -> None:
    _process["runtime"].run(queue, job_id, attempt)


@celery_app.task(name="thinkline.classify")
def classify(job_id: str, attempt: int) -> None:
    """Decide a job's lane."""
    _run("classify", job_id, attempt)


@celery_app.task(name="thinkline.reasoning")
def reasoning(job_id: str, attempt: int) -> None:
    """Answer a job with the reasoning model."""
    _run("reasoning", job_id, attempt)


@celery_app.task(name="thinkline.standard")
def standard(job_id: str, attempt: int) -> None:
    """Answer a job with the standard model."""
    _run("standard", job_id, attempt)


@celery_app.task(name="thinkline.fallback")
def fallback(job_id: str, attempt: int) -> None:
    """Answer a job with the standard model after reasoning failed."""
    _run("fallback", job_id, attempt)


@celery_app.task(name="thinkline.deliver")
def deliver(delivery_id: str, tries: int) -> None:
    """Send a webhook."""
    _run("deliver", delivery_id, tries)


@celery_app.task(name="thinkline.check")
def check(check_id: str, tries: int) -> None:
    """Check an answer of the cache; in the queue of the lane that it needs, and only while that is empty."""
    _run("check", check_id, tries)


@celeryd_after_setup.connect
def _begin(instance: Any, **_: Any) -> None:
    """Build the runtime before the worker takes its first message."""
    settings = load_settings()
    configure_logging(settings.log_level)
    runtime = Runtime(settings, sorted(instance.app.amqp.queues.consume_from), instance.concurrency)
    try:
        runtime.start()
    except SettingsError as error:
        sys.stderr.write(f"thinkline: {error}\n")
        sys.stderr.flush()
        os._exit(2)  # nothing was opened yet; Celery makes 0 of a SystemExit
    _process["runtime"] = runtime


@worker_shutting_down.connect
def _hand_back(**_: Any) -> None:
    """Celery waits for its threads; ours end once their attempts have ended or were handed back."""
    if runtime := _process.get("runtime"):
        threading.Thread(target=runtime.drain, name="thinkline-drain").start()


@worker_shutdown.connect
def _end(**_: Any) -> None:
    if runtime := _process.pop("runtime", None):
        runtime.stop()
