"""Live streams over HTTP: nothing lost and nothing twice, wherever a connection breaks and whichever process goes on."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from api.state import State
from tests.support.http import serving
from tests.support.redis import RedisServer
from tests.support.sse import Frame, frames, streamed, told
from tests.support.store import Store, make_settings, new_job, open_store
from workers.contracts.events import DATA
from workers.contracts.job import Attempt
from workers.settings import Settings
from workers.store.jobs import Beat, Ending, Move

QUICK = {"tick_s": 0.05, "heartbeat_s": 0.2}
TENANT = "default"
TALE = [
    "queued", "routed", "started", "thinking", "answer.delta", "fallback", "started", "answer.delta", "answer.delta",
    "extracting", "done",
]  # fmt: skip


def on(settings: Settings, act: Callable[[Store], Coroutine[Any, Any, Any]]) -> Any:
    """Do something with the store, as a worker would."""

    async def run() -> Any:
        async with open_store(settings) as store:
            return await act(store)

    return asyncio.run(run())


async def submitted(store: Store, **names: Any) -> str:
    """Submit a job."""
    return (await store.jobs.submit(new_job(tenant=TENANT, **names))).job_id


class Worker:
    """What workers write about one job, step by step: through both lanes to its end."""

    def __init__(self, store: Store, job_id: str) -> None:
        self.store, self.job_id, self.number = store, job_id, 0

    async def beat(self, attempt: int, **news: Any) -> None:
        """Tell something."""
        self.number += 1
        told_now = {"n": self.number, "thinking_tokens": 0, "answer_tokens": 0, **news}
        beat = Beat(
            self.job_id, attempt, news["phase"], told_now["thinking_tokens"], told_now["answer_tokens"], told_now
        )
        assert await self.store.jobs.heartbeat("w1", [], [beat]) == ["running"]

    def steps(self) -> list[Callable[[], Coroutine[Any, Any, Any]]]:
        """All steps, each of which writes one or more events."""
        jobs, job_id = self.store.jobs, self.job_id
        expected = {"known": True, "p50_s": 10.0, "p90_s": 20.0, "samples": 9}
        routed = {
            "lane": "reasoning", "model": "deep", "confidence": 0.9, "reason": "r", "task_type": "logic",
            "expected": expected,
        }  # fmt: skip
        failed = Attempt(attempt=1, lane="reasoning", model="deep", outcome="failed", cause="silence", duration_s=1)
        fallen = {"cause": "silence", "from_model": "deep", "model": "quick", "after_s": 1.0}
        last = {"n": 90, "phase": "extracting", "answer_tokens": 2, "delta": "swer", "offset": 3}
        return [
            lambda: jobs.claim("classify", job_id, 0, "w1"),
            lambda: jobs.move(
                job_id, 0, Move("reasoning", "routed", routed, {"task_type": "logic", "expected": expected})
            ),
            lambda: jobs.claim("reasoning", job_id, 1, "w1"),
            lambda: self.beat(1, phase="thinking", thinking_tokens=5),
            lambda: self.beat(1, phase="answering", thinking_tokens=5, answer_tokens=1, delta="half ", offset=0),
            lambda: jobs.move(job_id, 1, Move("fallback", "fallback", fallen, {}, failed)),
            lambda: jobs.claim("fallback", job_id, 2, "w1"),
            lambda: self.beat(2, phase="answering", answer_tokens=1, delta="an ", offset=0),
            lambda: jobs.finish(job_id, 2, Ending("succeeded", {"result": "1"}, told=[("progress", last)])),
        ]


def lived(settings: Settings) -> str:
    """Let a job live from its submission to its end; its id."""

    async def live(store: Store) -> str:
        job_id = await submitted(store)
        for step in Worker(store, job_id).steps():
            await step()
        return job_id

    found: str = on(settings, live)
    return found


@contextmanager
def living(settings: Settings, job_id: str, pause_s: float) -> Iterator[None]:
    """Let a job live to its end beside what the test does."""

    async def live(store: Store) -> None:
        for step in Worker(store, job_id).steps():
            await asyncio.sleep(pause_s)
            await step()

    thread = threading.Thread(target=on, args=(settings, live))
    thread.start()
    yield
    thread.join()


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> list[State]:
    """The parts of every API of this test, which runs in this process."""
    found: list[State] = []
    begin = State.__init__

    def remember(self: State, *parts: object, **named: object) -> None:
        begin(self, *parts, **named)  # type: ignore[arg-type]
        found.append(self)

    monkeypatch.setattr(State, "__init__", remember)
    return found


def until(condition: Callable[[], bool], what: str, timeout_s: float = 15) -> None:
    """Wait until something is so."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, f"never {what}"
        time.sleep(0.02)


