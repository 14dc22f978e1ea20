"""`thinkline worker`: one Celery worker process for some queues, with as many slots as it may hold jobs in flight."""

from __future__ import annotations

import socket
from typing import Annotated

import typer

from workers.cli.failing import fail, settings_or_exit
from workers.contracts.errors import SettingsError
from workers.contracts.job import SERVED
from workers.settings import Settings
from workers.telemetry import configure_logging


def worker(
    queues: Annotated[str, typer.Option(help="queues to serve, joined by commas")] = ",".join(SERVED),
    slots: Annotated[int | None, typer.Option(min=1, max=5000, help="jobs in flight; by default the lanes'")] = None,
    name: Annotated[str | None, typer.Option(help="name of the worker, as Flower shows it")] = None,
) -> None:
    """Serve queues until stopped; SIGTERM ends or hands back what runs."""
    settings = settings_or_exit()
    wanted = [queue.strip() for queue in queues.split(",") if queue.strip()]
    unknown = sorted(set(wanted) - set(SERVED))
    if unknown or not wanted:
        raise typer.BadParameter(
            f"{', '.join(unknown) or 'none'}: allowed are {', '.join(SERVED)}", param_hint="--queues"
        )
    configure_logging(settings.log_level)
    from workers.app import celery_app, log_as_we_do  # noqa: PLC0415 - Celery is imported by workers alone
    from workers.runtime import upstream_configs  # noqa: PLC0415

    try:
        upstream_configs(settings, wanted)
    except SettingsError as error:
        fail(str(error), 2)
    count = slots or sum(_slots(settings, queue) for queue in wanted)
    host = f"{name or '-'.join(wanted)}@{socket.gethostname()}"
    level = "INFO" if settings.log_level == "debug" else "WARNING"
    log_as_we_do()  # what it warns of before it sets its own log up
    celery_app.worker_main(
        ["--quiet", "worker", "--include", "workers.tasks", "--pool", "threads", "--concurrency", str(count),
         "--queues", ",".join(wanted), "--hostname", host, "--events", "--loglevel", level,
         "--without-gossip", "--without-mingle"]
    )  # fmt: skip


def _slots(settings: Settings, queue: str) -> int:
    if queue == "classify":
        return settings.classify.slots
    if queue == "deliver":
        return settings.webhooks.slots
    found: int = getattr(settings.lanes, queue).slots
    return found
