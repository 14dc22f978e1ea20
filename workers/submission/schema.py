"""Decides at submission whether a caller's JSON Schema can be used: whatever is accepted here never fails later.

A schema must be valid, small and shallow, refer only to itself, have patterns that take linear time, and be such that
something fits it. Formats are annotations, as the current draft has it; nothing is ever fetched.
"""

from __future__ import annotations

import json
import math
from typing import Any

import jsonschema_rs

from workers.contracts.errors import InvalidRequest
from workers.contracts.request import MAX_SCHEMA_BYTES, MAX_SCHEMA_DEPTH
from workers.submission.load import Load, load_of, pattern_options
from workers.submission.satisfiable import check_circles, impossible
from workers.submission.subschemas import reachable, refusal

MOST_RAW_DEPTH = MAX_SCHEMA_DEPTH * 2  # of the document: a property is two levels of it and one of the schema
MOST_SENTENCE_CHARS = 200
# They give a schema further names, or make a reference depend on the way that led to it.
UNSUPPORTED = ("$dynamicRef", "$recursiveRef", "$dynamicAnchor", "$recursiveAnchor", "$anchor", "$vocabulary")
ONLY_AT_THE_ROOT = ("$id", "$schema")
OWN_NAME = ("$id", "id")


def validator_of(schema: dict[str, Any]) -> Any:
    """Compile a schema: no fetching, patterns in linear time, its own name left out.

    Raises:
        ValueError: it is no valid schema (jsonschema-rs' own errors are ValueErrors).
    """
    unnamed = {word: part for word, part in schema.items() if not (word in OWN_NAME and isinstance(part, str))}
    return jsonschema_rs.validator_for(unnamed, offline=True, validate_formats=False, pattern_options=pattern_options())


def check_schema(schema: dict[str, Any]) -> None:
    """Refuse a schema that cannot be used.

    Args:
        schema: as the caller sent it.

    Raises:
        InvalidRequest: what is wrong, with the dotted path of the part in `field`.
    """
    _check_size(schema)
    _check_shape(schema, "schema", 1)
    schemas = [(path, node) for path, node, level in reachable(schema) if _checked(path, node, level)]
    check_circles(schema, schemas)
    load_of(schema, schemas)
    try:
        validator_of(schema)
    except (ValueError, TypeError, RecursionError) as error:
        raise refusal(_sentence(error), _field(error)) from error
    if impossible(schema):
        raise refusal("cannot be fitted by any answer", "schema")


def load(schema: dict[str, Any]) -> Load:
    """Tell what checking against a schema costs that was accepted before.

    Raises:
        InvalidRequest: it was not.
    """
    return load_of(schema, [(path, node) for path, node, _ in reachable(schema)])


def _check_size(schema: dict[str, Any]) -> None:
    try:
        size = len(json.dumps(schema).encode())
    except (RecursionError, ValueError, TypeError) as error:
        raise InvalidRequest("is nested too deeply, or holds a number that is too long", field="schema") from error
    if size > MAX_SCHEMA_BYTES:
        raise InvalidRequest(f"has {size} bytes; at most {MAX_SCHEMA_BYTES} are allowed", field="schema")


def _check_shape(value: Any, path: str, depth: int) -> None:
    """Check depth, numbers and characters everywhere, also where no schema is."""
    if depth > MOST_RAW_DEPTH:
        raise refusal(f"is nested more than {MAX_SCHEMA_DEPTH} levels deep", path)
    if isinstance(value, float) and not math.isfinite(value):
        raise refusal("must be a finite number", path)
    if isinstance(value, str) and not _encodable(value):
        raise refusal("holds half of a character", path)
    if isinstance(value, dict):
        for key, part in value.items():
            if not _encodable(key):
                raise refusal("has a name with half of a character", path)
            _check_shape(part, f"{path}.{key}", depth + 1)
    elif isinstance(value, list):
        for at, part in enumerate(value):
            _check_shape(part, f"{path}[{at}]", depth + 1)


def _encodable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _checked(path: str, node: dict[str, Any], level: int) -> bool:
    """Check one schema object: its level, no further names, nothing that belongs to the root."""
    if level > MAX_SCHEMA_DEPTH:
        raise refusal(f"is nested more than {MAX_SCHEMA_DEPTH} levels deep", path)
    for word in UNSUPPORTED:
        if word in node:
            raise refusal("is not supported; refer to definitions by `#/$defs/...`", f"{path}.{word}")
    for word in ONLY_AT_THE_ROOT if path != "schema" else ():
        if isinstance(node.get(word), str):
            raise refusal("is supported only at the root of the schema", f"{path}.{word}")
    if path != "schema" and isinstance(node.get("id"), str) and isinstance(node.get("$ref", node.get("id")), str):
        raise refusal("is supported only at the root of the schema", f"{path}.id")
    return True


def _sentence(error: Exception) -> str:
    """Say what jsonschema-rs found, in its first line."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return f"is not a valid JSON Schema: {text[:MOST_SENTENCE_CHARS]}"


def _field(error: Exception) -> str:
    path = getattr(error, "instance_path", None) or []
    return ".".join(["schema", *(str(piece) for piece in path)])
