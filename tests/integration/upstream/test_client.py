"""The upstream client over real HTTP, against every way in which the scripted upstream misbehaves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing
from email.utils import formatdate
from typing import Any

import pytest

from tests.support.scripted import Scripted, scripted_upstream
from workers.contracts.calls import Delta, End, ModelCall, ModelSpec, StreamLimits
from workers.contracts.errors import (
    AttemptFailed,
    DeadlineExceeded,
    FirstTokenTimeout,
    ReplyTooLarge,
    SilenceTimeout,
    StreamBroken,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamUnavailable,
)
from workers.contracts.request import Generation, Message
from workers.contracts.upstreams import UpstreamConfig
from workers.simulated.script import Script
from workers.upstream.client import UpstreamClient

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def upstream() -> Iterator[Scripted]:
    """A scripted upstream for the whole module."""
    with scripted_upstream() as running:
        yield running


@pytest.fixture
async def client(upstream: Scripted) -> Any:
    """A client of it, and of an address where nobody listens."""
    configs = {
        "scripted": UpstreamConfig(base_url=upstream.base_url, api_key="secret-key", max_retries=2),
        "nowhere": UpstreamConfig(base_url="http://127.0.0.1:9/v1", max_retries=1),
    }
    made = UpstreamClient(configs)
    yield made
    await made.aclose()


def call(model: str, *, upstream: str = "scripted", spec: dict | None = None, **limits: Any) -> ModelCall:
    """A call of a scripted model."""
    bounds = {"first_token_s": 5.0, "silence_s": 5.0, "total_s": 10.0, **limits}
    described = ModelSpec(name=model, upstream=upstream, model=model, **(spec or {}))
    messages = (Message(role="system", content="be brief"), Message(role="user", content="a-private-question"))
    return ModelCall(described, messages, Generation(temperature=0.5, max_output_tokens=50), StreamLimits(**bounds))


async def reply(client: UpstreamClient, wanted: ModelCall) -> tuple[str, str, End]:
    """Gather a whole reply: thinking, answer, end."""
    found: dict[str, str] = {"thinking": "", "answer": "", "tool": ""}
    end = None
    async for piece in client.stream(wanted):
        if isinstance(piece, Delta):
            assert end is None
            found[piece.kind] += piece.text
        else:
            end = piece
    assert end is not None
    return found["thinking"], found["answer"] + found["tool"], end


@pytest.mark.parametrize("style", ["reasoning_content", "reasoning", "tags"])
async def test_thinking_is_parted_from_the_answer(client: UpstreamClient, upstream: Scripted, style: str) -> None:
    """Each way of sending thinking is understood, and usage comes with its reasoning tokens."""
    upstream.play(style, Script(thinking_tokens=4, thinking_style=style, answer="Paris"))
    thinking, answer, end = await reply(client, call(style))
    assert thinking == "step 0 step 1 step 2 step 3 "
    assert answer == "Paris"
    assert end.finish_reason == "stop"
    assert end.usage.reasoning_tokens == 4
    assert end.usage.prompt_tokens == 20


async def test_a_stream_in_single_bytes_is_read(client: UpstreamClient) -> None:
    """A slow drip of bytes gives the same reply."""
    thinking, answer, _ = await reply(client, call("drips"))
    assert thinking == "step 0 step 1 step 2 "
    assert "simulated" in answer


async def test_a_reply_that_comes_as_one_object_is_read(client: UpstreamClient, upstream: Scripted) -> None:
    """A server that does not stream is understood all the same."""
    upstream.play("plain", Script(plain_json=True, thinking_tokens=2, answer="Rome"))
    thinking, answer, end = await reply(client, call("plain"))
    assert (thinking, answer, end.finish_reason) == ("step 0 step 1 ", "Rome", "stop")


async def test_tool_arguments_are_gathered(client: UpstreamClient, upstream: Scripted) -> None:
    """Pieces of a tool call's arguments are put together."""
    upstream.play("tools", Script(tool_call=True, answer='{"value": [1, 2, 3]}'))
    wanted = call("tools")
    tools = {"tools": [{"type": "function", "function": {"name": "give", "parameters": {}}}]}
    _, arguments, _ = await reply(
        client, ModelCall(wanted.model, wanted.messages, wanted.generation, wanted.limits, tools)
    )
    assert arguments == '{"value": [1, 2, 3]}'


