"""How a body is read: its limits of size and time, and its idempotency key."""

from __future__ import annotations

import pytest

from api.body import idempotency_key, read, read_request
from api.problems import Problem
from tests.unit.api.asgi import request

pytestmark = pytest.mark.anyio
JSON = {"content-type": "application/json"}


async def test_a_body_is_put_together_from_its_parts() -> None:
    """Parts of any size, up to the limit itself."""
    assert await read(request(JSON, [b"ab", b"", b"cd"]), 4) == b"abcd"


@pytest.mark.parametrize(
    ("headers", "parts"),
    [({"content-length": "5"}, [b""]), ({}, [b"abcde"]), ({}, [b"abc", b"de"]), ({"content-length": "1"}, [b"abcde"])],
)
async def test_a_body_beyond_the_limit_is_refused_while_it_comes_in(
    headers: dict[str, str], parts: list[bytes]
) -> None:
    """By the announced length, and by the real one whatever was announced."""
    with pytest.raises(Problem) as refused:
        await read(request({**JSON, **headers}, [*parts, b"never read"]), 4)
    assert refused.value.status == 413


async def test_a_body_that_does_not_come_is_given_up() -> None:
    """A dripping body ends with 408 and the connection, not with a waiting task."""
    with pytest.raises(Problem) as refused:
        await read(request(JSON, [b'{"inp'], stalls=True), 100, limit_s=0.05)
    assert refused.value.status == 408
    assert refused.value.headers == {"Connection": "close"}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", None), ("Application/JSON; charset=utf-8", None), ("text/plain", 415), ("", 415),
        ("application/json-patch+json", 415), ("multipart/form-data", 415),
    ],
)  # fmt: skip
async def test_only_json_is_read(kind: str, status: int | None) -> None:
    """What a form of another site can send is not taken for JSON."""
    asked = request({"content-type": kind}, [b'{"input": "x"}'])
    if status is None:
        assert (await read_request(asked, 100)).input == "x"
        return
    with pytest.raises(Problem) as refused:
        await read_request(asked, 100)
    assert refused.value.status == status


async def test_of_a_field_that_is_named_twice_the_last_counts() -> None:
    """As the document says."""
    asked = request(JSON, [b'{"input": "first", "metadata": {"a": "1", "a": "2"}, "input": "second"}'])
    wanted = await read_request(asked, 100)
    assert wanted.input == "second"
    assert wanted.metadata == {"a": "2"}


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("order-1", "order-1"), ('"order-1"', "order-1"), ('  "order 1" ', "order 1"), ("x" * 255, "x" * 255),
        (r'"a\"b\\c"', r'a"b\c'), ('"', '"'),
    ],
)  # fmt: skip
async def test_an_idempotency_key_is_a_token_or_a_quoted_string(raw: str, key: str) -> None:
    """Both forms name the same key."""
    assert idempotency_key(request({"idempotency-key": raw})) == key


async def test_no_idempotency_key_is_no_error() -> None:
    """The header is optional."""
    assert idempotency_key(request({})) is None


@pytest.mark.parametrize("raw", ["", "  ", '""', "x" * 256, "caf\xe9", "a\tb", "\x7f"])
async def test_a_bad_idempotency_key_is_refused(raw: str) -> None:
    """400, by the name of the header."""
    with pytest.raises(Problem) as refused:
        idempotency_key(request({"idempotency-key": raw}))
    assert (refused.value.status, refused.value.field) == (400, "Idempotency-Key")


async def test_two_idempotency_keys_are_refused() -> None:
    """Nobody could say which one counts; the same one twice is fine."""
    with pytest.raises(Problem):
        idempotency_key(request([("Idempotency-Key", "a"), ("Idempotency-Key", "b")]))
    assert idempotency_key(request([("Idempotency-Key", "a"), ("Idempotency-Key", "a")])) == "a"