def test_an_ended_job_replays_in_full_and_closes(settings: Settings) -> None:
    """Every event with an id, each as documented, `done` with the whole job last, and then the end of the stream."""
    job_id = lived(settings)
    with serving(settings) as http:
        with streamed(http, job_id) as (reply, all_frames):
            assert reply.headers["content-type"].startswith("text/event-stream")
            assert reply.headers["x-accel-buffering"] == "no"
            assert "no-store" in reply.headers["cache-control"]
            got = list(all_frames)
        listed = http.get(f"/v1/jobs/{job_id}/events").json()
        job = http.get(f"/v1/jobs/{job_id}").json()

    assert [frame.type for frame in got if frame.type != ":"] == TALE
    assert all(frame.id for frame in got)
    for frame in got:
        assert set(frame.data) <= set(DATA[frame.type].model_fields)
        DATA[frame.type].model_validate(frame.data)
    assert got[-1].data["job"] == job
    assert job["result"] == 1
    assert [(frame.id, frame.type, frame.data) for frame in got] == [
        (event["id"], event["type"], event["data"]) for event in listed
    ]
    answer = ""
    for frame in got:
        if frame.type == "answer.delta":
            answer = answer[: frame.data["offset"]] + frame.data["text"]
    assert answer == "an swer"


def test_a_stream_is_resumed_exactly_after_every_event(settings: Settings) -> None:
    """Whatever was seen last: the rest comes, each event once and as before; after the last one there is nothing to ask."""
    job_id = lived(settings)
    with serving(settings) as http:
        whole = told(http, job_id)
        for position, frame in enumerate(whole[:-1]):
            assert told(http, job_id, after=frame.id) == whole[position + 1 :]
        with streamed(http, job_id, after=whole[-1].id) as (reply, _):
            assert reply.status_code == 204
        by_parameter = http.get(f"/v1/jobs/{job_id}/events", params={"after": whole[2].id}).json()
    assert [event["id"] for event in by_parameter] == [frame.id for frame in whole[3:]]


@hypothesis_settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    cuts=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1)), max_size=6),
    pause_ms=st.sampled_from([0, 3, 15]),
)
def test_disconnects_lose_nothing_and_repeat_nothing(
    two_apis: tuple[Settings, list[httpx.Client]], cuts: list[tuple[int, int]], pause_ms: int
) -> None:
    """While workers write: connections that break after any number of events, on either of two API processes."""
    settings, apis = two_apis
    job_id: str = on(settings, submitted)
    seen: list[Frame] = []
    with living(settings, job_id, pause_ms / 1000):
        for count, which in [*cuts, (10_000, 0)]:
            last = seen[-1].id if seen else None
            with streamed(apis[which], job_id, after=last) as (reply, all_frames):
                if reply.status_code == 204:
                    break
                got = (frame for frame in all_frames if frame.id is not None)
                seen += list(islice(got, count))
    assert [frame.type for frame in seen] == TALE
    assert [(frame.id, frame.data) for frame in seen[1:]] == [
        (frame.id, frame.data) for frame in told(apis[1], job_id)[1:]
    ]


@pytest.fixture(scope="module")
def two_apis(redis_server: str) -> Iterator[tuple[Settings, list[httpx.Client]]]:
    """Two APIs on one Redis."""
    settings = make_settings(redis_server, redis={"key_prefix": "twins:"}, streams=QUICK)
    with serving(settings) as first, serving(settings) as second:
        yield settings, [first, second]


def test_ticks_tell_the_time_without_moving_the_cursor(make: Callable[..., Settings]) -> None:
    """While a model is silent the API tells elapsed and expected time; nothing is written for it."""
    settings = make(streams=QUICK)

    async def begin(store: Store) -> str:
        job_id = await submitted(store)
        for step in Worker(store, job_id).steps()[:3]:
            await step()
        return job_id

    job_id = on(settings, begin)
    with serving(settings) as http, streamed(http, job_id) as (_, all_frames):
        got = list(islice(all_frames, 12))
        ticks = [frame for frame in got if frame.type == "thinking"]
        assert len(ticks) >= 5
        assert all(frame.id is None for frame in ticks)
        assert sorted(frame.data["attempt_s"] for frame in ticks) == [frame.data["attempt_s"] for frame in ticks]
        assert ticks[0].data["expected"]["p50_s"] == 10.0
        assert ticks[0].data["longer_than_usual"] is False
        assert len(http.get(f"/v1/jobs/{job_id}/events").json()) == 3


