"""Makes the HTTP app. Nothing happens at import time: no settings are read and no connection is opened."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api import document, problems
from api.access import Gate
from api.collecting import calm, collect_for_ever
from api.guard import Guard
from api.measuring import Measures
from api.routes import cache, events, health, jobs, operations, pages, usage, webhooks
from api.state import State
from api.stopping import on_stop
from workers.client import Client
from workers.contracts.errors import SettingsError
from workers.settings import Settings, load_settings
from workers.telemetry import configure_logging, logger


def create_app(settings: Settings) -> FastAPI:
    """Make the app of one process.

    Args:
        settings: validated settings.
    """
    measures = Measures()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        client = Client(settings)
        app.state.parts = State(client, settings, Gate.of(settings), measures)
        await client.open()
        if not settings.api_keys:
            logger("api").warning("api.keyless", note="no API keys are set: only this machine is served")
        collecting = asyncio.create_task(collect_for_ever(lambda: client.followed, lambda: client.following))
        telling = asyncio.create_task(measures.tell_for_ever(client))
        with on_stop(client.let_go):
            yield
        collecting.cancel()
        telling.cancel()
        await measures.leave(client)
        await client.close()

    app = FastAPI(
        title=document.TITLE, version=document.VERSION, lifespan=lifespan, docs_url=None, redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # it would pass on exceptions' messages
    )  # fmt: skip
    for part in (jobs, events, cache, operations, usage, webhooks, health, pages):
        app.router.routes.extend(part.router.routes)  # an included router would match every request a second time
    app.add_middleware(Guard, measures=measures)
    problems.install(app)
    document.describe(app, settings)
    return app


def app_from_environment() -> FastAPI:
    """Make the app from thinkline.toml and the environment; a wrong setting ends the process with its sentence."""
    try:
        settings = load_settings()
    except SettingsError as error:
        sys.stderr.write(f"thinkline: {error}\n")
        raise SystemExit(2) from error
    configure_logging(settings.log_level)
    app = create_app(settings)
    calm()
    return app
