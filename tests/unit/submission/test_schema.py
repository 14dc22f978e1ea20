"""A caller's JSON Schema is refused at submission when it cannot be used, and never fails later."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.contracts.errors import InvalidRequest
from workers.submission.schema import check_schema, validator_of


def nested(levels: int) -> dict:
    """A schema of so many levels."""
    schema: dict = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


LAUGHS = {
    "$defs": {**{f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 3} for n in range(12)}, "a12": {}},
    "$ref": "#/$defs/a0",
}
DOUBLING = {
    "$defs": {
        "a": {"anyOf": [{"properties": {"x": {"$ref": "#/$defs/a"}}}, {"properties": {"x": {"$ref": "#/$defs/a"}}}]}
    },
    "$ref": "#/$defs/a",
}
OVERLAPPING = {
    "$defs": {"a": {"properties": {"x": {"$ref": "#/$defs/a"}}, "patternProperties": {"x": {"$ref": "#/$defs/a"}}}},
    "$ref": "#/$defs/a",
}
CIRCLE = {"$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}]}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}

REFUSED: list[tuple[str, Any, str]] = [
    ("no such type", {"type": "text"}, "schema.type"),
    ("a number where a list belongs", {"required": "x"}, "schema.required"),
    ("a negative length", {"properties": {"a": {"minLength": -1}}}, "schema.properties.a.minLength"),
    ("a remote reference", {"$ref": "https://example.com/s"}, "schema.$ref"),
    ("a file", {"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "schema.properties.a.$ref"),
    ("a missing definition", {"$ref": "#/$defs/nowhere"}, "schema"),
    ("itself", {"$ref": "#"}, "schema"),
    ("a circle", CIRCLE, "schema"),
    ("a multiplying reference", LAUGHS, "schema"),
    ("doubling recursion", DOUBLING, "schema"),
    ("overlapping recursion", OVERLAPPING, "schema"),
    ("an identifier", {"$id": "https://example.com/"}, "schema.$id"),
    ("a dynamic reference", {"$dynamicRef": "#x"}, "schema.$dynamicRef"),
    ("look-ahead", {"pattern": "(?=a)b"}, "schema.pattern"),
    ("a back reference", {"pattern": r"(a)\1"}, "schema.pattern"),
    ("a broken pattern", {"pattern": "(("}, "schema.pattern"),
    ("a pattern that explodes", {"pattern": "((a{100}){100}){100}"}, "schema.pattern"),
    ("not a number", {"minimum": float("nan")}, "schema.minimum"),
    ("an infinite number", {"enum": [float("inf")]}, "schema.enum[0]"),
    ("too deep", nested(20), "schema.properties.a"),
    ("too large", {"description": "x" * 40_000}, "schema"),
    ("an unknown dialect", {"$schema": "https://example.com/draft"}, "schema"),
]


@pytest.mark.parametrize(("what", "schema", "field"), REFUSED)
def test_what_cannot_be_used_is_refused_by_its_field(what: str, schema: Any, field: str) -> None:
    """Every refusal names the part that is wrong, and comes quickly."""
    began = time.process_time()
    with pytest.raises(InvalidRequest) as raised:
        check_schema(schema)
    assert (raised.value.field or "").startswith(field), what
    assert time.process_time() - began < 5


TREE = {"type": "object", "properties": {"name": {"type": "string"}, "kids": {"type": "array", "items": {"$ref": "#"}}}}
BINARY = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "left": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                "right": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            },
        }
    },
    "$ref": "#/$defs/node",
}
ACCEPTED = [
    {},
    {"type": "object", "properties": {"answer": {"type": "string"}}},
    TREE,
    BINARY,
    {
        "type": "object",
        "properties": {"$ref": {"type": "string"}, "pattern": {"type": "string"}, "id": {"type": "string"}},
    },
    {"$schema": "http://json-schema.org/draft-07/schema#", "type": "number"},
    {"enum": [{"$ref": "https://example.com"}]},
    {"const": {"$id": 3}},
    {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$", "format": "date"},
    nested(5),
]


@pytest.mark.parametrize("schema", ACCEPTED)
def test_what_can_be_used_is_accepted(schema: dict) -> None:
    """Ordinary schemas pass: trees, nullable recursion, property names that look like keywords."""
    check_schema(schema)
    validator_of(schema)


words = st.sampled_from(
    [
        "type",
        "properties",
        "items",
        "$ref",
        "allOf",
        "anyOf",
        "not",
        "enum",
        "minimum",
        "pattern",
        "required",
        "$defs",
        "x",
    ]
)
leaves = st.sampled_from(["string", "object", "#", "#/$defs/x", "#/properties/x", 3, -1, 1.5, True, None, "a*", []])
schemas = st.recursive(
    st.dictionaries(words, leaves, max_size=3),
    lambda inner: st.dictionaries(words, inner | st.lists(inner, max_size=2) | leaves, max_size=3),
    max_leaves=10,
)
instances = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "y"]), inner, max_size=2),
    max_leaves=12,
)


@given(schema=schemas, instance=instances)
def test_whatever_is_accepted_can_be_checked_against(schema: dict, instance: Any) -> None:
    """An accepted schema compiles, and no value makes it fail otherwise than by not fitting."""
    try:
        check_schema(schema)
    except InvalidRequest:
        return
    assert validator_of(schema).is_valid(instance) in (True, False)
