"""What it costs to check a reply against a schema, in units of about 0.1 microseconds, so that it can be bounded.

The validator remembers for each reference where it fitted, so that a check looks at most once at each pair of a value
and a part of the schema, and matches each pattern at most once on each string. Measured on jsonschema-rs 0.60: a value
against a keyword or an entry of `enum` 40 to 90 ns, and patterns at worst 0.17 ns for each byte of the text and each
byte of the compiled pattern.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jsonschema_rs

from workers.submission.subschemas import refusal

SIZES_BYTES = (1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000)  # of a compiled pattern
MOST_PATTERNS = 200
MOST_PATTERN_BYTES = 2_000_000  # of all patterns of a schema, compiled
DFA_BYTES = 200_000  # a pattern's cache while it matches
BYTES_A_UNIT = 500
MOST_UNITS = 20_000_000
LOOKS = ("(?=", "(?!", "(?<=", "(?<!")


@dataclass(frozen=True, slots=True)
class Load:
    """What checking costs for each value of a reply, and for each byte of its text."""

    each_value: int
    each_byte: int

    def bearable(self, text: str) -> bool:
        """Whether a reply with this text can be checked in about two seconds at the very worst."""
        if (self.each_value // 2 + 4 * self.each_byte) * len(text) <= MOST_UNITS:
            return True  # however its characters are used
        values = 1 + text.count(",") + text.count(":") + text.count("[") + text.count("{")
        size_bytes = len(text.encode("utf-8", "surrogatepass"))
        return self.each_value * values + self.each_byte * size_bytes <= MOST_UNITS


def load_of(schema: dict[str, Any], schemas: list[tuple[str, dict[str, Any]]]) -> Load:
    """Add up what the parts of a schema cost.

    Args:
        schema: the whole.
        schemas: every schema object in it, with its path.

    Raises:
        InvalidRequest: a pattern that cannot be used, or too many or too large ones.
    """
    patterns = list(_patterns(schemas))
    if len(patterns) > MOST_PATTERNS:
        raise refusal(f"has {len(patterns)} patterns; at most {MOST_PATTERNS} are allowed", "schema")
    total_bytes = 0
    for path, pattern in patterns:
        total_bytes += _size_bytes(pattern, path)
        if total_bytes > MOST_PATTERN_BYTES:
            raise refusal("is one pattern too many: together they are too large when compiled", path)
    return Load(_entries(schema), total_bytes // BYTES_A_UNIT)


def _patterns(schemas: list[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, str]]:
    for path, schema in schemas:
        if isinstance(schema.get("pattern"), str):
            yield f"{path}.pattern", schema["pattern"]
        named = schema.get("patternProperties")
        if isinstance(named, dict):
            yield from ((f"{path}.patternProperties.{pattern}", pattern) for pattern in named)


def _size_bytes(pattern: str, path: str) -> int:
    size_bytes = _compiled_bytes(pattern)
    if size_bytes is not None:
        return size_bytes
    if any(look in pattern for look in LOOKS):
        raise refusal("is not a usable pattern: look-ahead and look-behind are not supported", path)
    raise refusal(
        "is not a usable pattern: it is malformed, refers back to a group, or is too large when compiled", path
    )


@lru_cache(maxsize=1024)
def _compiled_bytes(pattern: str) -> int | None:
    """The smallest of the sizes that a pattern compiles in; None when it does not."""
    for size_bytes in SIZES_BYTES:
        try:
            jsonschema_rs.validator_for({"pattern": pattern}, offline=True, pattern_options=pattern_options(size_bytes))
        except ValueError:
            continue
        return size_bytes
    return None


def pattern_options(size_bytes: int = SIZES_BYTES[-1]) -> jsonschema_rs.RegexOptions:
    """Choose the engine without backtracking: it takes linear time, and knows neither look-around nor back references."""
    return jsonschema_rs.RegexOptions(size_limit=size_bytes, dfa_size_limit=DFA_BYTES)


def _entries(schema: dict[str, Any]) -> int:
    """How many entries the document has; a list of words is looked up at once and counts as one."""
    count, left = 0, [schema]
    while left:
        value: Any = left.pop()
        count += 1
        if isinstance(value, dict):
            left.extend(value.values())
        elif isinstance(value, list) and not all(isinstance(entry, str) for entry in value):
            left.extend(value)
    return count
