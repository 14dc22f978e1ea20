"""Errors as problem details (RFC 9457): what went wrong, in a sentence, with the field where there is one."""

from __future__ import annotations

import http
import json
import traceback
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from workers.contracts.errors import InvalidRequest, NotFound, Overloaded, StoreUnavailable, ThinklineError, WrongState
from workers.telemetry import logger

log = logger("api")
MEDIA_TYPE = "application/problem+json"
CHARS = 2_000  # of a detail: a caller's own words in it must not come back without end
MOST_FIELDS = 50
AWAY = "the store cannot be reached at the moment; nothing is known to be accepted, try again"


class Problem(ThinklineError):
    """A problem that is answered as it is: the request was refused before it reached the client."""

    def __init__(
        self,
        status: int,
        word: str,
        detail: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.word, self.detail, self.field = status, word, detail, field
        self.headers = dict(headers or {})


class BadFields(ThinklineError):
    """Some fields of a request do not fit; at least one."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("the request does not fit")
        self.errors = errors


def answer(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Write a problem response."""
    body: dict[str, Any] = {
        "type": f"urn:thinkline:problem:{code}",
        "title": http.HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail[:CHARS],
        "instance": request.scope["path"][:CHARS],  # not `request.url`: a malformed Host breaks it
    }
    if errors:
        body["errors"] = [{name: text[:CHARS] for name, text in error.items()} for error in errors[:MOST_FIELDS]]
    return Response(json.dumps(body), status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem; what nobody foresaw is the guard's."""
    app.add_exception_handler(ThinklineError, _ours)
    app.add_exception_handler(HTTPException, _starlettes)
    app.add_exception_handler(RequestValidationError, _parameters)


def bad_fields(error: ValidationError, data: Any) -> BadFields:
    """Turn pydantic's errors into fields by the caller's names, e.g. `input[3].content`."""
    listed = isinstance(data, dict) and isinstance(data.get("input"), list)
    found: dict[str, str] = {}
    for part in error.errors(include_url=False, include_context=False, include_input=False):
        loc = [str(piece) for piece in part["loc"]]
        if loc[:1] == ["input"] and len(loc) > 1 and not loc[1].isdigit():
            if ("list" in loc[1]) != listed:
                continue  # the other form of `input`
            del loc[1]
        field = "".join(f"[{piece}]" if piece.isdigit() else f".{piece}" for piece in loc).lstrip(".")
        found.setdefault(field.removesuffix(".[key]"), _sentence(part))
    return BadFields([{"field": field, "message": message} for field, message in found.items()])


def unexpected(request: Request, error: Exception) -> Response:
    """Answer what nobody foresaw: the place is logged, the message is not, for it may hold what the caller sent."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/api/" in frame.filename or "/workers/" in frame.filename]
    last = (ours or frames)[-1] if frames else None
    where = f"{'/'.join(last.filename.split('/')[-2:])}:{last.lineno}" if last else ""
    job = {"job": job_id} if (job_id := request.path_params.get("job_id")) else {}
    log.error("request.broken", error=type(error).__name__, where=where, method=request.method, **job)
    return answer(request, 500, "internal_error", "something went wrong on our side; it was logged")


async def _ours(request: Request, error: Exception) -> Response:  # noqa: PLR0911 - one return for each kind
    """Answer one of our own errors."""
    match error:
        case Problem():
            errors = [{"field": error.field, "message": error.detail}] if error.field else None
            return answer(request, error.status, error.word, error.detail, errors=errors, headers=error.headers)
        case BadFields():
            return _unfit(request, "invalid_request", error.errors)
        case InvalidRequest(field=None):
            return answer(request, 422, error.code, error.detail)
        case InvalidRequest():
            return _unfit(request, error.code, [{"field": str(error.field), "message": error.detail}])
        case NotFound():
            return answer(request, 404, error.code, str(error))
        case WrongState():
            return answer(request, 409, error.code, error.detail)
        case Overloaded():
            return answer(request, 429, error.code, error.detail, headers={"Retry-After": str(error.retry_after_s)})
        case StoreUnavailable():
            return answer(request, 503, error.code, AWAY, headers={"Retry-After": str(error.retry_after_s)})
    return unexpected(request, error)


async def _parameters(request: Request, error: Exception) -> Response:
    """Name wrong path and query parameters like wrong fields of a body."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    return _unfit(
        request,
        "invalid_request",
        [
            {"field": str(part["loc"][-1]), "message": _sentence(part, "there is no such parameter")}
            for part in error.errors()
        ],
    )


async def _starlettes(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses: unknown paths and methods."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    if error.status_code == 404:
        return answer(request, 404, "not_found", "there is nothing at this address")
    if error.status_code == 405:
        allowed = ", ".join(_methods(request))
        detail = f"this address does not know {request.method}; allowed are {allowed}"
        return answer(request, 405, "method_not_allowed", detail, headers={"Allow": allowed})
    return answer(request, error.status_code, "http_error", str(error.detail), headers=error.headers)


def _methods(request: Request) -> list[str]:
    """List what the address of a request knows; the framework names only the methods of the first route.

    Only routes of the first one's path count: `/v1/webhooks/deliveries` is not an endpoint of that name, too.
    """
    found: set[str] = set()
    path = None
    for route in request.app.routes:
        if route.matches({**request.scope, "path_params": {}})[0] is not Match.NONE and path in (None, route.path):
            path = route.path
            found |= route.methods or set()
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


def _unfit(request: Request, code: str, errors: list[dict[str, str]]) -> Response:
    """Name the first field in the sentence, and all of them in the list."""
    detail = f"{errors[0]['field']}: {errors[0]['message']}"
    return answer(request, 422, code, detail, errors=errors)


def _sentence(part: Any, unknown: str = "there is no such field") -> str:
    """Say one error of pydantic's in its own words, without its prefix."""
    if part["type"] == "extra_forbidden":
        return unknown
    return str(part["msg"]).removeprefix("Value error, ")
