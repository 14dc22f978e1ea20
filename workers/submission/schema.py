"""Decides at submission whether a caller's JSON Schema can be used: whatever is accepted here never fails later.

A schema must be valid, small and shallow, refer only to itself, and cost little to check against: references that
multiply when they are unrolled are refused, since a reply would be checked against every copy.
"""

from __future__ import annotations

import json
import math
from typing import Any

import jsonschema_rs

from workers.contracts.errors import InvalidRequest
from workers.contracts.request import MAX_SCHEMA_BYTES, MAX_SCHEMA_DEPTH
from workers.submission.unroll import unroll

MAX_PATTERN_BYTES = 1_000_000  # of a compiled pattern; the engine runs in linear time (no look-around)
# They give a schema further names or make a reference depend on the way that led to it.
UNSUPPORTED = (
    "$dynamicRef",
    "$recursiveRef",
    "$dynamicAnchor",
    "$recursiveAnchor",
    "$anchor",
    "$id",
    "id",
    "$vocabulary",
)
# Their values are data or names, not schemas: what looks like a keyword in them is none.
PLAIN = frozenset({"const", "enum", "default", "examples", "required", "dependentRequired", "type", "pattern"})
NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})


def validator_of(schema: dict[str, Any]) -> Any:
    """Compile a schema: no fetching, patterns in linear time.

    Raises:
        ValueError: it is no valid schema (jsonschema-rs' own errors are ValueErrors).
    """
    return jsonschema_rs.validator_for(
        schema, offline=True, pattern_options=jsonschema_rs.RegexOptions(size_limit=MAX_PATTERN_BYTES)
    )


def check_schema(schema: dict[str, Any]) -> None:
    """Refuse a schema that cannot be used.

    Args:
        schema: as the caller sent it.

    Raises:
        InvalidRequest: what is wrong, with the dotted path of the part in `field`.
    """
    _walk(schema, "schema", 1)
    try:
        size = len(json.dumps(schema).encode("utf-8", "surrogatepass"))
    except (RecursionError, ValueError) as error:
        raise InvalidRequest("is nested too deeply", field="schema") from error
    if size > MAX_SCHEMA_BYTES:
        raise InvalidRequest(f"has {size} bytes; at most {MAX_SCHEMA_BYTES} are allowed", field="schema")
    _keywords(schema, "schema")
    try:
        validator_of(schema)
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidRequest(_sentence(error), field=_field(error)) from error
    unroll(schema)


def _walk(value: Any, path: str, depth: int) -> None:
    """Check depth and numbers everywhere; properties count as one level with their schema."""
    if depth > MAX_SCHEMA_DEPTH * 2:
        raise InvalidRequest(f"is nested more than {MAX_SCHEMA_DEPTH} levels deep", field=path[:200])
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidRequest("must be a finite number", field=path)
    if isinstance(value, dict):
        for key, part in value.items():
            _walk(part, f"{path}.{key}", depth + 1)
    elif isinstance(value, list):
        for at, part in enumerate(value):
            _walk(part, f"{path}[{at}]", depth + 1)


def _keywords(schema: Any, path: str, depth: int = 1) -> None:
    """Check the keywords of every subschema: its depth, no foreign names, references only into itself."""
    if depth > MAX_SCHEMA_DEPTH:
        raise InvalidRequest(f"is nested more than {MAX_SCHEMA_DEPTH} levels deep", field=path[:200])
    if isinstance(schema, list):
        for at, part in enumerate(schema):
            _keywords(part, f"{path}[{at}]", depth)
    if not isinstance(schema, dict):
        return
    for word in UNSUPPORTED:
        if isinstance(schema.get(word), str | bool | dict):
            raise InvalidRequest("is not supported", field=f"{path}.{word}")
    reference = schema.get("$ref")
    if reference is not None and not (isinstance(reference, str) and (reference == "#" or reference.startswith("#/"))):
        raise InvalidRequest("may only refer to this schema itself (`#/...`); nothing is fetched", field=f"{path}.$ref")
    for key, part in schema.items():
        if key in NAMED and isinstance(part, dict):
            for name, named in part.items():
                _keywords(named, f"{path}.{key}.{name}", depth + 1)
        elif key not in PLAIN and isinstance(part, dict | list):
            _keywords(part, f"{path}.{key}", depth + 1)


def _sentence(error: Exception) -> str:
    """Say what jsonschema-rs found, without the schema that it quotes."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if "regex" in text or "pattern" in text.lower():
        return "is not a usable pattern (look-around and back references are not supported)"
    return f"is not a valid JSON Schema: {text[:200]}"


def _field(error: Exception) -> str:
    path = getattr(error, "instance_path", None) or []
    return ".".join(["schema", *(str(piece) for piece in path)])
