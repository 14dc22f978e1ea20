"""The contracts: what a request may hold, how a job reads, and the tree of errors."""

from __future__ import annotations

import inspect
import re
import sys
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from workers.contracts import causes, errors, job, request, routing
from workers.contracts.calls import ModelSpec, Reply
from workers.contracts.job import Budget, Job, Usage
from workers.contracts.request import MAX_INPUT_CHARS, MAX_MESSAGES, MAX_METADATA, JobRequest, Message

USER = {"role": "user", "content": "x"}
BUDGET = Budget(deadline_s=60, reasoning_s=28, fallback_s=30, margin_s=2)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


# -- requests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "input"),
        ({"input": ""}, "input"),
        ({"input": " \n\t"}, "input"),
        ({"input": 5}, "input"),
        ({"input": []}, "input"),
        ({"input": [{"role": "assistant", "content": "x"}]}, "input"),
        ({"input": [USER, {"role": "user", "content": "  "}]}, "input"),
        ({"input": [{"role": "tool", "content": "x"}]}, "input"),
        ({"input": [USER] * (MAX_MESSAGES + 1)}, "input"),
        ({"input": "x" * (MAX_INPUT_CHARS + 1)}, "input"),
        ({"input": [{"role": "user", "content": "x" * 300_000}] * 2}, "input"),
        ({"input": "x", "nonsense": 1}, "nonsense"),
        ({"input": "x", "route": "fast"}, "route"),
        ({"input": "x", "cache": "maybe"}, "cache"),
        ({"input": "x", "deadline_s": 0.5}, "deadline_s"),
        ({"input": "x", "deadline_s": "soon"}, "deadline_s"),
        ({"input": "x", "deadline_s": float("inf")}, "deadline_s"),
        ({"input": "x", "deadline_s": float("nan")}, "deadline_s"),
        ({"input": "x", "temperature": 2.1}, "temperature"),
        ({"input": "x", "top_p": 0}, "top_p"),
        ({"input": "x", "max_output_tokens": 0}, "max_output_tokens"),
        ({"input": "x", "seed": 2**63}, "seed"),
        ({"input": "x", "stop": []}, "stop"),
        ({"input": "x", "stop": ["a"] * 5}, "stop"),
        ({"input": "x", "stop": [""]}, "stop"),
        ({"input": "x", "schema": "string"}, "schema"),
        ({"input": "x", "metadata": {"a": 1}}, "metadata"),
        ({"input": "x", "metadata": {"": "a"}}, "metadata"),
        ({"input": "x", "metadata": {"a": "b" * 513}}, "metadata"),
        ({"input": "x", "metadata": {str(n): "" for n in range(MAX_METADATA + 1)}}, "metadata"),
        ({"input": "x", "instructions": "x" * 32_769}, "instructions"),
        ({"input": "x", "model": ""}, "model"),
    ],
)
def test_a_request_that_cannot_be_is_refused_where_it_is_wrong(body: dict[str, Any], where: str) -> None:
    """Each limit is checked on its own field."""
    with pytest.raises(ValidationError) as refused:
        JobRequest.model_validate(body)

    assert {str(error["loc"][0]) for error in refused.value.errors()} == {where}


@pytest.mark.parametrize("raw", ['{"input":"\\ud800"}', '{"input":"x","metadata":{"k":"\\udfff"}}', "[]", "null", "{"])
def test_json_that_cannot_be_text_is_refused(raw: str) -> None:
    """Half a character, or something that is no object, does not get past the body."""
    with pytest.raises(ValidationError):
        JobRequest.model_validate_json(raw)


def test_a_string_and_one_message_are_the_same_conversation() -> None:
    """Instructions come first, as the system's."""
    text = JobRequest(input="Why?", instructions="Be brief.")
    turns = JobRequest(input=[{"role": "user", "content": "Why?"}], instructions="Be brief.")

    assert text.messages == turns.messages
    assert text.messages == (Message(role="system", content="Be brief."), Message(role="user", content="Why?"))
    assert (text.query, turns.query) == ("Why?", "Why?")


def test_generation_parameters_are_taken_alone() -> None:
    """What the upstream is asked for holds nothing of the rest."""
    asked = JobRequest(input="x", temperature=0.5, stop=["a"], metadata={"a": "b"}).generation

    assert asked.model_dump(exclude_none=True) == {"temperature": 0.5, "stop": ["a"]}


def test_a_request_survives_being_stored() -> None:
    """It is kept without defaults and read again as it was, under the name that the caller used for the schema."""
    asked = JobRequest(input=[USER], schema={"type": "object"}, seed=1, deadline_s=5)
    stored = asked.model_dump_json(exclude_none=True, exclude_defaults=True, by_alias=True)

    assert '"schema"' in stored
    assert JobRequest.model_validate_json(stored) == asked


