"""What the API refuses: bad input, strangers, other tenants, and everything while Redis is away. Never with a 500."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.support.http import serving
from tests.support.redis import RedisServer
from tests.support.store import make_settings
from workers.settings import Settings

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def http(redis_server: str) -> Iterator[httpx.Client]:
    """A client of a keyless API."""
    settings = make_settings(redis_server, redis={"key_prefix": "refusals:"}, api={"max_body_bytes": 50_000})
    with serving(settings) as client:
        yield client


def deep(levels: int) -> Any:
    """A schema of many levels."""
    schema: Any = {}
    for _ in range(levels):
        schema = {"properties": {"a": schema}}
    return schema


BAD: list[tuple[Any, int, str | None]] = [
    (b"", 400, None),
    (b"{", 400, None),
    (b"{'input': 'x'}", 400, None),
    (b'{"input": "x"} trailing', 400, None),
    (b"\xff\xfe\x00", 400, None),
    (b'{"input": "\xc3\x28"}', 400, None),
    (b'{"input": "\\ud800"}', 400, None),
    (b"[" * 20_000, 400, None),
    (b'{"a":' * 9_000, 400, None),
    (b'{"input": "x", "seed": 1' + b"0" * 5_000 + b"}", 400, None),
    (b"null", 422, "body"),
    (b"[]", 422, "body"),
    (b'"input"', 422, "body"),
    (b"3", 422, "body"),
    ({}, 422, "input"),
    ({"input": None}, 422, "input"),
    ({"input": 3}, 422, "input"),
    ({"input": ""}, 422, "input"),
    ({"input": "  \n"}, 422, "input"),
    ({"input": []}, 422, "input"),
    ({"input": ["x"]}, 422, "input[0]"),
    ({"input": [{}]}, 422, "input[0].role"),
    ({"input": [{"role": "user"}]}, 422, "input[0].content"),
    ({"input": [{"role": "tool", "content": "x"}]}, 422, "input[0].role"),
    ({"input": [{"role": "user", "content": 3}]}, 422, "input[0].content"),
    ({"input": [{"role": "user", "content": "x", "name": "y"}]}, 422, "input[0].name"),
    ({"input": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]}, 422, "input"),
    ({"input": [{"role": "user", "content": " "}]}, 422, "input"),
    ({"input": [{"role": "user", "content": "x"}] * 201}, 422, "input"),
    ({"input": {"role": "user"}}, 422, "input"),
    ({"input": True}, 422, "input"),
    ({"input": "x", "unknown": 1}, 422, "unknown"),
    ({"input": "x", "Input": 1}, 422, "Input"),
    ({"input": "x", "answer_schema": 3}, 422, None),
    ({"input": "x", "instructions": 3}, 422, "instructions"),
    ({"input": "x", "instructions": "y" * 40_000}, 422, "instructions"),
    ({"input": "x", "route": "fast"}, 422, "route"),
    ({"input": "x", "route": None}, 422, "route"),
    ({"input": "x", "model": "none-such", "route": "standard"}, 422, "model"),
    ({"input": "x", "model": "local"}, 422, "model"),
    ({"input": "x", "model": ""}, 422, "model"),
    ({"input": "x", "temperature": -1}, 422, "temperature"),
    ({"input": "x", "temperature": 2.1}, 422, "temperature"),
    ({"input": "x", "temperature": "warm"}, 422, "temperature"),
    (b'{"input": "x", "temperature": NaN}', 422, "temperature"),
    (b'{"input": "x", "temperature": Infinity}', 422, "temperature"),
    (b'{"input": "x", "deadline_s": 1e999}', 422, "deadline_s"),
    ({"input": "x", "top_p": 0}, 422, "top_p"),
    ({"input": "x", "top_p": 1.5}, 422, "top_p"),
    ({"input": "x", "max_output_tokens": 0}, 422, "max_output_tokens"),
    ({"input": "x", "max_output_tokens": 1.5}, 422, "max_output_tokens"),
    ({"input": "x", "max_output_tokens": 10**9}, 422, "max_output_tokens"),
    ({"input": "x", "seed": 2**70}, 422, "seed"),
    ({"input": "x", "stop": []}, 422, "stop"),
    ({"input": "x", "stop": [""]}, 422, "stop[0]"),
    ({"input": "x", "stop": ["a"] * 5}, 422, "stop"),
    ({"input": "x", "stop": "a"}, 422, "stop"),
    ({"input": "x", "reasoning_effort": "huge"}, 422, "reasoning_effort"),
    ({"input": "x", "deadline_s": 0}, 422, "deadline_s"),
    ({"input": "x", "deadline_s": -5}, 422, "deadline_s"),
    ({"input": "x", "deadline_s": 10**7}, 422, "deadline_s"),
    ({"input": "x", "deadline_s": 5000}, 422, "deadline_s"),
    ({"input": "x", "cache": "maybe"}, 422, "cache"),
    ({"input": "x", "metadata": []}, 422, "metadata"),
    ({"input": "x", "metadata": {"a": 1}}, 422, "metadata.a"),
    ({"input": "x", "metadata": {"": "v"}}, 422, "metadata"),
    ({"input": "x", "metadata": {"k" * 65: "v"}}, 422, "metadata"),
    ({"input": "x", "metadata": {"k": "v" * 513}}, 422, "metadata.k"),
    ({"input": "x", "metadata": {str(n): "v" for n in range(17)}}, 422, "metadata"),
    ({"input": "x", "metadata": {"a": {"b": "c"}}}, 422, "metadata.a"),
    ({"input": "x", "schema": "object"}, 422, "schema"),
    ({"input": "x", "schema": True}, 422, "schema"),
    ({"input": "x", "schema": []}, 422, "schema"),
    ({"input": "x", "schema": {"type": "thing"}}, 422, "schema.type"),
    ({"input": "x", "schema": {"$ref": "https://example.com"}}, 422, "schema.$ref"),
    ({"input": "x", "schema": {"$ref": "#"}}, 422, "schema"),
    ({"input": "x", "schema": deep(30)}, 422, "schema"),
    ({"input": "x", "schema": {"description": "y" * 33_000}}, 422, "schema"),
    (b'{"input": "x", "schema": {"minimum": NaN}}', 422, "schema.minimum"),
    ({"input": "x", "schema": {"pattern": "(?<=a)b"}}, 422, "schema.pattern"),
    ({"input": "x", "schema": {"properties": {"a": {"minimum": "many"}}}}, 422, "schema.properties.a.minimum"),
    (b'{"input": "x", "schema": {"enum": [1e999]}}', 422, "schema.enum[0]"),
    (b'{"input": "x", "\\ud800": 1}', 400, None),
    (b'{"input": "x", "metadata": {"\\udfff": "v"}}', 400, None),
    (b'{"input": "x",}', 400, None),
    (b'{"input": "x" "route": "auto"}', 400, None),
    (b'{input: "x"}', 400, None),
    (b'\xef\xbb\xbf{"input": "x"}', 400, None),
    (b'{"input": "a\nb"}', 400, None),
    ({"input": "x", "answer_schema": {}}, 422, "answer_schema"),
    ({"input": "x", "temperature": "1"}, 422, "temperature"),
    ({"input": "x", "seed": "1"}, 422, "seed"),
    ({"input": "x", "seed": True}, 422, "seed"),
    ({"input": "y" * 60_000}, 413, None),
]


@pytest.mark.parametrize(("body", "status", "field"), BAD)
def test_bad_input_gets_a_clear_refusal(http: httpx.Client, body: Any, status: int, field: str | None) -> None:
    """Each bad body gets its status, a sentence and, where there is one, the name of the field."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = http.post("/v1/jobs", content=content, headers=JSON)
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["status"] == status
    assert len(problem["detail"]) > 5
    if field is not None:
        assert any(error["field"].startswith(field) for error in problem["errors"]), problem


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404), ("DELETE", "/v1/jobs", 405), ("GET", "/v1/jobs/none-such", 404),
        ("GET", "/v1/jobs/job_" + "0" * 32, 404), ("POST", "/v1/jobs/job_x/cancel", 404),
        ("POST", "/v1/jobs/job_" + "0" * 32 + "/retry", 404), ("GET", "/v1/jobs/%00/events", 404),
        ("GET", "/v1/jobs/job_" + "0" * 32 + "?wait=-1", 422), ("GET", "/v1/jobs/x?wait=never", 422),
        ("GET", "/v1/jobs/x?wait=nan", 422), ("GET", "/v1/jobs/x?wait=1e9", 422), ("GET", "/v1/jobs?limit=0", 422),
        ("GET", "/v1/jobs?limit=101", 422), ("GET", "/v1/jobs?status=odd", 422), ("GET", "/v1/jobs?lane=odd", 422),
        ("GET", "/v1/jobs?created_after=yesterday", 422), ("GET", "/v1/jobs?created_after=0001-01-01T00:00:00Z", 422),
        ("GET", "/v1/jobs/x/events?after=-", 422), ("GET", "/v1/jobs/x/events?after=" + "9" * 40, 422),
        ("GET", "/v1/jobs?state=failed", 422), ("GET", "/v1/jobs/x?wiat=3", 422), ("GET", "/v1/jobs/x/events?n=1", 422),
        ("GET", "/v1/jobs/", 404), ("GET", "/v1//jobs", 404), ("PUT", "/v1/jobs/x", 405), ("GET", "/v1/jobs?limit=" + "9" * 5000, 422),
        ("GET", "/v1/jobs?cursor=%00", 422), ("GET", "/v1/jobs?created_before=99999999999999999999", 422), ("GET", "/docs", 404),
    ],
)  # fmt: skip
def test_bad_addresses_get_a_clear_refusal(http: httpx.Client, method: str, path: str, status: int) -> None:
    """Unknown paths, ids and parameters are problems, too."""
    reply = http.request(method, path)
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["detail"]


