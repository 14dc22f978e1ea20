"""Cached answers over HTTP on a real Redis: listed, read, removed, and by whom."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.http import serving
from tests.support.playing import SUCCESS, play
from workers.settings import Settings

ASKED = {"input": "What is the capital of France?", "instructions": "Be short."}


def answered(http: httpx.Client, app: Settings, **body: Any) -> str:
    """Submit a job and answer it."""
    job_id: str = http.post("/v1/jobs", json={**ASKED, **body}).json()["id"]
    play(app, job_id, SUCCESS)
    return job_id


def only(http: httpx.Client) -> dict[str, Any]:
    """The one entry there is."""
    (entry,) = http.get("/v1/cache").json()["data"]
    return entry


def test_an_entry_is_listed_read_and_removed(http: httpx.Client, app: Settings) -> None:
    """With its hits and who was given it; afterwards the query is answered anew."""
    source = answered(http, app)
    hit = http.post("/v1/jobs", json=ASKED).json()
    entry = only(http)
    assert (entry["source_job"], entry["hits"], entry["shared"]) == (source, 1, None)
    detail = http.get(f"/v1/cache/{entry['id']}").json()
    assert [served["job"] for served in detail["served"]] == [hit["id"]]
    assert detail["served"][0]["tier"] == "exact"
    assert detail["served"][0]["input"] == ASKED["input"]
    assert detail["result"] == hit["result"]
    assert http.delete(f"/v1/cache/{entry['id']}").json() == {"object": "cache_removed", "removed": 1}
    assert http.delete(f"/v1/cache/{entry['id']}").status_code == 404
    assert http.get(f"/v1/cache/{entry['id']}").status_code == 404
    assert http.post("/v1/jobs", json=ASKED).status_code == 202


def test_entries_are_removed_by_scope_and_age(http: httpx.Client, app: Settings) -> None:
    """Each condition narrows; `all` is needed when there is none."""
    answered(http, app)
    answered(http, app, instructions="Be long.")
    first, second = (entry["scope"] for entry in http.get("/v1/cache").json()["data"])
    assert first != second
    refused = http.delete("/v1/cache")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "all")
    assert http.delete("/v1/cache", params={"older_than_s": 3600}).json()["removed"] == 0
    assert http.delete("/v1/cache", params={"scope": first}).json()["removed"] == 1
    assert only(http)["scope"] == second
    assert http.delete("/v1/cache", params={"all": "true"}).json()["removed"] == 1
    assert http.get("/v1/cache").json() == {"object": "list", "data": [], "next_cursor": None}


def test_pages_join(http: httpx.Client, app: Settings) -> None:
    """By cursor, newest first."""
    jobs = [answered(http, app, input=f"Question {number}?") for number in range(5)]
    seen, cursor = [], None
    while True:
        page = http.get("/v1/cache", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [entry["source_job"] for entry in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == jobs[::-1]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/cache?cursor=x", "cursor"),
        ("/v1/cache?cursor=%2Bw", "cursor"),
        ("/v1/cache?limit=0", "limit"),
        ("/v1/cache?limit=101", "limit"),
        ("/v1/cache?scope=X", "scope"),
        ("/v1/cache?tags=x", "tags"),
        ("/v1/cache?older_than_s=-1", "older_than_s"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(http: httpx.Client, path: str, field: str) -> None:
    """The parameter is named."""
    refused = http.get(path)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    "entry", ["ent_", "x", f"ent_{'0' * 64}", f"ent_{'0' * 63}/", "ent_%2e%2e", f"@g%2F{'0' * 64}"]
)
def test_what_is_no_entry_is_not_found(http: httpx.Client, entry: str) -> None:
    """404 for reading and removing, whatever the id looks like."""
    assert http.get(f"/v1/cache/{entry}").status_code == 404
    assert http.delete(f"/v1/cache/{entry}").status_code == 404


def test_each_tenant_sees_its_own(make: Callable[..., Settings]) -> None:
    """Another's entry is 404, and a key that may only read removes nothing."""
    keys = {"acme": ["jobs:read", "jobs:write"], "umbra": ["jobs:read", "jobs:write"], "looker": ["jobs:read"]}
    app = make(
        api_keys=[
            {
                "sha256": hashlib.sha256(name.encode()).hexdigest(),
                "tenant": "acme" if name == "looker" else name,
                "scopes": may,
            }
            for name, may in keys.items()
        ]
    )

    def as_one(name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {name}"}

    with serving(app) as http:
        job_id = http.post("/v1/jobs", json=ASKED, headers=as_one("acme")).json()["id"]
        play(app, job_id, SUCCESS)
        (entry,) = http.get("/v1/cache", headers=as_one("looker")).json()["data"]
        assert http.get("/v1/cache", headers=as_one("umbra")).json()["data"] == []
        for method in (http.get, http.delete):
            assert method(f"/v1/cache/{entry['id']}", headers=as_one("umbra")).status_code == 404
            assert method(f"/v1/cache/{entry['id']}").status_code == 401
        assert http.delete("/v1/cache", params={"all": "true"}, headers=as_one("umbra")).json()["removed"] == 0
        assert http.delete(f"/v1/cache/{entry['id']}", headers=as_one("looker")).status_code == 403
        assert http.post("/v1/jobs", json=ASKED, headers=as_one("umbra")).status_code == 202
        assert http.post("/v1/jobs", json=ASKED, headers=as_one("acme")).status_code == 200
