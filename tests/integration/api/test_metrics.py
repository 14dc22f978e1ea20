"""Who may read /metrics, and what it tells without Redis."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from tests.support.http import serving
from tests.support.processes import free_port
from tests.support.store import make_settings
from workers.settings import Settings

KEYS = {"operator": ["operations:read"], "caller": ["jobs:read", "jobs:write"]}


def as_key(name: str) -> dict[str, str]:
    """The header of a key."""
    return {"authorization": f"Bearer {name}"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), (as_key("nobody"), 401), (as_key("caller"), 403), (as_key("operator"), 200)],
)
def test_a_key_for_operations_is_needed(make: Callable[..., Settings], headers: dict[str, str], status: int) -> None:
    """The sums are of all tenants, so a tenant's own key does not open them."""
    keys = [
        {"sha256": hashlib.sha256(name.encode()).hexdigest(), "tenant": "acme-corp", "scopes": scopes}
        for name, scopes in KEYS.items()
    ]
    with serving(make(api_keys=keys)) as http:
        http.post("/v1/jobs", json={"input": "hello"}, headers=as_key("caller")).raise_for_status()
        reply = http.get("/metrics", headers=headers)
    assert reply.status_code == status
    assert "acme-corp" not in reply.text
    if status == 200:
        assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert 'thinkline_submissions_total{outcome="accepted"} 1.0' in reply.text


def test_without_keys_only_this_machine_reads_it(settings: Settings) -> None:
    """What came through a proxy, or by another name, is not this machine."""
    with serving(settings) as http:
        assert http.get("/metrics").status_code == 200
        assert http.get("/metrics", headers={"x-forwarded-for": "203.0.113.5"}).status_code == 403
        assert http.get("/metrics", headers={"host": "thinkline.example.com"}).status_code == 403


def test_it_tells_that_redis_is_away() -> None:
    """An answer all the same, or the alert of it could not be told from one of the API."""
    with serving(make_settings(f"redis://127.0.0.1:{free_port()}/0")) as http:
        reply = http.get("/metrics")
    assert reply.status_code == 200
    assert "thinkline_redis_up 0.0" in reply.text
    assert "thinkline_queue_jobs" not in reply.text


def test_a_request_is_counted_before_it_is_told(settings: Settings) -> None:
    """By its route's template; an address that does not exist is no route, whatever is in it."""
    with serving(settings) as http:
        job_id = http.post("/v1/jobs", json={"input": "hello"}).json()["id"]
        http.get(f"/v1/jobs/{job_id}")
        http.head(f"/v1/jobs/{job_id}")
        http.get("/v1/secret-address")
        text = http.get("/metrics").text
    assert 'thinkline_http_requests_total{method="GET",route="/v1/jobs/{job_id}",status="200"} 2.0' in text
    assert 'thinkline_http_requests_total{method="GET",route="none",status="404"} 1.0' in text
    assert job_id not in text
    assert "secret-address" not in text