def test_a_body_must_say_that_it_is_json(http: httpx.Client) -> None:
    """Forms of other pages cannot post here."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert http.post("/v1/jobs", content=b'{"input":"x"}', headers={"Content-Type": kind}).status_code == 415


def test_good_input_of_odd_kinds_is_accepted(http: httpx.Client) -> None:
    """What looks strange and is fine: zero bytes, long numbers in a schema, other scripts, no cache."""
    for body in (
        {"input": "a\x00b", "metadata": {"\x00": "\x00"}, "instructions": "\x00"},
        {"input": "x", "schema": {"type": "integer", "minimum": 10**300}},
        {"input": "\u202e\u4f60\u597d \U0001f600", "metadata": {"\u043a\u043b\u044e\u0447": "\u05e2\u05e8\u05da"}},
        {"input": [{"role": "system", "content": ""}, {"role": "user", "content": "x"}], "cache": "off"},
    ):
        reply = http.post("/v1/jobs", json=body)
        assert reply.status_code == 202, reply.text
        job = http.get(reply.json()["url"]).json()
        assert job["metadata"] == body.get("metadata", {})


def test_a_wrong_method_is_told_the_right_ones(http: httpx.Client) -> None:
    """405 lists what the address knows, in the header and in words."""
    reply = http.delete("/v1/jobs")
    assert reply.headers["allow"] == "GET, HEAD, POST"
    assert "GET, HEAD, POST" in reply.json()["detail"]
    assert http.get("/v1/jobs/x/cancel").headers["allow"] == "POST"
    assert http.put("/v1/webhooks/deliveries").headers["allow"] == "GET, HEAD"
    assert http.put("/v1/webhooks/we_x").headers["allow"] == "DELETE, GET, HEAD"


def test_head_is_answered_wherever_get_is(http: httpx.Client) -> None:
    """The same status and headers, and no body."""
    for path, status in (
        ("/", 200),
        ("/healthz", 200),
        ("/readyz", 503),
        ("/v1/jobs/none-such", 404),
        ("/v1/jobs", 200),
    ):
        head, get = http.head(path), http.get(path)
        assert (head.status_code, head.content) == (status, b"")
        assert head.headers["content-type"] == get.headers["content-type"]


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_a_wrong_last_event_id_is_refused_by_list_and_stream(http: httpx.Client, accept: str) -> None:
    """What the document says of a header holds whatever is answered."""
    job = http.post("/v1/jobs", json={"input": "x"}).json()
    reply = http.get(job["events_url"], headers={"Accept": accept, "Last-Event-ID": "yesterday"})
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["field"] == "Last-Event-ID"


def test_whole_numbers_may_be_written_with_a_point(http: httpx.Client) -> None:
    """To JSON Schema `5.0` is an integer."""
    body = {"input": "x", "seed": 5.0, "max_output_tokens": 1e3, "temperature": 1}
    assert http.post("/v1/jobs", json=body).status_code == 202


def test_a_compressed_body_is_refused(http: httpx.Client) -> None:
    """A small body that unpacks to a large one never gets a chance."""
    reply = http.post("/v1/jobs", content=b"\x1f\x8b", headers={**JSON, "Content-Encoding": "gzip"})
    assert (reply.status_code, reply.json()["code"]) == (415, "unsupported_media_type")


def test_answers_are_private_and_not_sniffed(http: httpx.Client) -> None:
    """Jobs are kept by no browser; every answer says what it is."""
    for path in ("/v1/jobs", "/v1/nothing", "/healthz", "/openapi.json"):
        reply = http.get(path)
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "no-store"


def test_models_are_listed_without_secrets(make: Callable[..., Settings]) -> None:
    """Names, lanes, prices and whether it is simulated; neither addresses nor keys."""
    upstream = {"base_url": "https://secret.example/v1", "api_key_env": "SECRET", "headers": {"x": "secret"}}
    models = {
        "deep": {"upstream": "main", "model": "big", "output_usd_per_mtok": 8.0},
        "quick": {"upstream": "main", "model": "small", "simulated": True},
    }
    lanes = {"reasoning": {"model": "deep"}, "standard": {"model": "quick"}}
    with serving(make(upstreams={"main": upstream}, models=models, lanes=lanes)) as http:
        reply = http.get("/v1/models")
    assert "secret" not in reply.text.lower()
    deep, quick = reply.json()["data"]
    assert (deep["id"], deep["model"], deep["lanes"], deep["output_usd_per_mtok"]) == (
        "deep",
        "big",
        ["reasoning"],
        8.0,
    )
    assert (quick["lanes"], quick["simulated"], deep["simulated"]) == (["standard", "fallback"], True, False)


def test_a_body_without_length_is_cut_at_the_limit(http: httpx.Client) -> None:
    """A chunked body is stopped while it comes in."""

    def endless() -> Iterator[bytes]:
        yield b'{"input": "'
        for _ in range(100):
            yield b"x" * 10_000

    assert http.post("/v1/jobs", content=endless(), headers=JSON).status_code == 413


def test_a_keyless_api_serves_this_machine_only(http: httpx.Client) -> None:
    """Other names in `Host`, and pages of other sites, are refused."""
    for headers in (
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Origin": "https://evil.example"},
    ):
        reply = http.post("/v1/jobs", json={"input": "x"}, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")
    port = http.base_url.port
    ours = {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"}
    assert http.post("/v1/jobs", json={"input": "x"}, headers=ours).status_code == 202


def test_keys_decide_who_sees_what(make: Callable[..., Settings]) -> None:
    """No key 401, a wrong one 401, a missing scope 403, and another tenant's job is 404 by every route."""

    def key(name: str, tenant: str, *scopes: str) -> dict:
        return {"sha256": hashlib.sha256(name.encode()).hexdigest(), "tenant": tenant, "scopes": list(scopes)}

    both = ("jobs:read", "jobs:write")
    keys = [key("key-a", "a", *both), key("key-b", "b", *both), key("key-r", "a", "jobs:read")]
    with serving(make(api_keys=keys)) as http:

        def as_(name: str) -> dict[str, str]:
            return {"Authorization": f"Bearer {name}"}

        assert http.get("/v1/jobs").status_code == 401
        assert http.get("/v1/jobs").headers["www-authenticate"].startswith("Bearer")
        assert http.get("/v1/jobs", headers=as_("wrong")).status_code == 401
        assert http.post("/v1/jobs", json={"input": "x"}, headers=as_("key-r")).status_code == 403
        headers = {**as_("key-a"), "Idempotency-Key": "k"}
        job_id = http.post("/v1/jobs", json={"input": "x"}, headers=headers).json()["id"]
        assert http.get(f"/v1/jobs/{job_id}", headers={"X-API-Key": "key-r"}).status_code == 200
        for method, path in (
            ("GET", ""), ("GET", "?wait=1"), ("GET", "/events"), ("POST", "/cancel"), ("POST", "/retry"),
        ):  # fmt: skip
            reply = http.request(method, f"/v1/jobs/{job_id}{path}", headers=as_("key-b"))
            assert reply.status_code == 404, path
        assert http.get("/v1/jobs", headers=as_("key-b")).json()["data"] == []
        same = {**as_("key-b"), "Idempotency-Key": "k"}
        assert http.post("/v1/jobs", json={"input": "x"}, headers=same).json()["id"] != job_id
        assert http.get(f"/v1/jobs/{job_id}", headers=as_("key-a")).json()["status"] == "queued"


