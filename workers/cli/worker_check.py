"""`thinkline worker-check`: whether the worker of this host does its work; the probe of containers and pods.

A worker is alive when it was heard of lately and does not leave messages lying although it has room for them. What a
Redis that is away says of a worker is nothing, so that an outage restarts none: their jobs live through it.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Annotated

import typer

from workers.cli.failing import fail, settings_or_exit
from workers.contracts.errors import StoreUnavailable
from workers.contracts.job import SERVED
from workers.settings import Settings
from workers.store.connection import connect
from workers.store.pulse import Heard, PulseStore
from workers.store.reading import PRESENT_S


def worker_check(
    queues: Annotated[str, typer.Option(help="queues that it must serve, joined by commas")] = ",".join(SERVED),
    ready: Annotated[bool, typer.Option("--ready", help="also fail while Redis is away")] = False,  # noqa: FBT002 - a flag
    stuck_after: Annotated[
        float, typer.Option(min=5, help="seconds for which messages may wait beside a free slot")
    ] = 60.0,
    host: Annotated[str | None, typer.Option(help="whose worker; by default this host's")] = None,
) -> None:
    """Exit 0 when this host's worker is alive and takes messages, else 1; meant for health checks."""
    settings = settings_or_exit()
    name = host or socket.gethostname()
    wanted = [queue.strip() for queue in queues.split(",") if queue.strip()]
    if not wanted:
        raise typer.BadParameter("names no queue", param_hint="--queues")
    try:
        heard = asyncio.run(_ask(settings, wanted, name))
    except StoreUnavailable as error:
        if ready:
            fail(str(error))
        typer.echo("Redis is away, which says nothing against the worker")
        return
    lately_s = max(PRESENT_S, settings.reliability.heartbeat_s * 3)
    for queue, workers in heard.items():
        if trouble := what_is_wrong(workers, lately_s, stuck_after):
            fail(f"{queue} on {name}: {trouble}")
    typer.echo("the worker is alive")


def what_is_wrong(workers: list[Heard], lately_s: float, stuck_after_s: float) -> str | None:
    """Say what is wrong with a host's workers of one queue; None when one of them does its work.

    Args:
        workers: those that were heard of, the latest first.
        lately_s: one that was silent for longer is not there.
        stuck_after_s: one that left messages lying for longer is stuck.
    """
    if not workers:
        return "no worker was heard of"
    there = [worker for worker in workers if worker.ago_s <= lately_s]
    if not there:
        return f"silent for {workers[0].ago_s:.0f} s"
    starved_s = min(worker.pulse.starved_s if worker.pulse else 0.0 for worker in there)
    if starved_s > stuck_after_s:
        return f"messages wait, and it took none for {starved_s:.0f} s although it has free slots"
    return None


async def _ask(settings: Settings, queues: list[str], host: str) -> dict[str, list[Heard]]:
    redis = connect(settings, max_connections=1)
    try:
        store = PulseStore(redis, settings)
        return {queue: await store.heard(queue, host) for queue in queues}
    finally:
        await redis.aclose()