async def test_what_is_sent_is_what_the_model_wants(client: UpstreamClient, upstream: Scripted) -> None:
    """Names of fields and roles follow the catalogue; the key goes into the header."""
    upstream.play("picky", Script())
    spec = {
        "max_tokens_field": "max_completion_tokens",
        "system_role": "none",
        "sampling": False,
        "extra_body": {"x": 1},
    }
    await reply(client, call("picky", spec=spec))
    body, headers = upstream.seen.bodies[-1], upstream.seen.headers[-1]
    assert body["max_completion_tokens"] == 50
    assert "temperature" not in body
    assert body["x"] == 1
    assert [turn["role"] for turn in body["messages"]] == ["user"]
    assert body["messages"][0]["content"].startswith("be brief")
    assert headers["authorization"] == "Bearer secret-key"


@pytest.mark.parametrize(
    ("model", "limits", "error", "cause"),
    [
        ("never-answers", {"first_token_s": 0.4}, FirstTokenTimeout, "first_token_timeout"),
        ("silent", {"first_token_s": 0.4}, FirstTokenTimeout, "first_token_timeout"),
        ("never-answers", {"total_s": 0.4}, DeadlineExceeded, "deadline"),
        ("endless", {"total_s": 0.7}, DeadlineExceeded, "deadline"),
        ("stalls", {"silence_s": 0.4}, SilenceTimeout, "silence"),
        ("cuts", {}, StreamBroken, "stream_broken"),
        ("errors-inside", {}, StreamBroken, "stream_broken"),
        ("garbage", {}, StreamBroken, "stream_broken"),
        ("refuses", {}, UpstreamRejected, "upstream_rejected"),
        ("limited", {"first_token_s": 0.5}, UpstreamRateLimited, "upstream_rate_limited"),
        ("down", {}, UpstreamUnavailable, "upstream_unavailable"),
        ("broken", {}, UpstreamUnavailable, "upstream_unavailable"),
        ("cuts-at-once", {}, UpstreamUnavailable, "upstream_unavailable"),
    ],
)
async def test_each_failure_has_its_name(
    client: UpstreamClient, model: str, limits: dict, error: type[AttemptFailed], cause: str
) -> None:
    """Every way of failing raises its own error with its cause, and quotes neither prompt nor key."""
    with pytest.raises(error) as raised:
        await reply(client, call(model, **limits))
    assert raised.value.cause == cause
    assert "private" not in str(raised.value)
    assert "secret" not in str(raised.value)


async def test_comments_do_not_count_as_tokens(client: UpstreamClient, upstream: Scripted) -> None:
    """A server that only keeps the connection warm has not answered."""
    upstream.play("warm", Script(never_answers=True, comments=True))
    with pytest.raises(FirstTokenTimeout):
        await reply(client, call("warm", first_token_s=0.6))


async def test_a_reply_past_the_limit_is_given_up(client: UpstreamClient, upstream: Scripted) -> None:
    """Size is bounded, whether it comes in many tokens or in one."""
    upstream.play("large", Script(size_bytes=30_000))
    with pytest.raises(ReplyTooLarge):
        await reply(client, call("large", reply_bytes=10_000))
    upstream.play("large-plain", Script(size_bytes=30_000, plain_json=True))
    with pytest.raises(ReplyTooLarge):
        await reply(client, call("large-plain", reply_bytes=10_000))


