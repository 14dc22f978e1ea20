"""Whose request it is: keys by their hash, and without keys this machine alone."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from api.access import Gate
from api.problems import Problem
from tests.unit.api.asgi import LOCAL, request
from workers.settings import ApiKey

KEYLESS = Gate(())


def key(secret: str, tenant: str, scopes: list[Any]) -> ApiKey:
    """The settings' entry of a key."""
    return ApiKey(sha256=hashlib.sha256(secret.encode()).hexdigest(), tenant=tenant, scopes=scopes)


KEYED = Gate((key("first", "a", ["jobs:read"]), key("second", "b", ["jobs:read", "jobs:write"])))


@pytest.mark.parametrize(
    ("client", "host"),
    [
        ("127.0.0.1", "localhost"), ("127.0.0.1", "LOCALHOST:8080"), ("127.0.0.1", "127.0.0.1:8080"),
        ("127.0.0.2", "127.0.0.2:8080"), ("::1", "[::1]:8080"), ("::1", "[::1]"),
    ],
)  # fmt: skip
def test_without_keys_this_machine_is_the_default_tenant(client: str, host: str) -> None:
    """Every way to name this machine is served."""
    assert KEYLESS.tenant(request({"host": host}, client=client), "jobs:write") == "default"


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        ("10.0.0.5", LOCAL), ("", LOCAL), ("127.0.0.1", {}), ("127.0.0.1", {"host": ""}),
        ("127.0.0.1", {"host": "evil.example:8080"}), ("127.0.0.1", {"host": "localhost.evil.example"}),
        ("127.0.0.1", {"host": "127.0.0.1.evil.example"}), ("127.0.0.1", {"host": "[evil"}),
        ("127.0.0.1", {"host": "10.0.0.5:8080"}), ("127.0.0.1", {**LOCAL, "origin": "https://evil.example"}),
        ("127.0.0.1", {**LOCAL, "origin": "http://localhost:3000"}), ("127.0.0.1", {**LOCAL, "origin": "null"}),
        ("127.0.0.1", {**LOCAL, "sec-fetch-site": "cross-site"}),
        ("127.0.0.1", {**LOCAL, "x-forwarded-for": "203.0.113.9"}), ("127.0.0.1", {**LOCAL, "forwarded": "for=a"}),
    ],
)  # fmt: skip
def test_without_keys_nobody_else_is_served(client: str, headers: dict[str, str]) -> None:
    """Other machines, rebound names, pages of other sites and proxies get 403 and a sentence."""
    with pytest.raises(Problem) as refused:
        KEYLESS.tenant(request(headers, client=client), "jobs:read")
    assert (refused.value.status, refused.value.word) == (403, "forbidden")


def test_without_keys_our_own_page_is_served() -> None:
    """A browser that shows our page says so itself."""
    headers = {**LOCAL, "origin": "http://localhost:8080", "sec-fetch-site": "same-origin"}
    assert KEYLESS.tenant(request(headers), "jobs:write") == "default"


@pytest.mark.parametrize(
    "headers",
    [{"authorization": "Bearer second"}, {"authorization": "bearer  second "}, {"x-api-key": "second"}],
)
def test_a_key_says_whose_request_it_is(headers: dict[str, str]) -> None:
    """Both headers are understood, from any machine and under any name."""
    assert KEYED.tenant(request({**headers, "host": "api.example"}, client="203.0.113.9"), "jobs:write") == "b"


@pytest.mark.parametrize(
    ("headers", "status", "challenge"),
    [
        ({}, 401, 'Bearer realm="thinkline"'),
        ({"authorization": "Bearer "}, 401, 'Bearer realm="thinkline"'),
        ({"authorization": "Basic c2Vjb25k"}, 401, 'Bearer realm="thinkline"'),
        ({"authorization": "Bearer third"}, 401, 'Bearer realm="thinkline", error="invalid_token"'),
        ({"authorization": "Bearer " + "x" * 100_000}, 401, 'Bearer realm="thinkline", error="invalid_token"'),
        ({"x-api-key": "sec\xf6nd"}, 401, 'Bearer realm="thinkline", error="invalid_token"'),
        ({"authorization": "Bearer first"}, 403, None),
    ],
)
def test_other_keys_are_refused(headers: dict[str, str], status: int, challenge: str | None) -> None:
    """401 says how to authenticate; a key without the scope is 403."""
    with pytest.raises(Problem) as refused:
        KEYED.tenant(request({**LOCAL, **headers}), "jobs:write")
    assert refused.value.status == status
    assert refused.value.headers.get("WWW-Authenticate") == challenge
