"""Wraps a schema whose root is no object: tool arguments and JSON modes give objects only."""

from __future__ import annotations

from typing import Any, Final

from workers.contracts.calls import StructuredMeans

WRAPPER: Final = "value"
WRAPPERS: Final = frozenset({WRAPPER, "answer", "final_answer", "result", "output", "response"})
OBJECTS_ONLY: Final[frozenset[StructuredMeans]] = frozenset({"json_schema", "json_object", "tool"})
DATA: Final = frozenset({"const", "enum", "default", "examples", "example"})
NAMED: Final = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"}
)


def is_wrapped(schema: dict[str, Any], means: StructuredMeans) -> bool:
    """Whether an answer is asked for inside an object, as its one property `value`."""
    return means in OBJECTS_ONLY and schema.get("type") != "object"


def asked_schema(schema: dict[str, Any], means: StructuredMeans) -> dict[str, Any]:
    """Give the schema to ask with; references of a wrapped one lead to their new places."""
    plain = {word: part for word, part in schema.items() if word not in ("$schema", "$id")}
    if not is_wrapped(schema, means):
        return plain
    return {
        "type": "object",
        "properties": {WRAPPER: _moved(plain)},
        "required": [WRAPPER],
        "additionalProperties": False,
    }


def unwrapped(value: Any) -> Any:
    """Take an answer out of its wrapper, ours or one that models like; what is not wrapped stays as it is."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, inner),) = value.items()
        return inner if name in WRAPPERS else value
    return value


def _moved(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_moved(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {word: _moved_part(word, part) for word, part in schema.items()}


def _moved_part(word: str, part: Any) -> Any:
    if word == "$ref" and isinstance(part, str):
        return f"#/properties/{WRAPPER}{part.removeprefix('#')}"
    if word in DATA:
        return part
    if word in NAMED and isinstance(part, dict):
        return {name: _moved(named) for name, named in part.items()}
    return _moved(part)
