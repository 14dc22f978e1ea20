"""What audits found, over HTTP and on the terminal, on a real Redis."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from tests.support.cache import SCOPE, keep
from tests.support.checks import serve, settled
from tests.support.http import serving
from tests.support.store import open_store
from workers.cli.cache import cache
from workers.settings import ApiKey, Settings

OWN = "default"  # the tenant of an API without keys


async def find_wrong(settings: Settings, tenant: str, count: int) -> None:
    """Audit some hits of a tenant, and find each wrong."""
    async with open_store(settings) as store:
        for number in range(count):
            source = await keep(store, f"text {number}", tenant=tenant)
            await settled(store, await serve(store, f"text {number}", source, tenant=tenant), "wrong")


def run(http: httpx.Client, *arguments: str) -> Any:
    """Run the command against an API."""
    return CliRunner().invoke(cache, ["audit", "--url", str(http.base_url), *arguments], env={"COLUMNS": "200"})


def test_what_was_found_is_shown(make: Callable[..., Settings]) -> None:
    """By scope with its bound, level and reason; before the first audit, that there was none."""
    settings = make(cache={"audit": {"rate": 1.0}})
    with serving(settings) as http:
        assert "No answer of the cache was audited yet" in run(http).output
        asyncio.run(find_wrong(settings, OWN, 2))
        found = http.get("/v1/cache/audit").json()
        (scope,) = found["data"]
        assert (scope["scope"], scope["level"], scope["semantic"]["wrong"], found["limit"]) == (
            SCOPE,
            "strict",
            2,
            0.05,
        )
        assert found["today"][0] == {
            "kind": "audit", "begun": 2, "skipped": 0, "cost_usd": 0.5, "most": 200, "most_usd": 1.0,
        }  # fmt: skip
        shown = run(http).output
        assert "2 of 2" in shown
        assert "strict" in shown
        assert json.loads(run(http, "--json").output) == found


@pytest.mark.parametrize(("key", "scopes"), [("one", 1), ("two", 0)])
def test_tenants_see_their_own(make: Callable[..., Settings], key: str, scopes: int) -> None:
    """A key is needed where there are some, and shows its tenant's scopes alone."""
    keys = [ApiKey(sha256=hashlib.sha256(name.encode()).hexdigest(), tenant=name) for name in ("one", "two")]
    settings = make(cache={"audit": {"rate": 1.0}}, api_keys=keys)
    asyncio.run(find_wrong(settings, "one", 1))
    with serving(settings) as http:
        assert http.get("/v1/cache/audit").status_code == 401
        found = http.get("/v1/cache/audit", headers={"authorization": f"Bearer {key}"}).json()
        assert len(found["data"]) == scopes
