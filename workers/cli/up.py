"""`thinkline up`: everything on this machine, from Redis to Flower, ready or with one sentence why not."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.markup import escape

from workers.cli.failing import fail, settings_or_exit
from workers.contracts.errors import SettingsError
from workers.contracts.job import LANES
from workers.local.redis_server import check_given
from workers.local.screen import Screen
from workers.local.service import Service, StartFailed, free_port
from workers.local.services import (
    api_url,
    environment,
    flower_url,
    redis_is_given,
    redis_service,
    services,
    show_everyone,
    wants_demo,
)
from workers.local.supervisor import Supervisor
from workers.settings import Settings

LEAST_FREE_BYTES = 100_000_000


def up(
    demo: Annotated[bool, typer.Option(help="also start the scripted model that `thinkline demo` uses")] = True,  # noqa: FBT002
) -> None:
    """Start everything on this machine and keep it running until Ctrl-C."""
    settings = settings_or_exit()
    screen = Screen()
    try:
        _check_keys(settings)
        lock = _own(settings.data_dir)
        found, redis_url = _plan(settings, screen, with_demo=demo)
    except (StartFailed, SettingsError) as error:
        fail(str(error))
    supervisor = Supervisor(found, settings.data_dir / "logs", screen)
    with lock:
        code = supervisor.run(lambda: _welcome(settings, screen, redis_url))
    raise typer.Exit(code)


def _plan(settings: Settings, screen: Screen, *, with_demo: bool) -> tuple[list[Service], str]:
    """Decide what to start."""
    found: list[Service] = []
    if redis_is_given(settings):
        redis_url = settings.redis_url.get_secret_value()
        if warning := check_given(redis_url):
            screen.line("redis", warning)
    else:
        redis, redis_url = redis_service(settings)
        found.append(redis)
    demo_port = free_port() if with_demo and wants_demo(settings) else None
    env = environment(settings, redis_url, demo_port)
    return [*found, *services(settings, env, demo_port)], redis_url


def _check_keys(settings: Settings) -> None:
    """Find a missing key of an upstream now, not in four logs."""
    from workers.runtime import upstream_configs  # noqa: PLC0415 - the help needs none of it

    upstream_configs(settings, LANES)


def _own(data_dir: Path) -> IO[str]:
    """Make the data folder and take it for ourselves.

    Raises:
        StartFailed: it cannot be made, is on a full disk, or somebody else runs on it.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (data_dir / "up.lock").open("a+")
    except OSError as error:
        raise StartFailed(
            f"the data folder {data_dir} cannot be written ({error.strerror}): set THINKLINE_DATA_DIR to another"
        ) from error
    if shutil.disk_usage(data_dir).free < LEAST_FREE_BYTES:
        raise StartFailed(
            f"the disk of {data_dir.resolve()} is full ({LEAST_FREE_BYTES // 1_000_000} MB are needed):"
            " make room, or set THINKLINE_DATA_DIR to a folder on another disk"
        )
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        owner = lock.read().strip()
        raise StartFailed(
            f"Thinkline already runs on the data folder {data_dir} (process {owner}): stop it, or set"
            " THINKLINE_DATA_DIR to another folder"
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _welcome(settings: Settings, screen: Screen, redis_url: str) -> None:
    """Print the addresses and a line to try."""
    show_everyone(settings)
    url, key = api_url(settings), " -H 'authorization: Bearer YOUR_KEY'" if settings.api_keys else ""
    body = '{"input": "What is the capital of France?"}'
    where = "the one you named" if redis_is_given(settings) else redis_url
    lines = {
        "API": f"{url}   (page at /, OpenAPI at /openapi.json)",
        "Flower": flower_url(settings),
        "Redis": where,
        "Data": f"{settings.data_dir.resolve()}   (logs in logs/; delete the folder to forget everything)",
    }
    screen.say("\n[bold]Thinkline is ready.[/] Ctrl-C stops all of it.\n")
    for name, text in lines.items():
        screen.say(f"  {name:<8} {escape(text)}")
    screen.say("\nTry it:\n")
    screen.say(
        escape(
            f"  curl -s {url}/v1/jobs{key} -H 'content-type: application/json' -d '{body}'"
            f""" | cut -d'"' -f4 | xargs -I{{}} curl -s{key} '{url}/v1/jobs/{{}}?wait=30'"""
        )
    )
    screen.say("\nor, in another terminal, [bold]make demo[/].\n")
