"""Reads a request's body within its limit, and parses it strictly."""

from __future__ import annotations

from fastapi import Request
from pydantic import ValidationError
from pydantic_core import from_json

from api.problems import BadFields, Problem, bad_fields
from workers.contracts.request import JobRequest

MOST_KEY_CHARS = 255


async def read_request(request: Request, most_bytes: int) -> JobRequest:
    """Read a submission.

    Raises:
        Problem: 415 for another content type, 413 for too many bytes, 400 for what is no JSON.
        BadFields: fields do not fit.
    """
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise Problem(415, "unsupported_media_type", "the body must be sent as `Content-Type: application/json`")
    raw = await read(request, most_bytes)
    try:
        return JobRequest.model_validate_json(raw)
    except ValidationError as error:
        raise _explained(error, raw) from error


async def read(request: Request, most_bytes: int) -> bytes:
    """Read a body; stops at the limit, whatever length was announced."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most_bytes:
        raise _too_large(most_bytes)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most_bytes:
            raise _too_large(most_bytes)
        parts.append(part)
    return b"".join(parts)


def idempotency_key(request: Request) -> str | None:
    """Read `Idempotency-Key`: a token, or a quoted string as in the IETF draft.

    Raises:
        Problem: 400 for an empty, long or unprintable key.
    """
    raw = request.headers.get("idempotency-key")
    if raw is None:
        return None
    key = raw.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not key or len(key) > MOST_KEY_CHARS or not (key.isascii() and key.isprintable()):
        detail = f"must be 1 to {MOST_KEY_CHARS} printable ASCII characters"
        raise Problem(400, "idempotency_key_invalid", detail, field="Idempotency-Key")
    return key


def _explained(error: ValidationError, raw: bytes) -> Problem | BadFields:
    if any(part["type"] == "json_invalid" for part in error.errors(include_url=False, include_input=False)):
        return Problem(400, "malformed_json", f"the body is not valid JSON: {_reason(error)}")
    try:
        data = from_json(raw)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        return Problem(422, "invalid_request", "the body must be a JSON object", field="body")
    return bad_fields(error, data)


def _reason(error: ValidationError) -> str:
    """Where the JSON breaks; the parser's words name a line and a column and quote nothing."""
    return error.errors(include_url=False, include_input=False)[0]["msg"].removeprefix("Invalid JSON: ")


def _too_large(most_bytes: int) -> Problem:
    return Problem(413, "body_too_large", f"the body may have at most {most_bytes} bytes")
