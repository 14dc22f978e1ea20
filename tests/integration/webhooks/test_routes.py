"""Webhooks over HTTP: endpoints, the secret, deliveries; whose they are, and what is refused."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from tests.support.http import serving
from workers.settings import Settings

URL = "https://example.com/in"


def api_key(name: str, tenant: str, *scopes: str) -> dict[str, Any]:
    """Describe a key as the settings hold it."""
    return {"sha256": hashlib.sha256(name.encode()).hexdigest(), "tenant": tenant, "scopes": list(scopes)}


def bearer(name: str) -> dict[str, str]:
    """Make the header of a key."""
    return {"authorization": f"Bearer {name}"}


@pytest.fixture
def api(settings: Settings) -> Iterator[httpx.Client]:
    """An API without keys."""
    with serving(settings) as client:
        yield client


@pytest.fixture
def guarded(make: Callable[..., Settings]) -> Iterator[httpx.Client]:
    """An API with keys of two tenants, and one that may only read."""
    every = ("jobs:read", "jobs:write", "webhooks:read", "webhooks:write")
    keys = [
        api_key("acme", "acme", *every), api_key("other", "other", *every), api_key("reader", "acme", "webhooks:read"),
        api_key("jobs", "acme", "jobs:read", "jobs:write"),
    ]  # fmt: skip
    with serving(make(api_keys=keys)) as client:
        yield client


def register(api: httpx.Client, **body: Any) -> dict[str, Any]:
    """Register an endpoint."""
    reply = api.post("/v1/webhooks", json={"url": URL, **body})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


def cancelled(api: httpx.Client, **body: Any) -> str:
    """Submit a job and cancel it."""
    job_id: str = api.post("/v1/jobs", json={"input": "What is it?", **body}).json()["id"]
    assert api.post(f"/v1/jobs/{job_id}/cancel").status_code == 200
    return job_id


def test_the_secret_is_shown_once(api: httpx.Client) -> None:
    """With the first endpoint, then with each rotation; never in a list, and never again."""
    first = register(api)
    assert first["secret"].startswith("whsec_")
    assert first["events"] == ["job.succeeded", "job.failed", "job.cancelled"]
    second = register(api, events=["job.fallback"], description="alerts")
    assert second["secret"] is None
    rotated = api.post("/v1/webhooks/secret/rotate").json()
    assert rotated["secret"] not in (None, first["secret"])
    assert rotated["previous_until"] is not None
    assert register(api)["secret"] is None

    listed = api.get("/v1/webhooks")
    one = api.get(f"/v1/webhooks/{second['id']}")
    assert [entry["id"] for entry in listed.json()["data"]][:2] == [first["id"], second["id"]]
    assert (one.json()["events"], one.json()["description"]) == (["job.fallback"], "alerts")
    for text in (listed.text, one.text):
        assert "whsec_" not in text
        assert '"secret"' not in text


def test_a_rotation_before_the_first_endpoint_shows_the_first_secret(api: httpx.Client) -> None:
    """For those whose jobs name an address and who register nothing."""
    assert api.post("/v1/webhooks/secret/rotate").json()["previous_until"] is None
    assert register(api)["secret"] is None


def test_an_endpoint_can_be_deleted(api: httpx.Client) -> None:
    """It is gone at once."""
    endpoint = register(api)
    assert api.delete(f"/v1/webhooks/{endpoint['id']}").status_code == 204
    for reply in (api.get(f"/v1/webhooks/{endpoint['id']}"), api.delete(f"/v1/webhooks/{endpoint['id']}")):
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


def test_deliveries_are_listed_read_and_sent_again(api: httpx.Client, settings: Settings) -> None:
    """By job, by state, by event; one that is on its way is not sent again."""
    endpoint = register(api)
    job_id = cancelled(api, webhook_url="https://example.org/own")
    cancelled(api)
    page = api.get("/v1/webhooks/deliveries", params={"job_id": job_id}).json()
    assert {(one["endpoint_id"], one["url"]) for one in page["data"]} == {
        (None, "https://example.org/own"), (endpoint["id"], URL),
    }  # fmt: skip
    assert {one["status"] for one in page["data"]} == {"pending"}
    assert len(api.get("/v1/webhooks/deliveries", params={"event": "job.cancelled"}).json()["data"]) == 3
    assert api.get("/v1/webhooks/deliveries", params={"status": "failed"}).json()["data"] == []
    first = api.get("/v1/webhooks/deliveries", params={"limit": 2}).json()
    rest = api.get("/v1/webhooks/deliveries", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert (len(first["data"]), len(rest["data"]), rest["next_cursor"]) == (2, 1, None)

    name = page["data"][0]["id"]
    assert api.get(f"/v1/webhooks/deliveries/{name}").json()["log"] == []
    refused = api.post(f"/v1/webhooks/deliveries/{name}/resend")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    with Redis.from_url(settings.redis_url.get_secret_value(), decode_responses=True) as redis:
        redis.hset(f"{settings.redis.key_prefix}delivery:{name}", mapping={"status": "failed", "reason": "exhausted"})
    again = api.post(f"/v1/webhooks/deliveries/{name}/resend")
    assert (again.status_code, again.json()["status"], again.json()["tries"]) == (202, "pending", 0)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "http://example.com/"}, "url"), ({"url": "https://127.0.0.1/"}, "url"), ({"url": ""}, "url"), ({}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"), ({"url": URL, "events": []}, "events"), ({"url": 7}, "url"),
        ({"url": URL, "events": ["job.exploded"]}, "events[0]"), ({"url": URL, "secret": "x"}, "secret"),
        ({"url": URL, "description": "x" * 201}, "description"),
    ],
)  # fmt: skip
def test_a_wrong_endpoint_is_refused_by_field(api: httpx.Client, body: dict[str, Any], field: str) -> None:
    """422 with the caller's name for it."""
    reply = api.post("/v1/webhooks", json=body)
    assert reply.status_code == 422, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["errors"][0]["field"] == field
    assert api.get("/v1/webhooks").json()["data"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"webhook_url": "https://169.254.169.254/"}, "webhook_url"), ({"webhook_url": "ftp://example.com"}, "webhook_url"),
        ({"webhook_url": "https://user:pass@example.com/"}, "webhook_url"), ({"webhook_events": ["job.failed"]}, "webhook_events"),
        ({"webhook_url": URL, "webhook_events": []}, "webhook_events"),
        ({"webhook_url": URL, "webhook_events": ["job.done"]}, "webhook_events[0]"),
    ],
)  # fmt: skip
def test_a_wrong_address_of_a_job_is_refused_by_field(api: httpx.Client, body: dict[str, Any], field: str) -> None:
    """Before the job is accepted."""
    reply = api.post("/v1/jobs", json={"input": "x", **body})
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, field), reply.text
    assert "pass@" not in reply.text
    assert api.get("/v1/jobs").json()["data"] == []