@pytest.mark.parametrize("after", ["0.2", formatdate(0, usegmt=True)])
async def test_a_refusal_for_load_is_tried_again_after_what_it_asks(
    client: UpstreamClient, upstream: Scripted, after: str
) -> None:
    """429 with `Retry-After` as seconds or as a date: the next try succeeds, no sooner than asked."""
    name = f"limited-{after[:3]}"
    upstream.play(name, Script(status=429, retry_after=after, error_times=1))
    began = time.monotonic()
    _, _, end = await reply(client, call(name))
    assert end.tries == 2
    assert time.monotonic() - began >= (0.2 if after == "0.2" else 0)


async def test_a_server_error_is_tried_again_before_the_first_token_only(
    client: UpstreamClient, upstream: Scripted
) -> None:
    """500 twice, then good: three tries. Cut after the first token: one try."""
    upstream.play("twice", Script(status=500, error_times=2))
    assert (await reply(client, call("twice")))[2].tries == 3
    upstream.play("late", Script(thinking_tokens=5, rate=200, cut_after=3))
    with pytest.raises(StreamBroken):
        await reply(client, call("late"))
    assert upstream.seen.by_model["late"] == 1


async def test_a_wait_that_does_not_fit_is_not_begun(client: UpstreamClient, upstream: Scripted) -> None:
    """Asked to come back in a minute with five seconds left, the client says so at once."""
    upstream.play("later", Script(status=503, retry_after="60"))
    began = time.monotonic()
    with pytest.raises(UpstreamUnavailable):
        await reply(client, call("later"))
    assert time.monotonic() - began < 2


async def test_nobody_there_is_a_transient_failure(client: UpstreamClient) -> None:
    """A refused connection is `upstream_unavailable`."""
    with pytest.raises(UpstreamUnavailable) as raised:
        await reply(client, call("any", upstream="nowhere"))
    assert raised.value.transient


async def test_what_is_no_http_is_a_transient_failure() -> None:
    """Something else than HTTP on the port is `upstream_unavailable`, too, and not an error without a name."""

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"220 smtp.example.com ready\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = UpstreamClient({"babbles": UpstreamConfig(base_url=f"http://127.0.0.1:{port}/v1", max_retries=0)})
    async with server:
        with pytest.raises(UpstreamUnavailable):
            await reply(client, call("any", upstream="babbles"))
    await client.aclose()


async def test_a_server_that_does_not_know_stream_options_is_asked_without(
    client: UpstreamClient, upstream: Scripted
) -> None:
    """The one field that old servers refuse is left out from then on."""
    upstream.play("old", Script(refuse_stream_options=True))
    await reply(client, call("old"))
    assert "stream_options" not in upstream.seen.bodies[-1]


async def test_a_stream_without_a_reason_is_whole_when_it_says_done(client: UpstreamClient, upstream: Scripted) -> None:
    """[DONE] without a finish reason ends a reply; neither of both does not."""
    assert (await reply(client, call("no-finish")))[2].finish_reason is None
    upstream.play("nothing", Script(finish_reason=None, done=False))
    with pytest.raises(StreamBroken):
        await reply(client, call("nothing"))


async def test_whoever_stops_reading_closes_the_connection(client: UpstreamClient, upstream: Scripted) -> None:
    """Leaving the stream, and cancelling the task, both close the upstream call at once."""
    async with aclosing(client.stream(call("endless"))) as pieces:
        await anext(pieces)
    assert await asyncio.to_thread(upstream.wait_until_closed)

    task = asyncio.create_task(reply(client, call("endless")))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(upstream.wait_until_closed)


async def test_many_streams_at_once_all_arrive(client: UpstreamClient) -> None:
    """More calls than one pool holds: every reply is whole."""
    replies = await asyncio.gather(*(reply(client, call("thinker")) for _ in range(100)))
    assert {len(thinking) for thinking, _, _ in replies} == {len("".join(f"step {n} " for n in range(20)))}
