"""Reads a request's body within its limits, and parses it strictly."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from api.problems import BadFields, Problem, bad_fields
from workers.contracts.request import JobRequest

MOST_KEY_CHARS = 255
BODY_S = 30.0  # a body that takes longer to come in is given up: whoever drips it holds memory meanwhile


Body = TypeVar("Body", bound=BaseModel)


async def read_request(request: Request, most_bytes: int) -> JobRequest:
    """Read a submission; raises what `read_model` does."""
    return await read_model(request, JobRequest, most_bytes)


async def read_model(request: Request, model: type[Body], most_bytes: int) -> Body:
    """Read a JSON body as the document describes it: `"1"` is no number, `0` is not false.

    Raises:
        Problem: 415 for another content type, 413 for too many bytes, 408 for a body that does not come,
            400 for what is no JSON.
        BadFields: fields do not fit.
    """
    headers = request.headers
    if headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise Problem(415, "unsupported_media_type", "the body must be sent as `Content-Type: application/json`")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "unsupported_media_type", "the body must be sent without `Content-Encoding`")
    raw = await read(request, most_bytes)
    try:
        return model.model_validate_json(raw, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise _explained(error, raw) from error


async def read(request: Request, most_bytes: int, *, limit_s: float = BODY_S) -> bytes:
    """Read a body; stops at the limit, whatever length was announced.

    Raises:
        Problem: 413 for too many bytes, 408 for too many seconds.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most_bytes:
        raise _too_large(most_bytes)
    parts, size = [], 0
    try:
        async with asyncio.timeout(limit_s):
            async for part in request.stream():
                size += len(part)
                if size > most_bytes:
                    raise _too_large(most_bytes)
                parts.append(part)
    except TimeoutError as error:
        detail = f"the body did not come in within {limit_s:g} seconds"
        raise Problem(408, "body_timeout", detail, headers={"Connection": "close"}) from error
    return b"".join(parts)


def idempotency_key(request: Request) -> str | None:
    """Read `Idempotency-Key`: a token, or a quoted string as in the IETF draft.

    Raises:
        Problem: 400 for an empty, long or unprintable key, or for two different ones.
    """
    given = request.headers.getlist("idempotency-key")
    if not given:
        return None
    key = given[0].strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if len(set(given)) > 1:
        raise _bad_key("must be given once")
    if not key or len(key) > MOST_KEY_CHARS or not (key.isascii() and key.isprintable()):
        raise _bad_key(f"must be 1 to {MOST_KEY_CHARS} printable ASCII characters")
    return key


def _explained(error: ValidationError, raw: bytes) -> Problem | BadFields:
    details = error.errors(include_url=False, include_input=False, include_context=False)
    for part in details:
        if part["type"] == "json_invalid":  # its words name a line and a column, and quote nothing
            reason = part["msg"].removeprefix("Invalid JSON: ")
            return Problem(400, "malformed_json", f"the body is not valid JSON: {reason}")
    try:
        data = from_json(raw)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        return Problem(422, "invalid_request", "the body must be a JSON object", field="body")
    return bad_fields(error, data)


def _bad_key(message: str) -> Problem:
    return Problem(400, "idempotency_key_invalid", message, field="Idempotency-Key")


def _too_large(most_bytes: int) -> Problem:
    return Problem(413, "body_too_large", f"the body may have at most {most_bytes} bytes")