def test_there_are_not_too_many_endpoints(make: Callable[..., Settings]) -> None:
    """Each end would be told to all of them."""
    with serving(make(webhooks={"max_endpoints": 2})) as api:
        register(api)
        register(api)
        reply = api.post("/v1/webhooks", json={"url": URL})
        assert (reply.status_code, reply.json()["code"]) == (409, "wrong_state")


def test_tenants_do_not_see_each_other(guarded: httpx.Client) -> None:
    """Endpoints, deliveries and secrets of another tenant are not there."""
    guarded.headers.update(bearer("acme"))
    mine = register(guarded)
    cancelled(guarded)
    (delivery,) = guarded.get("/v1/webhooks/deliveries").json()["data"]
    guarded.headers.update(bearer("other"))
    for method, path in (
        ("GET", f"/v1/webhooks/{mine['id']}"), ("DELETE", f"/v1/webhooks/{mine['id']}"),
        ("POST", f"/v1/webhooks/{mine['id']}/enable"), ("GET", f"/v1/webhooks/deliveries/{delivery['id']}"),
        ("POST", f"/v1/webhooks/deliveries/{delivery['id']}/resend"),
    ):  # fmt: skip
        assert guarded.request(method, path).status_code == 404, path
    assert guarded.get("/v1/webhooks").json()["data"] == []
    assert guarded.get("/v1/webhooks/deliveries").json()["data"] == []
    assert register(guarded)["secret"] != mine["secret"]
    guarded.headers.update(bearer("acme"))
    assert guarded.get(f"/v1/webhooks/{mine['id']}").status_code == 200


