"""The stream itself, without a network: who is too slow is dropped, who has gone is noticed, who asks for JSON gets it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from api.streaming import COMMENT, EventStream, encoded, wants_stream
from workers.contracts.job import JobEvent
from workers.settings import StreamSettings

SCOPE = {"type": "http"}


class Scripted:
    """A following that gives an event again and again, or none."""

    job_id = "job_1"

    def __init__(self, *, news: bool = True) -> None:
        self.news, self.over, self.closed, self.given = news, False, False, 0

    async def events(self, timeout_s: float) -> list[JobEvent]:
        """Give one, at once or never."""
        await asyncio.sleep(0 if self.news else min(timeout_s, 0.01))
        self.given += self.news
        return [JobEvent(id=f"{self.given}-0", type="thinking", data={})] if self.news and not self.closed else []

    async def tick(self) -> JobEvent | None:
        """Tell nothing."""
        return None

    def close(self) -> None:
        """End."""
        self.closed = self.over = True


def stream(following: Scripted, **limits: Any) -> EventStream:
    """A stream of it."""
    return EventStream(
        following,
        StreamSettings(**limits),
        many=lambda: 1,
        closed=following.close,  # type: ignore[arg-type]
    )


async def stays() -> Any:
    """A reader that does not go."""
    await asyncio.sleep(60)


def test_a_reader_that_takes_nothing_is_dropped() -> None:
    """The write that waits too long ends the stream, without an error and without reading on."""
    following = Scripted()

    async def run() -> None:
        async def send(message: Any) -> None:
            if following.given > 3:
                await asyncio.sleep(60)

        await asyncio.wait_for(stream(following, send_s=0.05)(SCOPE, stays, send), 5)

    asyncio.run(run())
    assert following.closed
    assert following.given == 4


def test_a_reader_that_has_gone_is_noticed() -> None:
    """A disconnect ends a stream that has nothing to say."""
    following = Scripted(news=False)
    sent: list[Any] = []

    async def gone() -> Any:
        await asyncio.sleep(0.02)
        return {"type": "http.disconnect"}

    async def run() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        await asyncio.wait_for(stream(following)(SCOPE, gone, send), 5)

    asyncio.run(run())
    assert following.closed
    assert sent[0]["status"] == 200


def test_comments_come_whatever_else_comes() -> None:
    """News does not put them off, and a stream has an end in any case."""
    following = Scripted()
    sent = b""

    async def run() -> None:
        async def send(message: Any) -> None:
            nonlocal sent
            sent += message.get("body", b"")
            await asyncio.sleep(0.005)

        await asyncio.wait_for(stream(following, heartbeat_s=0.02, longest_s=0.3)(SCOPE, stays, send), 5)

    asyncio.run(run())
    assert sent.count(COMMENT) >= 3
    assert sent.startswith(b"retry: 1000\n\n")


def test_an_event_is_one_frame_whatever_is_in_it() -> None:
    """Line breaks in a text do not break a frame, and a tick has no id."""
    text = "a\nb\r\n\r\nevent: done\ndata: {}\u2028\x85"
    frame = encoded([JobEvent(id="1-0.2", type="answer.delta", data={"text": text})]).decode()
    assert frame.count("\n") == 4
    assert frame.startswith("id: 1-0.2\nevent: answer.delta\ndata: {")
    assert not encoded([JobEvent(id="", type="thinking", data={})]).startswith(b"id")


@pytest.mark.parametrize(
    ("accept", "streams"),
    [
        ("text/event-stream", True), ("Text/Event-Stream; charset=utf-8", True), ("text/event-stream, */*;q=0.1", True),
        ("application/json, text/event-stream", True), ("application/json, text/event-stream;q=0.5", False),
        ("text/event-stream;q=0", False), ("text/event-stream;q=x", False), ("*/*", False), ("text/*", False), ("", False),
        ("application/json", False),
    ],
)  # fmt: skip
def test_who_gets_a_stream(accept: str, *, streams: bool) -> None:
    """Only who names it, and does not prefer JSON."""
    assert wants_stream(accept) is streams
