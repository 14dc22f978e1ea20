"""The scripted upstream's HTTP side: plain ASGI, light enough to stand beside what is measured.

It says in every reply that it is simulated: a header, and `system_fingerprint`. `GET /stats` tells how many requests
came and how many streams are open, so that a test sees from outside when a call was closed.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from workers.simulated.script import NAMED, Book, Script, example

ASGIMessage = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[ASGIMessage]]
Send = Callable[[ASGIMessage], Awaitable[None]]
MARK = (b"x-thinkline-simulated", b"true")
MOST_KEPT = 1_000
COMMENT_S = 0.2


class Cut(Exception):
    """The script closes the connection here."""


@dataclass(slots=True)
class Seen:
    """What came in, for tests."""

    requests: int = 0
    open_streams: int = 0
    by_model: Counter[str] = field(default_factory=Counter)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    disconnects: int = 0


class ScriptedUpstream:
    """An ASGI app that plays scripts."""

    def __init__(self, book: Book | None = None, *, keep: bool = False) -> None:
        self.book = book or Book()
        self.seen = Seen()
        self._keep = keep

    async def __call__(self, scope: ASGIMessage, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["path"].endswith("/chat/completions") and scope["method"] == "POST":
            await self._complete(scope, receive, send)
        elif scope["path"].endswith("/models"):
            models = [
                {"id": name, "object": "model", "owned_by": "simulated"} for name in {**NAMED, **self.book.models}
            ]
            await _json(send, 200, {"object": "list", "data": models})
        elif scope["path"] == "/stats":
            seen = self.seen
            await _json(send, 200, {
                "simulated": True, "requests": seen.requests, "open_streams": seen.open_streams,
                "disconnects": seen.disconnects, "by_model": dict(seen.by_model),
            })  # fmt: skip
        elif scope["path"] == "/healthz":
            await _json(send, 200, {"status": "ok", "simulated": True})
        else:
            await _json(send, 404, {"error": {"type": "not_found", "message": "there is nothing here"}})

    def script_of(self, model: str, body: dict[str, Any]) -> Script:  # noqa: ARG002 - for upstreams that read the query
        """Choose what a request gets."""
        return self.book.find(model)

    async def _complete(self, scope: ASGIMessage, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        model = str(body.get("model", ""))
        self.seen.requests += 1
        self.seen.by_model[model] += 1
        if self._keep and len(self.seen.bodies) < MOST_KEPT:
            self.seen.bodies.append(body)
            self.seen.headers.append({key.decode(): value.decode() for key, value in scope["headers"]})
        script = self.script_of(model, body)
        if script.refuse_stream_options and "stream_options" in body:
            await _json(send, 400, {"error": {"type": "invalid", "message": "unknown field stream_options"}})
            return
        if script.status >= 400 and (script.error_times is None or self.seen.by_model[model] <= script.error_times):
            await _error(send, script)
            return
        if script.answers:
            turn = min(self.seen.by_model[model], len(script.answers))
            script = script.model_copy(update={"answer": script.answers[turn - 1]})
        self.seen.open_streams += 1
        play = asyncio.create_task(_play(script, body, send))
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait((play, gone), return_when=asyncio.FIRST_COMPLETED)
            if not play.done():
                self.seen.disconnects += 1
        finally:
            self.seen.open_streams -= 1
            gone.cancel()
            play.cancel()
        if play.done() and not play.cancelled() and isinstance(play.exception(), Cut):
            raise ConnectionResetError("the script cuts the connection here")


async def _play(script: Script, body: dict[str, Any], send: Send) -> None:
    if script.never_answers and script.silent_before_headers:
        await asyncio.Event().wait()
    if not body.get("stream") or script.plain_json:
        await asyncio.sleep(script.first_token_s)
        await _json(send, 200, _whole(script, body))
        return
    headers = [(b"content-type", b"text/event-stream"), MARK]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if script.rate == 0 and not script.drip and not script.first_token_s:
        parts = [part async for part in _parts(script, body, send)]
        await send({"type": "http.response.body", "body": b"".join(parts), "more_body": False})
        return
    async for part in _parts(script, body, send):
        for piece in [bytes([byte]) for byte in part] if script.drip else [part]:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _parts(script: Script, body: dict[str, Any], send: Send) -> AsyncIterator[bytes]:
    """The stream's events in order, at the script's pace."""
    model, sent = str(body.get("model", "")), 0
    yield _chunk(model, {"role": "assistant", "content": ""})
    await _wait(None if script.never_answers else script.first_token_s, script, send)
    for delta in _deltas(script, body):
        if trouble := await _trouble(script, sent, send):
            yield trouble
            if script.error_after is not None:
                return
        yield _chunk(model, delta)
        sent += 1
        if script.rate:
            await asyncio.sleep(1 / script.rate)
    if script.finish_reason:
        yield _chunk(model, {}, script.finish_reason)
    if script.usage and (body.get("stream_options") or {}).get("include_usage"):
        yield _event({**_head(model), "choices": [], "usage": _usage(script, sent)})
    if script.done:
        yield b"data: [DONE]\n\n"


async def _trouble(script: Script, sent: int, send: Send) -> bytes | None:
    """What goes wrong after so many tokens, if anything."""
    if script.stall_after == sent:
        await _wait(None, script, send)
    if script.cut_after == sent:
        await asyncio.sleep(0.02)
        raise Cut
    if script.error_after == sent:
        error = {"type": script.error_type, "message": script.error_message, "code": script.error_type}
        return _event({"error": error})
    return b'data: {"choices": [{"del\xff\xfe\n\n' if script.garbage_after == sent else None


def _deltas(script: Script, body: dict[str, Any]) -> Any:
    """The pieces of thinking, then of the answer."""
    tags = script.thinking_style == "tags"
    field_name = "content" if tags else script.thinking_style
    count, n = script.thinking_tokens, 0
    if tags and count:
        yield {"content": "<think>"}
    while script.endless or n < count:
        yield {field_name: _thought(script, n)}
        n += 1
    if tags and count:
        yield {"content": "</think>"}
    answer = _answer(script, body)
    if script.tool_call and body.get("tools"):
        name = body["tools"][0]["function"]["name"]
        yield {
            "tool_calls": [
                {"index": 0, "id": "call_1", "type": "function", "function": {"name": name, "arguments": ""}}
            ]
        }
        for piece in _pieces(answer):
            yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
        return
    for piece in _pieces(answer):
        yield {"content": piece}


def _thought(script: Script, n: int) -> str:
    return f"step {n} " if script.thinking is None else f"{script.thinking} "


def _pieces(text: str) -> list[str]:
    size = max(12, len(text) // 64)
    return [text[i : i + size] for i in range(0, len(text), size)]


def _answer(script: Script, body: dict[str, Any]) -> str:
    if script.answer is not None:
        return script.answer
    asked = body.get("response_format") or {}
    if asked.get("type") == "json_schema":
        value = example(asked["json_schema"].get("schema", {}))
    elif body.get("tools"):
        value = example(body["tools"][0]["function"].get("parameters", {}))
    else:
        value = {"answer": "a simulated answer" + "." * script.size_bytes}
    return json.dumps(value)


def _whole(script: Script, body: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": _answer(script, body)}
    if script.thinking_tokens:
        message["reasoning_content"] = "".join(_thought(script, n) for n in range(script.thinking_tokens))
    choice = {"index": 0, "message": message, "finish_reason": script.finish_reason}
    return {**_head(str(body.get("model", ""))), "object": "chat.completion", "choices": [choice],
            "usage": _usage(script, script.thinking_tokens + 1)}  # fmt: skip


def _usage(script: Script, sent: int) -> dict[str, Any]:
    details = {"reasoning_tokens": script.thinking_tokens}
    return {
        "prompt_tokens": script.prompt_tokens, "completion_tokens": sent, "total_tokens": script.prompt_tokens + sent,
        "completion_tokens_details": details,
    }  # fmt: skip


def _head(model: str) -> dict[str, Any]:
    return {"id": "chatcmpl-simulated", "object": "chat.completion.chunk", "created": 0, "model": model,
            "system_fingerprint": "simulated"}  # fmt: skip


def _chunk(model: str, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    return _event({**_head(model), "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]})


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"


async def _wait(seconds: float | None, script: Script, send: Send) -> None:
    """Wait for some seconds, or for ever; keep sending comments if the script says so."""
    loop = asyncio.get_running_loop()
    until = None if seconds is None else loop.time() + seconds
    while until is None or (left := until - loop.time()) > 0:
        await asyncio.sleep(COMMENT_S if until is None or script.comments else left)
        if script.comments:
            await send({"type": "http.response.body", "body": b": still here\n\n", "more_body": True})


async def _body(receive: Receive) -> dict[str, Any]:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    try:
        found = json.loads(b"".join(parts))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _error(send: Send, script: Script) -> None:
    extra = [(b"retry-after", script.retry_after.encode())] if script.retry_after else []
    await _json(send, script.status, {"error": {"type": "simulated_error", "message": script.error_message}}, extra)


async def _json(send: Send, status: int, value: Any, extra: list[tuple[bytes, bytes]] | None = None) -> None:
    body = json.dumps(value).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        MARK,
        *(extra or []),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
