"""Jobs over HTTP on a real Redis, without workers: what becomes of them is written by the store's own scripts."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.support.http import serving
from tests.support.playing import FAILURE, SUCCESS, play
from workers.settings import Settings
from workers.store.connection import connect


def test_a_submission_is_accepted_with_where_to_poll(http: httpx.Client) -> None:
    """202, an id, a poll address and `Location`; the job is queued and durable."""
    reply = http.post("/v1/jobs", json={"input": "What is the capital of France?", "metadata": {"a": "b"}})
    assert reply.status_code == 202
    body = reply.json()
    assert reply.headers["location"] == body["url"] == f"/v1/jobs/{body['id']}"
    job = http.get(body["url"]).json()
    assert job["status"] == "queued"
    assert job["metadata"] == {"a": "b"}
    assert job["expected"]["known"] is False
    assert job["budget"]["deadline_s"] == 600
    for address in ("events_url", "cancel_url"):
        assert body[address].startswith(body["url"])


def test_the_same_query_is_served_from_the_cache_in_its_scope_only(app: Settings, http: httpx.Client) -> None:
    """200 with the finished job for a repeat; not with `refresh`, `off`, another schema or another temperature."""
    first = http.post("/v1/jobs", json={"input": "What is the capital of France?"}).json()["id"]
    play(app, first, SUCCESS)
    again = http.post("/v1/jobs", json={"input": "  What is  the capital of France?\n"})
    assert again.status_code == 200
    job = again.json()
    assert job["status"] == "succeeded"
    assert job["result"] == {"answer": "Paris"}
    assert job["served_by"] == "exact_cache"
    assert job["cache"]["source_job"] == first
    assert job["id"] != first
    assert job["usage"]["prompt_tokens"] == 0
    for other in (
        {"cache": "refresh"}, {"cache": "off"}, {"schema": {"type": "object"}}, {"temperature": 0.1},
        {"instructions": "be brief"}, {"route": "reasoning"}, {"max_output_tokens": 5},
    ):  # fmt: skip
        reply = http.post("/v1/jobs", json={"input": "What is the capital of France?", **other})
        assert reply.status_code == 202, other
    assert http.post("/v1/jobs", json={"input": "what is the capital of france?"}).status_code == 202


def test_an_idempotency_key_gives_the_same_job(http: httpx.Client) -> None:
    """Same key and body: same job, said so; the order of fields does not matter; another body: 422."""
    headers = {"Idempotency-Key": '"order-1"'}
    first = http.post("/v1/jobs", json={"input": "a", "cache": "off"}, headers=headers)
    second = http.post("/v1/jobs", json={"cache": "off", "input": "a"}, headers={"Idempotency-Key": "order-1"})
    assert first.json()["id"] == second.json()["id"]
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    other = http.post("/v1/jobs", json={"input": "b"}, headers=headers)
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_key_reused"
    same = http.post("/v1/jobs", json={"input": " a", "cache": "off"}, headers=headers)
    assert same.status_code == 422, "what the caller sent counts, not what it is normalised to"
    for wrong in ("", '""', "x" * 300):
        assert http.post("/v1/jobs", json={"input": "a"}, headers={"Idempotency-Key": wrong}).status_code == 400


def test_racing_requests_with_one_key_make_one_job(http: httpx.Client) -> None:
    """Fifty rounds of four requests at once: one id each, and one job in the list."""
    with ThreadPoolExecutor(4) as pool:
        for n in range(50):
            headers = {"Idempotency-Key": f"race-{n}"}
            replies = pool.map(lambda _, h=headers: http.post("/v1/jobs", json={"input": "same"}, headers=h), range(4))
            assert len({reply.json()["id"] for reply in replies}) == 1
    assert len(http.get("/v1/jobs", params={"limit": 100}).json()["data"]) == 50


def test_a_long_poll_returns_as_soon_as_the_job_ends(app: Settings, http: httpx.Client) -> None:
    """`wait` answers at once on the end, however it comes, and with the running job when time is over."""
    job_id = http.post("/v1/jobs", json={"input": "slowly"}).json()["id"]
    began = time.monotonic()
    assert http.get(f"/v1/jobs/{job_id}", params={"wait": 0.5}).json()["status"] == "queued"
    assert 0.4 <= time.monotonic() - began < 5

    threading.Timer(0.5, lambda: play(app, job_id, FAILURE)).start()
    began = time.monotonic()
    job = http.get(f"/v1/jobs/{job_id}", params={"wait": 20}).json()
    assert job["status"] == "failed"
    assert job["error"]["causes"] == ["deadline"]
    assert time.monotonic() - began < 10


def test_many_waiters_need_no_connection_each(app: Settings, http: httpx.Client) -> None:
    """Two hundred long polls at once on one job use no more connections to Redis than the pool has."""
    job_id = http.post("/v1/jobs", json={"input": "popular"}).json()["id"]

    async def wait_together() -> list[str]:
        limits = httpx.Limits(max_connections=300)
        async with httpx.AsyncClient(base_url=http.base_url, timeout=40, trust_env=False, limits=limits) as many:
            polls = [asyncio.create_task(many.get(f"/v1/jobs/{job_id}", params={"wait": 30})) for _ in range(200)]
            await asyncio.sleep(2)
            redis: Any = connect(app)
            clients = (await redis.info("clients"))["connected_clients"]
            await redis.aclose()
            assert clients < 120
            await asyncio.to_thread(play, app, job_id, SUCCESS)
            return [reply.json()["status"] for reply in await asyncio.gather(*polls)]

    assert set(asyncio.run(wait_together())) == {"succeeded"}


def test_cancel_and_retry_follow_the_state(app: Settings, http: httpx.Client) -> None:
    """Cancel ends a job and is repeatable; what succeeded can be neither cancelled nor retried; failures can."""
    job_id = http.post("/v1/jobs", json={"input": "one"}).json()["id"]
    assert http.post(f"/v1/jobs/{job_id}/retry").status_code == 409
    assert http.post(f"/v1/jobs/{job_id}/cancel").json()["status"] == "cancelled"
    assert http.post(f"/v1/jobs/{job_id}/cancel").json()["status"] == "cancelled"
    again = http.post(f"/v1/jobs/{job_id}/retry")
    assert again.status_code == 202
    assert again.json()["status"] == "queued"
    assert again.json()["finished_at"] is None

    done = http.post("/v1/jobs", json={"input": "two"}).json()["id"]
    play(app, done, SUCCESS)
    for action in ("cancel", "retry"):
        reply = http.post(f"/v1/jobs/{done}/{action}")
        assert (reply.status_code, reply.json()["code"]) == (409, "wrong_state")


def test_jobs_are_listed_newest_first_with_filters_and_cursor(app: Settings, http: httpx.Client) -> None:
    """Pages follow each other without loss or repetition; filters hold."""
    ids = [http.post("/v1/jobs", json={"input": f"number {n}"}).json()["id"] for n in range(7)]
    play(app, ids[2], SUCCESS)
    seen, cursor = [], None
    while True:
        page = http.get("/v1/jobs", params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        seen += [job["id"] for job in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]
    assert [job["id"] for job in http.get("/v1/jobs", params={"status": "succeeded"}).json()["data"]] == [ids[2]]
    assert http.get("/v1/jobs", params={"created_after": "2199-01-01T00:00:00Z"}).json()["data"] == []
    assert http.get("/v1/jobs", params={"cursor": "nonsense"}).status_code == 422


def test_events_replay_from_any_id(app: Settings, http: httpx.Client) -> None:
    """All events come in order, and after any of them exactly the rest."""
    job_id = http.post("/v1/jobs", json={"input": "eventful"}).json()["id"]
    play(app, job_id, SUCCESS)
    events = http.get(f"/v1/jobs/{job_id}/events").json()
    assert [event["type"] for event in events] == ["queued", "routed", "started", "done"]
    for n, event in enumerate(events):
        rest = http.get(f"/v1/jobs/{job_id}/events", params={"after": event["id"]}).json()
        assert rest == events[n + 1 :]


def test_a_full_queue_is_refused_with_when_to_come_back(make: Callable[..., Settings]) -> None:
    """Above the configured depth: 429 with `Retry-After`; what was accepted stays."""
    with serving(make(classify={"max_depth": 3})) as http:
        for n in range(3):
            assert http.post("/v1/jobs", json={"input": f"n {n}"}).status_code == 202
        reply = http.post("/v1/jobs", json={"input": "one too many"})
        assert reply.status_code == 429
        assert int(reply.headers["retry-after"]) >= 1
        assert reply.json()["code"] == "overloaded"
        assert len(http.get("/v1/jobs").json()["data"]) == 3
