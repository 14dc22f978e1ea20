"""Whether a schema fits the strict mode of the `json_schema` means.

Servers refuse a whole request for one keyword that their strict mode does not know, and they differ in what they know:
only what all of them take is called strict. Everything else goes in unstrict, and is validated here anyway.
"""

from __future__ import annotations

from typing import Any, Final

KNOWN: Final = frozenset({
    "type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "$ref", "$defs",
    "definitions", "title", "description",
})  # fmt: skip
MOST_PROPERTIES = 100
MOST_LEVELS = 5
MOST_ENTRIES = 500  # of all `enum`s


def is_strict(schema: dict[str, Any]) -> bool:
    """Whether objects are closed with every property required, keywords are plain, and sizes are within the limits."""
    if schema.get("type") != "object":
        return False
    found: list[tuple[dict[str, Any], int]] = []
    left: list[tuple[Any, int]] = [(schema, 1)]
    while left:
        part, level = left.pop()
        if not isinstance(part, dict) or level > MOST_LEVELS or not _plain(part):
            return False
        found.append((part, level))
        left.extend(_inner(part, level))
    properties = sum(len(part.get("properties") or ()) for part, _ in found)
    return properties <= MOST_PROPERTIES and sum(len(part.get("enum") or ()) for part, _ in found) <= MOST_ENTRIES


def _plain(schema: dict[str, Any]) -> bool:
    """Whether one schema object has only what strict mode takes."""
    if not KNOWN.issuperset(schema):
        return False
    if "$ref" in schema:
        return set(schema) == {"$ref"}
    if "anyOf" not in schema and "type" not in schema:
        return False
    if schema.get("type") == "array":
        return "items" in schema
    if schema.get("type") != "object" and "properties" not in schema:
        return True
    names = set(schema.get("properties") or ())
    return schema.get("additionalProperties") is False and set(schema.get("required") or ()) == names


def _inner(schema: dict[str, Any], level: int) -> list[tuple[Any, int]]:
    inner = [(part, level + 1) for part in (schema.get("properties") or {}).values()]
    inner += [(schema["items"], level + 1)] if "items" in schema else []
    inner += [(part, level) for part in schema.get("anyOf") or ()]
    return inner + [(part, 2) for word in ("$defs", "definitions") for part in (schema.get(word) or {}).values()]
