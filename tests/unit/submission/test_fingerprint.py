"""By what a request is recognised: its id, its body, its place in the exact cache."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.contracts.request import JobRequest
from workers.settings import Settings
from workers.submission.fingerprint import JOB_ID, body_hash, id_at, key_hash, new_job_id, normalise
from workers.submission.scope import exact_hash

SETTINGS = Settings(redis_url="redis://127.0.0.1")
DAY_MS = 86_400_000


def request(**fields: Any) -> JobRequest:
    """Make a request that asks for nothing special."""
    return JobRequest(**{"input": "What is the capital of France?", **fields})


# -- ids --------------------------------------------------------------------------------------------------------------


def test_ids_are_recognised_and_never_the_same() -> None:
    """An id fits the pattern that every id is checked against."""
    ids = {new_job_id() for _ in range(1_000)}

    assert len(ids) == 1_000
    assert all(JOB_ID.match(job_id) for job_id in ids)


@pytest.mark.parametrize("text", ["", "job_", "job_" + "a" * 31, "job_" + "a" * 33, "job_" + "A" * 32, "xjob_" + "a" * 32,
                                  "job_" + "a" * 32 + "\n", "job_" + "a" * 32 + ":events"])  # fmt: skip
def test_what_is_no_id_is_not_taken_for_one(text: str) -> None:
    """An id becomes part of a key, so that nothing else may pass, not even a line end."""
    assert not JOB_ID.match(text)


@given(earlier=st.integers(0, 300_000 * DAY_MS // 1000), later=st.integers(0, 300_000 * DAY_MS // 1000))
def test_ids_sort_by_time(earlier: int, later: int) -> None:
    """Lists are ordered, and bounded in time, by comparing ids."""
    assert (id_at(earlier) < id_at(later)) == (earlier < later)
    assert id_at(earlier) <= id_at(earlier) + "0" * 20


def test_a_moment_before_1970_is_the_first() -> None:
    """A filter from long ago asks for everything."""
    assert id_at(-5) == id_at(0)


# -- bodies under an idempotency key ------------------------------------------------------------------------------------


def test_equal_bodies_have_equal_hashes() -> None:
    """The order of fields, and defaults that were written out, change nothing."""
    one = JobRequest.model_validate_json('{"input":"x","schema":{"a":1,"b":2},"metadata":{"k":"v"}}')
    two = JobRequest.model_validate_json('{"metadata":{"k":"v"},"route":"auto","schema":{"b":2,"a":1},"input":"x"}')

    assert body_hash(one) == body_hash(two)


@pytest.mark.parametrize(
    "changed",
    [{"input": "x"}, {"instructions": "y"}, {"route": "standard"}, {"schema": {}}, {"deadline_s": 5}, {"cache": "off"},
     {"metadata": {"a": "b"}}, {"temperature": 0}, {"seed": 1}, {"stop": ["a"]}, {"reasoning_effort": "low"}],
)  # fmt: skip
def test_other_bodies_have_other_hashes(changed: dict[str, Any]) -> None:
    """Every field of the body counts under an idempotency key."""
    assert body_hash(request(**changed)) != body_hash(request())


def test_a_key_is_kept_as_a_hash() -> None:
    """What a caller puts into a header is not ours to keep."""
    assert len(key_hash("order 66")) == 64
    assert key_hash("order 66") != key_hash("order 67")


# -- normalisation --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is 2+2?", "  What   is\t2+2?\n"),
        ("a\r\nb", "a\nb"),
        ("a  \nb", "a\nb"),
        (unicodedata.normalize("NFD", "Où est l\u2019été?"), "Où est l\u2019été?"),
        ("a\u00a0b", "a b"),
    ],
)
def test_what_cannot_change_the_meaning_is_folded(one: str, other: str) -> None:
    """Composition, line ends and blanks around."""
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tell us", "Tell US"),
        ("if x:\n    y", "if x:\ny"),
        ("a\nb", "a b"),
        ('How many blanks are in "a  b"?', 'How many blanks are in "a b"?'),
        ("Split 'a  b'", "Split 'a b'"),
        ("10 - 3", "103"),
        ("a\n\nb", "a\nb"),
    ],
)
def test_what_may_change_the_meaning_is_kept(one: str, other: str) -> None:
    """Case, indentation, lines, and blanks in quotes."""
    assert normalise(one) != normalise(other)


@given(st.text())
def test_normalising_twice_is_normalising_once(text: str) -> None:
    """Otherwise a query would not find its own answer."""
    assert normalise(normalise(text)) == normalise(text)


# -- the exact cache ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [{"input": "  What is the capital of  France? "}, {"metadata": {"a": "b"}}, {"deadline_s": 9}, {"cache": "refresh"},
     {"input": [{"role": "user", "content": "What is the capital of France?"}]}],
)  # fmt: skip
def test_what_does_not_change_the_answer_is_not_in_its_name(changed: dict[str, Any]) -> None:
    """Another deadline or label finds the same answer."""
    assert exact_hash(request(**changed), SETTINGS) == exact_hash(request(), SETTINGS)


@pytest.mark.parametrize(
    "changed",
    [
        {"input": "what is the capital of france?"},
        {"instructions": "Be brief."},
        {"route": "reasoning"},
        {"schema": {"type": "string"}},
        {"temperature": 0.5},
        {"top_p": 0.5},
        {"max_output_tokens": 5},
        {"seed": 1},
        {"stop": ["."]},
        {"reasoning_effort": "high"},
        {"input": [{"role": "assistant", "content": "Hi"}, {"role": "user", "content": "What is the capital of France?"}]},
    ],
    ids=lambda changed: next(iter(changed)),
)  # fmt: skip
def test_what_may_change_the_answer_is_in_its_name(changed: dict[str, Any]) -> None:
    """Instructions, earlier turns, lane, schema and every generation parameter."""
    assert exact_hash(request(**changed), SETTINGS) != exact_hash(request(), SETTINGS)


def test_instructions_and_a_system_message_are_the_same_scope() -> None:
    """They are sent to the model alike."""
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "x"}]

    assert exact_hash(request(input="x", instructions="Be brief."), SETTINGS) == exact_hash(
        request(input=turns), SETTINGS
    )


def test_another_model_behind_the_same_name_is_another_scope() -> None:
    """An answer of the model that was replaced is not served for the new one."""

    def with_model(name: str, upstream: str = "u") -> Settings:
        return Settings(
            redis_url="redis://127.0.0.1",
            upstreams={upstream: {"base_url": "http://u/v1"}},
            models={"m": {"upstream": upstream, "model": name}},
            lanes={"reasoning": {"model": "m"}, "standard": {"model": "m"}},
        )

    old = exact_hash(request(), with_model("old"))
    assert exact_hash(request(), with_model("new")) != old
    assert exact_hash(request(), with_model("old", "elsewhere")) != old
    assert exact_hash(request(), with_model("old")) == old


def test_a_model_that_the_caller_names_is_the_scope() -> None:
    """Asking one model by name is not answered by another."""
    settings = Settings(
        redis_url="redis://127.0.0.1",
        upstreams={"u": {"base_url": "http://u/v1"}},
        models={name: {"upstream": "u", "model": name} for name in ("a", "b")},
        lanes={"reasoning": {"model": "a"}, "standard": {"model": "b"}},
    )
    named = {name: exact_hash(request(route="standard", model=name), settings) for name in ("a", "b")}

    assert named["a"] != named["b"]
