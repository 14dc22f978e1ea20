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

DRAFT_4 = "http://json-schema.org/draft-04/schema#"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
PERCENT = {"$defs": {"ab": {"allOf": [{"$ref": "#/$defs/a%62"}]}, "a%62": {}}, "$ref": "#/$defs/a%62"}
MUTUAL = {
    "$defs": {
        "a": {
            "type": ["object", "null"],
            "properties": {"x": {"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]}},
        },
        "b": {
            "type": ["object", "null"],
            "properties": {"x": {"allOf": [{"$ref": "#/$defs/b"}, {"$ref": "#/$defs/a"}]}},
        },
    },
    "$ref": "#/$defs/a",
}
CHAIN = {"$defs": {**{f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(900)}, "a900": {}}, "$ref": "#/$defs/a0"}

REFUSED: list[tuple[str, Any, str]] = [
    ("no such type", {"type": "text"}, "schema.type"),
    ("a number where a list belongs", {"required": "x"}, "schema.required"),
    ("a negative length", {"properties": {"a": {"minLength": -1}}}, "schema.properties.a.minLength"),
    ("a remote reference", {"$ref": "https://example.com/s"}, "schema.$ref"),
    ("a file", {"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "schema.properties.a.$ref"),
    ("a missing definition", {"$ref": "#/$defs/nowhere"}, "schema"),
    ("itself", {"$ref": "#"}, "schema"),
    ("a circle", CIRCLE, "schema"),
    ("a name of a part", {"properties": {"a": {"$id": "https://example.com/"}}}, "schema.properties.a.$id"),
    ("a name in draft 4", {"$schema": DRAFT_4, "items": {"id": "x", "$ref": "#/a"}, "a": {}}, "schema.items.id"),
    ("another dialect inside", {"items": {"$schema": DRAFT_4}}, "schema.items.$schema"),
    ("an anchor", {"$defs": {"a": {"$anchor": "a"}}}, "schema.$defs.a.$anchor"),
    ("a reference by anchor", {"$ref": "#a"}, "schema.$ref"),
    ("a reference to data", {"$ref": "#/type", "type": "string"}, "schema.$ref"),
    (
        "a remote reference inside data",
        {"$ref": "#/const", "const": {"$ref": "https://example.com"}},
        "schema.const.$ref",
    ),
    ("a circle through dependencies", {"$schema": DRAFT_7, "dependencies": {"x": {"$ref": "#"}}}, "schema"),
    ("a circle in percent signs", PERCENT, "schema"),
    ("a pattern for names", {"patternProperties": {"(?<!a)b": {}}}, "schema.patternProperties.(?<!a)b"),
    ("a bad pattern that nothing refers to", {"$defs": {"a": {"pattern": "(?=a)"}}}, "schema.$defs.a.pattern"),
    (
        "a bad pattern in a dependency",
        {"dependentSchemas": {"a": {"pattern": "(("}}},
        "schema.dependentSchemas.a.pattern",
    ),
    ("too many patterns", {"properties": {f"p{n}": {"pattern": f"{n}"} for n in range(300)}}, "schema"),
    (
        "too large patterns",
        {"properties": {f"p{n}": {"pattern": f".{{1,200}}{n}"} for n in range(9)}},
        "schema.properties",
    ),
    ("half a character", {"const": "\ud800"}, "schema.const"),
    ("half a character in a name", {"properties": {"\ud800": {}}}, "schema.properties"),
    ("a number without end", {"minimum": 10**5000}, "schema"),
    ("nothing", {"not": {}}, "schema"),
    ("no value", {"enum": []}, "schema"),
    ("nothing by reference", {"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [False]}}}, "schema"),
    ("none of its choices", {"anyOf": [False, {"not": True}]}, "schema"),
    ("a required part that is nothing", {"type": "object", "required": ["a"], "properties": {"a": False}}, "schema"),
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
    LAUGHS,
    DOUBLING,
    OVERLAPPING,
    MUTUAL,
    CHAIN,
    {"$id": "https://example.com/person.schema.json", "$schema": "https://json-schema.org/draft/2020-12/schema"},
    {"$schema": DRAFT_4, "id": "http://json-schema.org/draft-04/schema#", "type": "string"},
    {"type": "object", "example": {"id": "x1", "$ref": "https://example.com"}},
    {"$ref": "#/components/a", "components": {"a": {"type": "string"}}},
    {"not": {"type": "string"}},
]


@pytest.mark.parametrize("schema", ACCEPTED)
def test_what_can_be_used_is_accepted(schema: dict) -> None:
    """Ordinary schemas pass: trees, grammars, names that look like keywords, what other tools add."""
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
