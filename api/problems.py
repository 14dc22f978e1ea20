"""Errors as problem details (RFC 9457): what went wrong, in a sentence, with the field where there is one."""

from __future__ import annotations

import http
import json
import traceback
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from workers.contracts.errors import (
    IdempotencyMismatch,
    InvalidRequest,
    NotFound,
    Overloaded,
    StoreUnavailable,
    ThinklineError,
    WrongState,
)
from workers.telemetry import logger

log = logger("api")
MEDIA_TYPE = "application/problem+json"
CHARS = 2_000  # of a detail: a caller's own words in it must not come back without end


class Problem(ThinklineError):
    """A problem that is answered as it is: the request was refused before it reached the client."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.word, self.detail, self.field = status, code, detail, field
        self.headers = dict(headers or {})


class BadFields(ThinklineError):
    """Several fields of a request are wrong."""

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
        "instance": request.url.path[:CHARS],
    }
    if errors:
        body["errors"] = [{name: text[:CHARS] for name, text in error.items()} for error in errors[:50]]
    content = json.dumps(body, ensure_ascii=True)
    return Response(content, status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem."""
    app.add_exception_handler(ThinklineError, ours)
    app.add_exception_handler(HTTPException, _starlettes)
    app.add_exception_handler(Exception, _unexpected)


def bad_fields(error: ValidationError, data: Any) -> BadFields:
    """Turn pydantic's errors into fields by the caller's names."""
    listed = isinstance(data, dict) and isinstance(data.get("input"), list)
    found: dict[str, str] = {}
    for part in error.errors(include_url=False, include_context=False, include_input=False):
        loc = [str(piece) for piece in part["loc"]]
        if loc[:1] == ["input"] and len(loc) > 1 and not loc[1].isdigit():
            if ("list" in loc[1]) != listed:
                continue  # the other form of `input`
            del loc[1]
        field = "".join(f"[{piece}]" if piece.isdigit() else f".{piece}" for piece in loc).lstrip(".")
        field = field.removesuffix(".[key]")
        message = part["msg"].removeprefix("Value error, ")
        if part["type"] == "extra_forbidden":
            message = "there is no such field"
        found.setdefault(field, message)
    return BadFields([{"field": field, "message": message} for field, message in found.items()])


async def ours(request: Request, error: Exception) -> Response:  # noqa: PLR0911 - one return for each kind
    """Answer one of our errors."""
    match error:
        case Problem():
            errors = [{"field": error.field, "message": error.detail}] if error.field else None
            return answer(request, error.status, error.word, error.detail, errors=errors, headers=error.headers)
        case BadFields():
            first = error.errors[0] if error.errors else {"field": "body", "message": "does not fit"}
            detail = f"{first['field']}: {first['message']}"
            return answer(request, 422, "invalid_request", detail, errors=error.errors)
        case InvalidRequest():
            detail = f"{error.field}: {error.detail}" if error.field else error.detail
            code = "idempotency_key_reused" if isinstance(error, IdempotencyMismatch) else error.code
            errors = [{"field": error.field, "message": error.detail}] if error.field else None
            return answer(request, 422, code, detail, errors=errors)
        case NotFound():
            return answer(request, 404, error.code, str(error))
        case WrongState():
            return answer(request, 409, error.code, error.detail)
        case Overloaded():
            headers = {"Retry-After": str(error.retry_after_s)}
            return answer(request, 429, error.code, error.detail, headers=headers)
        case StoreUnavailable():
            headers = {"Retry-After": str(error.retry_after_s)}
            detail = "the store cannot be reached at the moment; nothing is known to be accepted, try again"
            return answer(request, 503, error.code, detail, headers=headers)
    return await _unexpected(request, error)


async def _starlettes(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    words = {404: "not_found", 405: "method_not_allowed"}
    return answer(
        request, error.status_code, words.get(error.status_code, "http_error"), str(error.detail), headers=error.headers
    )


async def _unexpected(request: Request, error: Exception) -> Response:
    """The last resort: the place is logged, the message is not, for it may hold what the caller sent."""
    last = traceback.extract_tb(error.__traceback__)[-1] if error.__traceback__ else None
    where = f"{last.filename.rsplit('/', 1)[-1]}:{last.lineno}" if last else ""
    log.error("request.broken", error=type(error).__name__, where=where, method=request.method)
    return answer(request, 500, "internal_error", "something went wrong on our side; it was logged")
