"""Streams one reply of a model from an OpenAI-compatible endpoint.

Each wait is bounded: for the first token (tries included), for the next token, for all of it. It tries again only
before the first token and only what is safe. Whoever stops reading closes the connection, so that nobody pays on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import cast

import aiohttp
from pydantic_core import from_json

from workers.contracts.calls import Delta, End, ModelCall, StreamLimits
from workers.contracts.errors import (
    AttemptFailed,
    DeadlineExceeded,
    FirstTokenTimeout,
    ReplyTooLarge,
    SettingsError,
    SilenceTimeout,
    StreamBroken,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamUnavailable,
)
from workers.contracts.job import Usage
from workers.contracts.upstreams import UpstreamConfig
from workers.upstream.chunks import ReplyReader, error_word
from workers.upstream.connections import Connections
from workers.upstream.events import DONE, EventReader
from workers.upstream.request import body_of
from workers.upstream.retry import pause_s, retry_after_s

TRY_AGAIN = frozenset({408, 409, 425})
MOST_ERROR_BYTES = 16_384
LINGER_S = 0.1


@dataclass(slots=True)
class Clock:
    """The limits of one call as moments of the loop's clock."""

    limits: StreamLimits
    began: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    last_token: float | None = None

    @property
    def until(self) -> float:
        """When the present wait is over."""
        end = self.began + self.limits.total_s
        if self.last_token is None:
            return min(end, self.began + self.limits.first_token_s)
        return min(end, self.last_token + self.limits.silence_s)

    def token(self) -> None:
        """Note a token."""
        self.last_token = asyncio.get_running_loop().time()

    def over(self) -> AttemptFailed:
        """Say which limit the present wait has passed."""
        limits = self.limits
        if self.until >= self.began + limits.total_s:
            return DeadlineExceeded(f"no answer within {limits.total_s:g} s")
        if self.last_token is None:
            return FirstTokenTimeout(f"no token within {limits.first_token_s:g} s")
        return SilenceTimeout(f"no token for {limits.silence_s:g} s in the middle of the stream")