def test_keys_need_the_scope(guarded: httpx.Client) -> None:
    """Reading and writing apart from each other, and from jobs."""
    for name, read, write in (("reader", 200, 403), ("jobs", 403, 403), ("acme", 200, 201)):
        assert guarded.get("/v1/webhooks", headers=bearer(name)).status_code == read
        assert guarded.get("/v1/webhooks/deliveries", headers=bearer(name)).status_code == read
        assert guarded.post("/v1/webhooks", headers=bearer(name), json={"url": URL}).status_code == write
    for path in ("/v1/webhooks/secret/rotate", f"/v1/webhooks/we_{'0' * 32}/enable"):
        assert guarded.post(path, headers=bearer("reader")).status_code == 403
    assert guarded.get("/v1/webhooks").status_code == 401


@pytest.mark.parametrize(
    "path", ["/v1/webhooks/nonsense", "/v1/webhooks/deliveries/nonsense", "/v1/webhooks/deliveries/msg_x_1"]
)
def test_what_is_no_id_is_not_there(api: httpx.Client, path: str) -> None:
    """404, and no look into Redis with whatever came."""
    assert api.get(path).status_code == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "cursor=x", "status=done", "event=x", "what=1"])
def test_wrong_parameters_are_named(api: httpx.Client, query: str) -> None:
    """422 with the name of the parameter."""
    reply = api.get(f"/v1/webhooks/deliveries?{query}")
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, query.partition("=")[0])


def test_a_repeat_under_an_idempotency_key_with_another_address_is_refused(api: httpx.Client) -> None:
    """The address is a part of the body."""
    for url, status in (("https://example.com/a", 202), ("https://example.com/a", 202), ("https://example.com/b", 422)):
        reply = api.post("/v1/jobs", json={"input": "x", "webhook_url": url}, headers={"idempotency-key": "k"})
        assert reply.status_code == status


def test_the_document_describes_all_of_it(api: httpx.Client) -> None:
    """Each route with examples, the body with its model, and the job's own fields."""
    document = api.get("/openapi.json").json()
    paths = [path for path in document["paths"] if path.startswith("/v1/webhooks")]
    assert len(paths) == 7
    assert "EndpointRequest" in document["components"]["schemas"]
    assert {"webhook_url", "webhook_events"} <= set(document["components"]["schemas"]["JobRequest"]["properties"])
    for path in paths:
        for method, operation in document["paths"][path].items():
            good = next(reply for status, reply in operation["responses"].items() if status.startswith("2"))
            assert method == "delete" or good["content"]["application/json"]["examples"], (method, path)


def test_the_examples_of_the_readme_are_accepted(api: httpx.Client) -> None:
    """Each body at its address."""
    section = (Path(__file__).parents[3] / "README.md").read_text().split("## Webhooks")[1].split("\n## ")[0]
    found = re.findall(r"http://127\.0\.0\.1:8080(/v1/\S+).*?-d '(.*?)'$", section, re.DOTALL | re.MULTILINE)
    assert [path for path, _ in found] == ["/v1/webhooks", "/v1/jobs"]
    assert [api.post(path, json=json.loads(body)).status_code for path, body in found] == [201, 202]
