"""Long polls: what they cost, and that they end when they should."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from api.state import State
from tests.support.http import serving
from tests.support.redis import RedisServer
from tests.support.store import make_settings
from workers.settings import Settings


def submitted(http: httpx.Client) -> str:
    """Submit a job that nobody works on."""
    job_id: str = http.post("/v1/jobs", json={"input": "never answered"}).json()["id"]
    return job_id


def until(condition: Callable[[], bool], what: str, timeout_s: float = 10) -> None:
    """Wait until something is so."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, f"never {what}"
        time.sleep(0.02)


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many wait in the API of this test, which runs in this process."""
    states: list[State] = []
    begin = State.__init__

    def remember(self: State, *parts: object) -> None:
        begin(self, *parts)
        states.append(self)

    monkeypatch.setattr(State, "__init__", remember)
    return lambda: sum(state.client.waiting for state in states)


def test_a_caller_that_goes_away_waits_no_longer(settings: Settings, waiting: Callable[[], int]) -> None:
    """Its place is free at once, not at the end of the time that it asked for."""
    with serving(settings) as http:
        job_id = submitted(http)
        with socket.create_connection(("127.0.0.1", http.base_url.port or 0), timeout=5) as raw:
            raw.sendall(f"GET /v1/jobs/{job_id}?wait=50 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            until(lambda: waiting() == 1, "waiting")
        until(lambda: waiting() == 0, "gone")
        assert http.get(f"/v1/jobs/{job_id}").json()["status"] == "queued"


def test_too_many_waiters_are_told_to_poll(make: Callable[..., Settings], waiting: Callable[[], int]) -> None:
    """Beyond the limit: 429 with `Retry-After`; a poll without waiting still works, and a place that is free is given."""
    with serving(make(api={"max_waiters": 1})) as http, ThreadPoolExecutor(1) as pool:
        job_id = submitted(http)
        first = pool.submit(http.get, f"/v1/jobs/{job_id}", params={"wait": 3})
        until(lambda: waiting() == 1, "waiting")
        refused = http.get(f"/v1/jobs/{job_id}", params={"wait": 30})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert http.get(f"/v1/jobs/{job_id}").status_code == 200
        assert first.result().status_code == 200
        assert http.get(f"/v1/jobs/{job_id}", params={"wait": 0.1}).status_code == 200


def test_a_wait_is_bounded_by_the_settings(make: Callable[..., Settings]) -> None:
    """The refusal names the parameter and the limit."""
    with serving(make(api={"max_wait_s": 2})) as http:
        job_id = submitted(http)
        for wait in ("2.1", "-1", "nan", "inf", "soon", ""):
            reply = http.get(f"/v1/jobs/{job_id}", params={"wait": wait})
            assert reply.status_code == 422, wait
            assert reply.json()["errors"][0]["field"] == "wait"
        assert http.get(f"/v1/jobs/{job_id}", params={"wait": 0}).status_code == 200


def test_a_cancelled_job_ends_every_wait(settings: Settings, waiting: Callable[[], int]) -> None:
    """Cancelling is an end like any other: all who wait hear of it."""
    with serving(settings) as http, ThreadPoolExecutor(3) as pool:
        job_id = submitted(http)
        polls = [pool.submit(http.get, f"/v1/jobs/{job_id}", params={"wait": 40}) for _ in range(3)]
        until(lambda: waiting() == 3, "waiting")
        began = time.monotonic()
        assert http.post(f"/v1/jobs/{job_id}/cancel").json()["status"] == "cancelled"
        assert {poll.result().json()["status"] for poll in polls} == {"cancelled"}
        assert time.monotonic() - began < 10


def test_a_wait_outlives_a_redis_that_goes_and_comes(own_redis: RedisServer, waiting: Callable[[], int]) -> None:
    """What ends while the signals are lost is seen when they are back."""
    timeouts = {"key_prefix": "gone:", "command_timeout_s": 1.0, "connect_timeout_s": 1.0}
    with serving(make_settings(own_redis.url, redis=timeouts)) as http, ThreadPoolExecutor(1) as pool:
        job_id = submitted(http)
        poll = pool.submit(http.get, f"/v1/jobs/{job_id}", params={"wait": 25})
        until(lambda: waiting() == 1, "waiting")
        own_redis.kill()
        time.sleep(0.5)
        own_redis.start()
        time.sleep(1.5)
        began = time.monotonic()
        assert http.post(f"/v1/jobs/{job_id}/cancel").status_code == 200
        reply = poll.result()
        assert reply.status_code == 200
        assert reply.json()["status"] == "cancelled"
        assert time.monotonic() - began < 10