def test_redis_away_is_503_and_comes_back_by_itself(own_redis: RedisServer) -> None:
    """503 with `Retry-After` within the timeouts, no lost job, and no restart needed afterwards."""
    redis = {"key_prefix": "away:", "command_timeout_s": 1.0, "connect_timeout_s": 1.0}
    with serving(make_settings(own_redis.url, redis=redis)) as http:
        job_id = http.post("/v1/jobs", json={"input": "keep me"}).json()["id"]
        own_redis.kill()
        began = time.monotonic()
        for reply in (http.post("/v1/jobs", json={"input": "x"}), http.get(f"/v1/jobs/{job_id}"), http.get("/v1/jobs")):
            assert reply.status_code == 503
            assert int(reply.headers["retry-after"]) >= 1
        assert time.monotonic() - began < 12
        ready = http.get("/readyz")
        assert ready.status_code == 503
        assert "redis" in ready.json()["missing"]
        assert http.get("/healthz").status_code == 200
        own_redis.start()
        assert http.get(f"/v1/jobs/{job_id}").json()["status"] == "queued"
        assert http.post("/v1/jobs", json={"input": "x"}).status_code == 202


def test_a_frozen_redis_is_503_within_the_timeout(own_redis: RedisServer) -> None:
    """A server that holds its connections and says nothing is away, too."""
    redis = {"key_prefix": "frozen:", "command_timeout_s": 1.0, "connect_timeout_s": 1.0}
    with serving(make_settings(own_redis.url, redis=redis)) as http:
        assert http.post("/v1/jobs", json={"input": "x"}).status_code == 202
        own_redis.freeze()
        began = time.monotonic()
        assert http.post("/v1/jobs", json={"input": "y"}).status_code == 503
        assert time.monotonic() - began < 8
        own_redis.resume()
        assert http.post("/v1/jobs", json={"input": "z"}).status_code == 202


def test_readyz_says_which_part_is_missing(http: httpx.Client) -> None:
    """Redis is there, workers are not."""
    reply = http.get("/readyz")
    assert reply.status_code == 503
    assert reply.json()["missing"] == ["worker_classify", "worker_fallback", "worker_reasoning", "worker_standard"]
    assert reply.json()["parts"]["redis"] is True


def test_the_document_is_whole(http: httpx.Client) -> None:
    """Every reference of the OpenAPI document resolves, every route has its problems, and there are examples."""
    document = http.get("/openapi.json").json()
    text = json.dumps(document)
    schemas = document["components"]["schemas"]
    for name in {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}:
        assert name in schemas, name
    assert "503" in document["paths"]["/v1/jobs"]["post"]["responses"]
    assert "What is the capital of France?" in text
    assert set(document["paths"]["/v1/jobs/{job_id}"]) == {"get"}


def test_garbage_on_the_wire_is_refused(http: httpx.Client) -> None:
    """What is no HTTP does not disturb what is."""
    with socket.create_connection(("127.0.0.1", http.base_url.port), timeout=5) as raw:
        raw.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 not http\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 400")
    assert http.get("/healthz").status_code == 200