class UpstreamClient:
    """Calls models of several endpoints.

    Args:
        upstreams: endpoints by name.
    """

    def __init__(self, upstreams: Mapping[str, UpstreamConfig]) -> None:
        self._configs = dict(upstreams)
        self._connections = {name: Connections(config) for name, config in upstreams.items()}
        self._no_stream_options: set[str] = set()

    async def aclose(self) -> None:
        """Close every connection."""
        for connections in self._connections.values():
            await connections.aclose()

    async def stream(self, call: ModelCall) -> AsyncIterator[Delta | End]:
        """Stream one reply: pieces, then exactly one End.

        Raises:
            DeadlineExceeded: `limits.total_s` passed.
            FirstTokenTimeout: `limits.first_token_s` passed, tries included.
            SilenceTimeout: `limits.silence_s` passed between two tokens.
            UpstreamFailed: the endpoint failed in a way that its subclass names.
        """
        name = call.model.upstream
        if name not in self._configs:
            raise SettingsError(f"models.{call.model.name}.upstream is {name!r}: there is no such upstream")
        clock, tries = Clock(call.limits), 0
        while True:
            tries += 1
            try:
                async with aclosing(cast("AsyncGenerator[Delta | End]", self._once(call, clock, tries))) as pieces:
                    async for piece in pieces:
                        yield piece
                return  # noqa: TRY300 - the loop goes on only after an error
            except UpstreamFailed as error:
                await self._pause(error, clock, tries, self._configs[name].max_retries)

    async def _pause(self, error: UpstreamFailed, clock: Clock, tries: int, most: int) -> None:
        """Wait before the next try; when there is none to be had, raise what went wrong."""
        if clock.last_token is not None or not error.transient or tries > most:
            raise error
        pause = pause_s(tries, error.retry_after_s)
        if asyncio.get_running_loop().time() + pause >= clock.until:
            raise error
        await asyncio.sleep(pause)

    async def _once(self, call: ModelCall, clock: Clock, tries: int) -> AsyncIterator[Delta | End]:
        """One try."""
        reader, done = ReplyReader.of(call.model), False
        async with self._response(call, clock) as response:
            source = _data(response, clock, call.limits.reply_bytes)
            async with aclosing(cast("AsyncGenerator[bytes]", source)) as events:
                async for data in events:
                    done = data == DONE
                    for delta in reader.finish() if done else _read(reader, data):
                        clock.token()
                        yield delta
                    if reader.chars > call.limits.reply_bytes:
                        raise ReplyTooLarge(f"the reply is longer than {call.limits.reply_bytes} characters")
        if not done:
            for delta in reader.finish():
                yield delta
            if reader.finish_reason is None:
                raise StreamBroken("the stream ended before the reply was complete")
        yield End(reader.finish_reason, reader.usage or Usage(), tries)

    @asynccontextmanager
    async def _response(self, call: ModelCall, clock: Clock) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send the request; gives a good response or raises what the endpoint answered instead."""
        name = call.model.upstream
        asked = name not in self._no_stream_options
        content = json.dumps(body_of(call, stream_options=asked), ensure_ascii=False).encode("utf-8", "replace")
        connections = self._connections[name].post(content)
        try:
            async with asyncio.timeout_at(clock.until):
                response = await connections.__aenter__()
        except aiohttp.ClientError as error:  # before TimeoutError, which that of a connection is, too
            raise _unreachable(error, clock) from error
        except TimeoutError as error:
            raise clock.over() from error
        try:
            if response.status != 200:
                raise await self._refusal(response, name, clock, asked=asked)
            yield response
        except aiohttp.ClientError as error:
            raise _unreachable(error, clock) from error
        finally:
            await connections.__aexit__(None, None, None)

    async def _refusal(
        self, response: aiohttp.ClientResponse, name: str, clock: Clock, *, asked: bool
    ) -> UpstreamFailed:
        """Turn an answer that is no reply into its error; the body is read only for a short code."""
        status, after = response.status, retry_after_s(response.headers.get("retry-after"))
        raw = await _some(response, clock)
        if status == 400 and asked and b"stream_options" in raw:
            self._no_stream_options.add(name)
            return UpstreamUnavailable("the upstream does not know stream_options", retry_after_s=0.0)
        detail = f"the upstream answered {status} ({_code(raw)})"
        if status == 429:
            return UpstreamRateLimited(detail, retry_after_s=after)
        if status >= 500 or status in TRY_AGAIN:
            return UpstreamUnavailable(detail, retry_after_s=after)
        return UpstreamRejected(detail)


def _read(reader: ReplyReader, data: bytes) -> list[Delta]:
    try:
        chunk = from_json(data)
    except ValueError as error:
        raise StreamBroken("the stream holds something that is no JSON") from error
    return reader.read(chunk)


async def _data(response: aiohttp.ClientResponse, clock: Clock, most: int) -> AsyncIterator[bytes]:
    """The data of the stream's events until the last; a reply that is one JSON object counts as one event."""
    whole = "json" in response.headers.get("content-type", "")
    events, parts = EventReader(most), b""
    async with aclosing(cast("AsyncGenerator[bytes]", _bytes(response, clock))) as chunks:
        async for chunk in chunks:
            if whole:
                parts += chunk
            if events.overfull or len(parts) > most:
                raise ReplyTooLarge(f"the reply is longer than {most} bytes")
            for data in () if whole else events.feed(chunk):
                yield data
                if data == DONE:
                    await _let_end(chunks)
                    return
    for data in (parts, DONE) if whole else events.flush():
        yield data


async def _let_end(chunks: AsyncGenerator[bytes]) -> None:
    """Read to the end that follows [DONE], so that the connection can be used again; a server that lingers loses it."""
    with suppress(TimeoutError, StopAsyncIteration, AttemptFailed):
        async with asyncio.timeout(LINGER_S):
            await anext(chunks)


async def _bytes(response: aiohttp.ClientResponse, clock: Clock) -> AsyncIterator[bytes]:
    """The response's bytes, each wait bounded by the limit that holds at that moment."""
    chunks = aiter(response.content.iter_any())
    try:
        while True:
            try:
                async with asyncio.timeout_at(clock.until):
                    chunk = await anext(chunks)
            except StopAsyncIteration:
                return
            yield chunk
    except aiohttp.ClientError as error:
        raise _unreachable(error, clock) from error
    except TimeoutError as error:
        raise clock.over() from error


async def _some(response: aiohttp.ClientResponse, clock: Clock) -> bytes:
    """Read the beginning of an error's body."""
    raw = b""
    try:
        async with aclosing(cast("AsyncGenerator[bytes]", _bytes(response, clock))) as chunks:
            async for chunk in chunks:
                raw += chunk
                if len(raw) > MOST_ERROR_BYTES:
                    break
    except UpstreamFailed:
        pass  # the status says enough
    return raw


def _code(raw: bytes) -> str:
    try:
        found = from_json(raw)
    except ValueError:
        return "no code"
    return error_word(found.get("error")) if isinstance(found, dict) else "no code"


def _unreachable(error: aiohttp.ClientError, clock: Clock) -> UpstreamFailed:
    """Name a transport error by its class: its text may hold addresses."""
    kind = type(error).__name__
    if clock.last_token is not None:
        return StreamBroken(f"the connection was lost in the middle of the stream ({kind})")
    return UpstreamUnavailable(f"the upstream could not be reached ({kind})")