def test_a_job_that_outlives_its_expectation_says_so(settings: Settings) -> None:
    """Beyond the expected p90 the job and its stream say that it takes longer than usual."""

    async def begin(store: Store) -> str:
        job_id = await submitted(store)
        worker = Worker(store, job_id)
        for step in worker.steps()[:3]:
            await step()
        await store.redis.hset(
            store.key(f"job:{job_id}"), "expected", '{"known":true,"p50_s":0.01,"p90_s":0.02,"samples":9}'
        )
        return job_id

    job_id = on(settings, begin)
    time.sleep(0.1)
    with serving(settings) as http:
        assert http.get(f"/v1/jobs/{job_id}").json()["expected"]["longer_than_usual"] is True


def test_who_waits_is_told_its_place_in_line(make: Callable[..., Settings]) -> None:
    """Place and estimate with `queued`, and again as a tick when the line has moved."""
    settings = make(streams=QUICK)

    async def line(store: Store) -> list[str]:
        for _ in range(6):
            done = await submitted(store)
            await store.jobs.claim("classify", done, 0, "w1")
        return [await later(store) for _ in range(3)]

    async def later(store: Store) -> str:
        await asyncio.sleep(0.002)  # those of one millisecond stand in no order
        return await submitted(store)

    first, _, third = on(settings, line)
    with serving(settings) as http, streamed(http, third) as (_, all_frames):
        got = (frame for frame in all_frames if frame.type == "queued")
        queued = next(got)
        assert (queued.data["queue"], queued.data["place"]) == ("classify", 3)
        assert queued.data["estimate_s"] >= 0
        on(settings, lambda store: store.jobs.claim("classify", first, 0, "w1"))
        moved = next(got)
        assert (moved.id, moved.data["place"]) == (None, 2)


def test_comments_keep_a_stream_alive(make: Callable[..., Settings]) -> None:
    """A job that nobody works on has no news, and its stream lives."""
    settings = make(streams={"heartbeat_s": 0.05})
    job_id = on(settings, submitted)
    with serving(settings) as http, streamed(http, job_id) as (_, all_frames):
        kinds = [frame.type for frame in islice(all_frames, 6)]
    assert kinds.count(":") >= 4


def test_a_job_begun_again_streams_on(settings: Settings) -> None:
    """After `done` of the first life comes the second; a stream that saw only the first goes on with it."""

    async def twice(store: Store) -> str:
        job_id = await submitted(store)
        await store.jobs.cancel(job_id, TENANT)
        await store.jobs.retry(job_id, TENANT, 0, {})
        return job_id

    job_id = on(settings, twice)
    with serving(settings) as http, streamed(http, job_id) as (_, all_frames):
        got = list(islice((f for f in all_frames if f.id), 3))
        assert [frame.type for frame in got] == ["queued", "done", "queued"]
        assert got[1].data["job"] is None
        assert got[2].data["retry"] is True
        assert http.post(f"/v1/jobs/{job_id}/cancel").status_code == 200
        assert next(frame for frame in all_frames if frame.id).data["job"]["status"] == "cancelled"


def test_a_tenant_has_so_many_streams(make: Callable[..., Settings], states: list[State]) -> None:
    """Beyond the limit: 429 with `Retry-After`; a stream that is closed makes room."""
    settings = make(streams={"per_tenant": 2})
    job_id = on(settings, submitted)
    with serving(settings) as http:
        with streamed(http, job_id) as (_, one), streamed(http, job_id) as (_, two):
            next(one)
            next(two)
            with streamed(http, job_id) as (refused, _):
                assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
                assert json.loads(refused.read())["code"] == "too_many_streams"
        until(lambda: states[0].client.following == 0 and not states[0].streams, "closed")
        with streamed(http, job_id) as (reply, again):
            assert (reply.status_code, next(again).type) == (200, "queued")


def test_a_slow_reader_is_dropped_and_resumes(make: Callable[..., Settings], states: list[State]) -> None:
    """Who takes nothing is cut off, costs a page of events until then, and goes on later where it was."""
    settings = make(streams={"send_s": 0.5})
    many = 60

    async def begin(store: Store) -> tuple[str, Worker]:
        job_id = await submitted(store, queue="standard")
        await store.jobs.claim("standard", job_id, 0, "w1")
        worker = Worker(store, job_id)
        for n in range(many):
            await worker.beat(0, phase="answering", delta=f"{n:>8}" * 12_000, offset=n * 96_000)
        return job_id

    job_id = on(settings, begin)
    with serving(settings) as http:
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", http.base_url.port or 0))
        raw.sendall(
            f"GET /v1/jobs/{job_id}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n".encode()
        )
        until(lambda: states[0].client.following == 1, "open")
        until(lambda: states[0].client.following == 0, "dropped")
        got = b""
        raw.settimeout(5)
        while part := raw.recv(1 << 20):
            got += part
        raw.close()
        ids = [line.split(b" ")[1].decode() for line in got.split(b"\n") if line.startswith(b"id: ")]
        assert ids
        whole = [event["id"] for event in http.get(f"/v1/jobs/{job_id}/events").json()]
        assert ids == whole[: len(ids)]
        assert len(ids) < len(whole)
        with streamed(http, job_id, after=ids[-2]) as (_, all_frames):
            rest = [frame.id for frame in islice(all_frames, len(whole) - len(ids) + 1)]
        assert rest == whole[len(ids) - 1 :]


