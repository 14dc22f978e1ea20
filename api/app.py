"""Makes the HTTP app. Nothing happens at import time: no settings are read and no connection is opened."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi

from api import problems
from api.access import Gate
from api.problems import BadFields
from api.routes import health, jobs, pages
from api.state import State
from workers.client import Client
from workers.contracts.errors import SettingsError
from workers.contracts.request import JobRequest
from workers.settings import Settings, load_settings
from workers.telemetry import configure_logging, logger

TITLE, VERSION = "Thinkline", "0.1.0"
ABOUT = "An asynchronous job queue for reasoning models: submit a query, poll or wait, get validated JSON."
PROBLEMS = {
    "400": "malformed", "401": "no valid API key", "403": "not allowed", "404": "no such job for this tenant",
    "409": "the job's state does not allow it", "413": "the body is too large", "415": "not JSON",
    "422": "a field does not fit", "429": "too much waits already", "503": "the store is away; see Retry-After",
}  # fmt: skip


def create_app(settings: Settings) -> FastAPI:
    """Make the app of one process.

    Args:
        settings: validated settings.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        client = Client(settings)
        app.state.parts = State(client, settings, Gate.of(settings))
        await client.open()
        if not settings.api_keys:
            logger("api").warning("api.keyless", note="no API keys are set: only this machine is served")
        yield
        await client.close()

    app = FastAPI(
        title=TITLE, version=VERSION, summary=ABOUT, lifespan=lifespan, docs_url=None, redoc_url=None,
        openapi_url="/openapi.json", separate_input_output_schemas=False,
    )  # fmt: skip
    for part in (jobs, health, pages):
        app.include_router(part.router)
    problems.install(app)
    app.add_exception_handler(RequestValidationError, _bad_parameters)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def app_from_environment() -> FastAPI:
    """Make the app from thinkline.toml and the environment; a wrong setting ends the process with its sentence."""
    try:
        settings = load_settings()
    except SettingsError as error:
        sys.stderr.write(f"thinkline: {error}\n")
        raise SystemExit(2) from error
    configure_logging(settings.log_level)
    return create_app(settings)


async def _bad_parameters(request: Request, error: Exception) -> Response:
    """Name wrong path and query parameters like wrong fields of a body."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    errors = [
        {"field": str(part["loc"][-1]), "message": part["msg"].removeprefix("Value error, ")} for part in error.errors()
    ]
    return await problems.ours(request, BadFields(errors))


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The document, with the request's model, the problems of every route and the ways to authenticate."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(title=TITLE, version=VERSION, description=ABOUT, routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    model = JobRequest.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
    schemas |= model.pop("$defs", {})
    schemas |= {"JobRequest": model, "Accepted": jobs.ACCEPTED_SCHEMA, "Problem": PROBLEM_SCHEMA}
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    document["security"] = [{}, {"bearer": []}, {"key": []}]
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, words in PROBLEMS.items():
                content = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
                operation["responses"][status] = {"description": words, "content": content}
    app.openapi_schema = document
    return document


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "a stable word for programs"},
        "detail": {"type": "string", "description": "a sentence for people"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                "required": ["field", "message"],
            },
        },
    },
}
