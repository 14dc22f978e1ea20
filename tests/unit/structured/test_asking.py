"""A structured answer is asked for by the means that a model has, and reshaped with what was wrong."""

from __future__ import annotations

import json

import pytest

from tests.unit.structured.asks import TOTAL, TREE, asked, reply
from workers.contracts.calls import ModelSpec
from workers.contracts.request import MAX_INPUT_CHARS, JobRequest
from workers.structured import DEFAULT_SCHEMA, ask, extract, reshape
from workers.structured.strictness import is_strict
from workers.submission.schema import check_schema

LIST = {"type": "array", "items": {"$ref": "#/$defs/item"}, "$defs": {"item": {"enum": [{"$ref": "#/data"}]}}}
CLOSED = {**TOTAL, "required": ["total", "unit"]}


@pytest.mark.parametrize(
    ("means", "field"), [("json_schema", "response_format"), ("json_object", "response_format"), ("tool", "tools")]
)
def test_each_means_asks_in_its_own_way(means: str, field: str) -> None:
    """The body carries what the means needs."""
    wanted = asked(means=means)
    assert field in wanted.body
    if means == "json_object":
        assert "JSON Schema" in wanted.messages[0].content
    if means == "tool":
        assert wanted.body["tool_choice"]["function"]["name"] == wanted.body["tools"][0]["function"]["name"]


def test_a_model_without_json_is_left_alone_under_the_default_schema() -> None:
    """Nothing is added to what the caller said."""
    assert asked(None, "text").messages == JobRequest(input="?").messages
    assert "JSON Schema" in asked(TOTAL, "text").messages[0].content


def test_instructions_of_the_caller_stay_first() -> None:
    """What we ask for comes after what the caller asks for, in one system message."""
    spec = ModelSpec(name="m", upstream="u", model="m", structured="instructions")
    messages = ask(JobRequest(input="?", instructions="Be brief."), spec).messages
    assert [message.role for message in messages] == ["system", "user"]
    assert messages[0].content.startswith("Be brief.\n\n")


def test_the_longest_instructions_can_be_added_to() -> None:
    """The limit on a message is the caller's: ours may be longer."""
    longest = [{"role": "system", "content": "x" * (MAX_INPUT_CHARS - 1)}, {"role": "user", "content": "?"}]
    request = JobRequest(input=longest, schema=TOTAL)
    wanted = ask(request, ModelSpec(name="m", upstream="u", model="m", structured="instructions"))
    assert len(wanted.messages[0].content) > MAX_INPUT_CHARS


@pytest.mark.parametrize("means", ["json_schema", "json_object", "tool"])
def test_what_is_no_object_is_asked_for_inside_one(means: str) -> None:
    """Modes that give objects only get a wrapper, whose references still lead to where they led."""
    wanted = asked(LIST, means)
    sent = json.dumps(wanted.body) + wanted.messages[0].content
    assert "#/properties/value/$defs/item" in sent
    assert "#/data" in sent  # data is left alone
    assert extract(reply('{"value": []}'), wanted).value == []
    assert extract(reply("[]"), wanted).value == []


def test_a_wrapped_schema_is_still_a_schema() -> None:
    """What is sent instead of a recursive array compiles and refers to itself."""
    schema = {"type": "array", "items": {"anyOf": [{"$ref": "#"}, {"type": "integer"}]}}
    sent = asked(schema, "tool").body["tools"][0]["function"]["parameters"]
    check_schema(sent)
    assert extract(reply("", tool='{"value": [1, [2, [3]]]}'), asked(schema, "tool")).value == [1, [2, [3]]]


def test_an_object_is_sent_as_it_is() -> None:
    """No wrapper where none is needed; the dialect and the name of the schema are not sent."""
    named = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.com/total", **TOTAL}
    sent = asked(named, "json_schema").body["response_format"]["json_schema"]
    assert sent["schema"] == TOTAL


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (DEFAULT_SCHEMA, True),
        (CLOSED, True),
        (TOTAL, False),  # a property is optional
        ({"type": "object", "properties": {"a": {}}, "required": ["a"]}, False),
        ({"allOf": [CLOSED]}, False),
        (TREE, False),
        ({**CLOSED, "properties": {"total": {"type": "number", "minimum": 0}, "unit": {"type": "string"}}}, False),
        ({**CLOSED, "properties": {"total": {}, "unit": {"type": "string"}}}, False),
        ({**CLOSED, "properties": {"total": {"type": "array"}, "unit": {"type": "string"}}}, False),
        ({**CLOSED, "properties": {"total": CLOSED, "unit": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}, True),
        ({**CLOSED, "$defs": {"a": {"type": "string", "pattern": "a"}}}, False),
    ],
)
def test_strict_mode_is_asked_for_only_where_every_server_allows_it(schema: dict, strict: bool) -> None:
    """Closed objects with all properties required and plain keywords are strict; others are sent without."""
    assert is_strict(schema) is strict
    check_schema(schema)
    if schema.get("type") == "object":
        assert asked(schema, "json_schema").body["response_format"]["json_schema"]["strict"] is strict


@pytest.mark.parametrize("means", ["json_schema", "json_object", "tool", "instructions", "text"])
def test_reshaping_asks_for_the_same_schema_with_what_was_wrong(means: str) -> None:
    """The one further try carries the reply, cut to its end, the schema, and the problems."""
    first = asked()
    spec = ModelSpec(name="s", upstream="u", model="s", structured=means)
    again = reshape(reply("x" * 50_000 + " the total is three"), first, spec, ("$.total: type",))
    assert again.answer_schema == TOTAL
    assert "the total is three" in again.messages[-1].content
    assert "$.total: type" in again.messages[-1].content
    assert len(again.messages[-1].content) < 30_000
    assert '"total"' in again.messages[0].content
    assert extract(reply('{"total": 3}'), again).value == {"total": 3}


def test_the_arguments_of_a_tool_are_reshaped_where_there_is_no_text() -> None:
    """A reply may be nothing but broken arguments."""
    spec = ModelSpec(name="s", upstream="u", model="s", structured="text")
    assert "{'tot" in reshape(reply("", tool="{'tot"), asked(means="tool"), spec, ()).messages[-1].content
