"""What happens when something breaks inside: a problem without details, and a log line without the message."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from api.guard import Guard
from api.measuring import Measures
from tests.unit.api.asgi import request

pytestmark = pytest.mark.anyio
SECRET = "what the caller sent"


async def passed_on(guard: Guard, method: str = "GET") -> list[Message]:
    """What the server is told when a request goes through the guard."""
    told: list[Message] = []

    async def send(message: Message) -> None:
        told.append(message)

    asked = request(method=method)
    await guard(asked.scope, asked.receive, send)
    return told


def headers_of(message: Message) -> dict[str, str]:
    """The headers of an answer."""
    return {name.decode(): value.decode() for name, value in message["headers"]}


async def test_a_broken_request_is_a_problem_without_details() -> None:
    """500, and neither the answer nor the log quotes the exception."""

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError(SECRET)

    with capture_logs() as logs:
        start, body = await passed_on(Guard(broken, Measures()))
    assert start["status"] == 500
    problem = json.loads(body["body"])
    assert problem["code"] == "internal_error"
    assert SECRET not in json.dumps(problem) + repr(logs)
    assert logs[0]["error"] == "RuntimeError"
    assert logs[0]["where"].startswith("api/test_guard.py:")


async def test_an_answer_that_broke_half_way_is_not_answered_twice() -> None:
    """The server closes the connection of an answer that does not end."""

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError(SECRET)

    with capture_logs():
        assert [message["type"] for message in await passed_on(Guard(broken, Measures()))] == ["http.response.start"]


async def test_a_caller_that_went_away_is_no_error() -> None:
    """Nothing is answered and nothing is logged."""

    async def left(scope: Scope, receive: Receive, send: Send) -> None:
        raise ClientDisconnect

    with capture_logs() as logs:
        assert await passed_on(Guard(left, Measures())) == []
    assert logs == []


@pytest.mark.parametrize("own", [[], [(b"cache-control", b"no-cache")]])
async def test_every_answer_has_its_headers(own: list[Any]) -> None:
    """Nothing is sniffed; nothing is kept by a browser unless a route says so."""

    async def fine(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["method"] == "GET"
        await send({"type": "http.response.start", "status": 200, "headers": own})

    for method in ("GET", "HEAD"):
        headers = headers_of((await passed_on(Guard(fine, Measures()), method))[0])
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == ("no-cache" if own else "no-store")