# -- jobs and calls -----------------------------------------------------------------------------------------------------


def test_usage_adds_up_and_stays_an_estimate() -> None:
    """A sum is estimated when a part of it is."""
    one = Usage(prompt_tokens=1, completion_tokens=2, reasoning_tokens=1)
    two = Usage(prompt_tokens=10, completion_tokens=20, reasoning_tokens=10, estimated=True)

    assert one + two == Usage(prompt_tokens=11, completion_tokens=22, reasoning_tokens=11, estimated=True)
    assert not (one + one).estimated


def test_a_model_prices_a_usage() -> None:
    """Prices are dollars a million tokens; reasoning tokens are completion tokens."""
    model = ModelSpec(name="m", upstream="u", model="x", input_usd_per_mtok=1, output_usd_per_mtok=4)

    assert model.cost_usd(Usage(prompt_tokens=1_000_000, completion_tokens=500_000, reasoning_tokens=400_000)) == 3.0


@pytest.mark.parametrize("status", get_args(job.Status))
def test_a_job_is_over_in_its_terminal_states(status: Any) -> None:
    """Queued and running are not the end."""
    view = Job(id="job_1", status=status, elapsed_s=0, budget=BUDGET, created_at=NOW, deadline_at=NOW)

    assert view.terminal is (status not in ("queued", "running"))


def test_a_truncated_reply_is_known() -> None:
    """The model stopped at its limit when it says `length`."""
    assert Reply("x", "", None, "length", Usage()).truncated
    assert not Reply("x", "", None, "stop", Usage()).truncated


def test_read_models_are_frozen_and_closed() -> None:
    """Nobody changes what was read, and a field that nobody knows is an error and not lost."""
    for module in (job, request, routing):
        for _, model in inspect.getmembers(module, lambda kind: inspect.isclass(kind) and issubclass(kind, BaseModel)):
            if model.__module__ == module.__name__:
                assert model.model_config.get("frozen"), model
                assert model.model_config.get("extra") == "forbid", model


# -- errors -------------------------------------------------------------------------------------------------------------


def every_error() -> list[type[errors.ThinklineError]]:
    """All errors of the tree."""
    return [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.ThinklineError)
    ]  # fmt: skip


def test_the_drawn_tree_is_the_real_one() -> None:
    """Whoever reads the top of errors.py reads the truth."""
    drawn = set(re.findall(r"[A-Z][a-z]+[A-Za-z]*[a-z]", _tree(errors.__doc__ or "")))

    assert drawn == {kind.__name__ for kind in every_error()}


def test_causes_and_codes_are_of_the_vocabulary() -> None:
    """Every cause is a word of the fixed list, and no two errors share a code but those that share a meaning."""
    codes = [kind.code for kind in every_error()]

    assert all(kind.cause in causes.CAUSES for kind in every_error() if issubclass(kind, errors.AttemptFailed))
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z_]+", code) for code in codes)


def test_only_what_may_pass_by_itself_is_transient() -> None:
    """A retry decision reads this; a refusal of the request itself is not tried again."""
    assert {kind.__name__ for kind in every_error() if kind.transient} == {
        "BrokerUnavailable", "Overloaded", "StoreUnavailable", "UpstreamUnavailable", "UpstreamRateLimited", "StreamBroken",
    }  # fmt: skip


def test_an_error_says_what_it_carries() -> None:
    """Fields that an answer is made of."""
    assert errors.InvalidRequest("is wrong", field="a.b").field == "a.b"
    assert errors.Overloaded("full", retry_after_s=3, lane="reasoning").retry_after_s == 3
    assert errors.WrongState("no", status="succeeded").status == "succeeded"
    assert errors.StructuredOutputInvalid(("a", "b")).problems == ("a", "b")
    assert str(errors.StructuredOutputInvalid(())) == "the reply holds no JSON"


def test_contracts_need_pydantic_and_nothing_else() -> None:
    """They are a leaf: no module of ours beside them, no library but pydantic."""
    ours = [name for name in sys.modules if name.startswith("workers.contracts")]
    for name in ours:
        source = inspect.getsource(sys.modules[name])
        imported = set(re.findall(r"^(?:from|import) ([a-z_]+(?:\.contracts)?)", source, re.MULTILINE))
        allowed = {"workers.contracts", "pydantic", *sys.stdlib_module_names}
        assert imported <= allowed, (name, imported - allowed)


def _tree(docstring: str) -> str:
    """The lines of the drawing without their explanations."""
    lines = [line for line in docstring.splitlines() if line.startswith(("Thinkline", "├", "│", "└", "    "))]
    return "\n".join(re.sub(r"(?<=\w)\s{3,}.*", "", line) for line in lines)
