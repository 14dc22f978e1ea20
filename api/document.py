"""The OpenAPI document: the models that the routes read by themselves, the problems, and the ways to authenticate."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.answers import ProblemDetails
from api.problems import MEDIA_TYPE
from workers.contracts.events import DATA
from workers.contracts.request import JobRequest
from workers.contracts.webhooks import EndpointRequest
from workers.settings import Settings

TITLE, VERSION = "Thinkline", "0.1.0"
ABOUT = """An asynchronous job queue for reasoning models: submit a query, poll or wait, get validated JSON.

Errors are `application/problem+json` (RFC 9457) with a `code` for programs, a `detail` for people and the name of each
field that does not fit. Unknown fields and parameters are refused. Where a JSON object names a field twice, the last one
counts. Times are RFC 3339 in UTC, durations seconds, prices US dollars."""
REF = "#/components/schemas/{model}"
REFUSALS = {
    400: "malformed",
    401: "no valid API key",
    403: "not allowed: the key lacks the scope, or there are no keys and this is not the API's own machine",
    404: "this tenant has nothing of that name",
    408: "the body did not come in",
    409: "its state does not allow it",
    413: "the body is too large",
    415: "not JSON",
    422: "a field or parameter does not fit",
    429: "too much waits already; see `Retry-After`",
    503: "the store is away; see `Retry-After`",
}
RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds after which to try again"}}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the problems that a route answers with, beside those that each one has."""
    described: dict[int | str, dict[str, Any]] = {}
    for status in sorted({401, 403, 503, *statuses}):
        entry: dict[str, Any] = {"description": REFUSALS[status]}
        entry["content"] = {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="ProblemDetails")}}}
        if status in (429, 503):
            entry["headers"] = RETRY_AFTER
        described[status] = entry
    return described


def shown(words: str, **examples: Any) -> dict[str, Any]:
    """Describe a good answer with examples by name."""
    named = {name.replace("_", " "): {"value": value} for name, value in examples.items()}
    return {"description": words, "content": {"application/json": {"examples": named}}}


def describe(app: FastAPI, settings: Settings) -> None:
    """Let the app make its document on the first request for it."""

    def document() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = _document(app, settings)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI, settings: Settings) -> dict[str, Any]:
    document = get_openapi(title=TITLE, version=VERSION, description=ABOUT, routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    _describe_events(document, schemas)
    for model in (JobRequest, EndpointRequest, ProblemDetails):  # read from bytes, or written by handlers
        schema = model.model_json_schema(by_alias=True, ref_template=REF)
        schemas |= schema.pop("$defs", {})
        schemas[model.__name__] = schema
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer KEY`"},
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    for path, name, most in (
        ("/v1/jobs/{job_id}", "wait", settings.api.max_wait_s),
        ("/v1/jobs", "limit", settings.api.page_limit),
        ("/v1/cache", "limit", settings.api.page_limit),
        ("/v1/webhooks/deliveries", "limit", settings.api.page_limit),
    ):
        _parameter(document, path, name)["schema"]["maximum"] = most
    # Without keys only this machine is served, and asks for none.
    document["security"] = [{"bearer": []}, {"key": []}] if settings.api_keys else [{}]
    return document


def _describe_events(document: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Add what each type of event carries: as schemas, and as a list by type beside the stream's own description."""
    stream = document["paths"]["/v1/jobs/{job_id}/events"]["get"]["responses"]["200"]["content"]["text/event-stream"]
    types: dict[str, Any] = {}
    for kind, model in DATA.items():
        schema = model.model_json_schema(ref_template=REF)
        schemas |= schema.pop("$defs", {})
        name = f"Event{model.__name__}"
        schemas[name] = schema
        types[kind] = {"$ref": REF.format(model=name)}
    stream["x-event-types"] = types


def _parameter(document: dict[str, Any], path: str, name: str) -> dict[str, Any]:
    """Find a parameter of a GET in the document."""
    parameters: list[dict[str, Any]] = document["paths"][path]["get"]["parameters"]
    return next(parameter for parameter in parameters if parameter["name"] == name)