def test_a_stream_outlives_a_redis_that_goes_and_comes(own_redis: RedisServer) -> None:
    """What was written after the outage comes on the same stream, once."""
    limits = {"key_prefix": "gone:", "command_timeout_s": 1.0, "connect_timeout_s": 1.0}
    settings = make_settings(own_redis.url, redis=limits, streams=QUICK)

    async def begin(store: Store) -> str:
        job_id = await submitted(store)
        for step in Worker(store, job_id).steps()[:4]:
            await step()
        return job_id

    async def go_on(store: Store, job_id: str) -> None:
        for step in Worker(store, job_id).steps()[4:]:
            await step()

    job_id = on(settings, begin)
    with serving(settings) as http, streamed(http, job_id) as (_, all_frames):
        got = (frame for frame in all_frames if frame.id)
        seen = [next(got) for _ in range(4)]
        own_redis.kill()
        time.sleep(0.7)
        own_redis.start()
        on(settings, lambda store: go_on(store, job_id))
        seen += list(got)
    assert [frame.type for frame in seen] == TALE


@pytest.mark.parametrize("cursor", ["x", "1-", "-1", "1-1.", "1 1", "1-1.1.1", "9" * 20])
def test_a_cursor_that_is_none_is_refused(settings: Settings, cursor: str) -> None:
    """422 names the header or the parameter."""
    job_id = on(settings, submitted)
    with serving(settings) as http:
        with streamed(http, job_id, after=cursor) as (reply, _):
            assert (reply.status_code, json.loads(reply.read())["errors"][0]["field"]) == (422, "Last-Event-ID")
        assert http.get(f"/v1/jobs/{job_id}/events", params={"after": cursor}).status_code == 422


def test_nobody_follows_another_tenants_job(make: Callable[..., Settings]) -> None:
    """It is not found, as if it were not there; without a key nothing is streamed."""
    import hashlib

    keys = [{"sha256": hashlib.sha256(name.encode()).hexdigest(), "tenant": name} for name in ("a", "b")]
    settings = make(api_keys=keys)
    with serving(settings) as http:
        mine = http.post("/v1/jobs", json={"input": "x"}, headers={"x-api-key": "a"}).json()["id"]
        for key, status in (("b", 404), ("c", 401)):
            headers = {"accept": "text/event-stream", "x-api-key": key}
            assert http.get(f"/v1/jobs/{mine}/events", headers=headers).status_code == status


def test_a_head_of_a_stream_has_no_end_to_wait_for(settings: Settings) -> None:
    """The headers of the stream, and nothing more."""
    job_id = on(settings, submitted)
    with serving(settings) as http:
        reply = http.head(f"/v1/jobs/{job_id}/events", headers={"accept": "text/event-stream"})
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/event-stream")


def test_thinking_is_told_in_words_only_where_asked_and_allowed(make: Callable[..., Settings]) -> None:
    """It takes the setting and the parameter; without the setting the parameter is refused."""

    async def think(store: Store) -> str:
        job_id = await submitted(store, queue="reasoning")
        await store.jobs.claim("reasoning", job_id, 0, "w1")
        await Worker(store, job_id).beat(0, phase="thinking", thinking_tokens=2, thinking="secret thought")
        await store.jobs.finish(job_id, 0, Ending("succeeded", {"result": "1"}))
        return job_id

    allowed = make(streams={"thinking_text": True})
    job_id = on(allowed, think)
    refusing = allowed.model_copy(update={"streams": make().streams})
    with serving(allowed) as http:
        assert "secret" not in http.get(f"/v1/jobs/{job_id}/events").text
        asked = http.get(f"/v1/jobs/{job_id}/events", params={"thinking": "true"}).json()
        assert [event["data"].get("text") for event in asked if event["type"] == "thinking"] == ["secret thought"]
    with serving(refusing) as http:
        reply = http.get(f"/v1/jobs/{job_id}/events", params={"thinking": "true"})
        assert (reply.status_code, reply.json()["code"]) == (403, "thinking_not_told")
        headers = {"accept": "text/event-stream"}
        with http.stream("GET", f"/v1/jobs/{job_id}/events", headers=headers) as stream:
            kinds = {frame.type: frame.data for frame in frames(stream.iter_lines())}
        assert "text" not in kinds["thinking"]
