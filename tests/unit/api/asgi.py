"""Requests without a server: a scope, and what the server would say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from fastapi import Request
from starlette.types import Message

LOCAL = {"host": "localhost:8080"}


def request(
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    parts: Sequence[bytes] = (b"",),
    *,
    client: str = "127.0.0.1",
    method: str = "POST",
    stalls: bool = False,
) -> Request:
    """Make a request whose body comes in parts; one that stalls says that more follows and is silent then."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    scope = {
        "type": "http", "method": method, "path": "/v1/jobs", "query_string": b"", "client": (client, 5000),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs],
    }  # fmt: skip
    left = list(parts)

    async def receive() -> Message:
        if not left:
            await asyncio.Event().wait()
        body = left.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(left) or stalls}

    return Request(scope, receive)
