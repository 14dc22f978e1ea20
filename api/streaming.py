"""A job's events as server-sent events: live until the job ends, with comments that keep the connection and ticks.

One task a stream writes, and one notices that the reader has gone. Nothing is buffered for a reader that does not take
what is sent: after `streams.send_s` its stream is cut, and it resumes elsewhere by the last id that it has.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable

from sse_starlette import ServerSentEvent
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from workers.client import Following
from workers.contracts.errors import StoreUnavailable
from workers.contracts.job import JobEvent
from workers.settings import StreamSettings
from workers.telemetry import logger

log = logger("api")
MEDIA_TYPE = "text/event-stream"
AFTER_NEWS = 1.5  # a worker's heartbeat a second is not followed by a tick that just precedes the next
MOST_TICKS = 400  # a second, of all streams of a process together: each costs about as much as an event
RETRY_MS = 1_000  # what a browser waits before it connects again
COMMENT = ServerSentEvent(comment="still here", sep="\n").encode()
HEADERS = {
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",  # nginx would hold events back
    "Vary": "Accept",
}


class EventStream(Response):
    """The stream of one job."""

    media_type = MEDIA_TYPE

    def __init__(
        self, following: Following, limits: StreamSettings, *, many: Callable[[], int], closed: Callable[[], None]
    ) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._following = following
        self._limits = limits
        self._many = many
        self._closed = closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the job has ended, the reader has gone or is too slow, or the process stops."""
        leaving = None
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            if scope.get("head_only"):
                await send({"type": "http.response.body", "body": b""})
                return
            leaving = asyncio.create_task(self._left(receive), name="leaving")
            await self._write(send, ServerSentEvent(retry=RETRY_MS, sep="\n").encode())
            await self._stream(send)
            await self._write(send, b"", more=False)
        except TimeoutError:
            log.info("stream.dropped", job=self._following.job_id, reason="its reader is too slow")
        except StoreUnavailable:
            log.info("stream.dropped", job=self._following.job_id, reason="Redis is away")
            await self._write(send, b"", more=False)
        finally:
            self._closed()
            if leaving is not None:
                leaving.cancel()

    async def _stream(self, send: Send) -> None:
        limits, following = self._limits, self._following
        now = asyncio.get_running_loop().time
        until, comment_at, tick_at = now() + limits.longest_s, now() + limits.heartbeat_s, now() + self._pause_s()
        while not following.over and (began := now()) < until:
            events = await following.events(max(0.0, min(comment_at, tick_at, until) - began))
            if events or following.over:
                tick_at = now() + self._pause_s() * AFTER_NEWS
            elif now() >= tick_at:
                tick_at = now() + self._pause_s()
                events = [tick] if (tick := await following.tick()) is not None else []
            chunk = encoded(events)
            if now() >= comment_at:
                comment_at = now() + limits.heartbeat_s
                chunk += COMMENT
            if chunk:
                await self._write(send, chunk)

    def _pause_s(self) -> float:
        """How long until a tick; the longer, the more streams the process has, so that ticks never outgrow news."""
        return max(self._limits.tick_s, self._many() / MOST_TICKS)

    async def _write(self, send: Send, chunk: bytes, *, more: bool = True) -> None:
        """Send a chunk; waits while the reader's buffer is full.

        Raises:
            TimeoutError: the reader takes nothing.
        """
        async with asyncio.timeout(self._limits.send_s):
            await send({"type": "http.response.body", "body": chunk, "more_body": more})

    async def _left(self, receive: Receive) -> None:
        """End the stream when its reader has closed the connection."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self._following.over = True
        self._following.close()


def encoded(events: Iterable[JobEvent]) -> bytes:
    """Write events as they go over the line; a tick has no id, so that it does not move the reader's cursor."""
    return b"".join(
        ServerSentEvent(
            id=event.id or None, event=event.type, sep="\n", data=json.dumps(event.data, ensure_ascii=False)
        ).encode()
        for event in events
    )


def wants_stream(accept: str) -> bool:
    """Whether a client asks for a stream: it names the type, and does not like JSON better.

    >>> wants_stream("text/event-stream"), wants_stream("*/*"), wants_stream("application/json")
    (True, False, False)
    """
    likings: dict[str, float] = {}
    for part in accept.lower().split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        liking = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        try:
            likings[kind] = float(liking)
        except ValueError:
            likings[kind] = 0.0
    return likings.get(MEDIA_TYPE, 0.0) > 0 and likings[MEDIA_TYPE] >= likings.get("application/json", 0.0)
