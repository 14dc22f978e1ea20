"""The layer around every route: whatever breaks inside becomes a problem here, and never reaches the server's log.

It also adds the headers that every answer has, counts answers, and answers HEAD wherever GET is answered. Plain ASGI: a
middleware that wraps each request in a task of its own would cost more than the rest of the way.
"""

from __future__ import annotations

import time

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.measuring import Measures

EVERYWHERE = [(b"x-content-type-options", b"nosniff")]
PRIVATE = [*EVERYWHERE, (b"cache-control", b"no-store")]


class Guard:
    """The last resort of a request, and its headers."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self._app = app
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer it if nobody inside did."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":  # a copy: the server reads its own, and leaves the body out
            scope = {**scope, "method": "GET", "head_only": True}
        begun, came_at = False, time.perf_counter()

        async def tell(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self._measures.note(scope, message["status"], time.perf_counter() - came_at)
                headers = message["headers"]
                cacheable = any(name == b"cache-control" for name, _ in headers)
                message["headers"] = [*headers, *(EVERYWHERE if cacheable else PRIVATE)]
            await send(message)

        try:
            await self._app(scope, receive, tell)
        except ClientDisconnect:
            return  # there is nobody to answer to
        except Exception as error:  # noqa: BLE001 - here a request ends, whatever broke
            answer = problems.unexpected(Request(scope), error)
            if not begun:
                await answer(scope, receive, tell)
