"""Tells whether a value fits a schema, and in which places it does not: by path and keyword, never by value.

To decide costs time in proportion to the reply. To describe what does not fit can cost far more where a schema refers
to itself, so that a misfit is described only where that is known to be cheap.
"""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import islice
from typing import Any

from workers.submission.schema import load, validator_of
from workers.submission.subschemas import ANY, parts, referred

MOST_PROBLEMS = 10
MOST_VISITS = 5_000  # pairs of a value and a schema that a description may look at
MOST_NAME_CHARS = 40
MOST_STEPS = 8


class Fitting:
    """A compiled schema."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self._validator = validator_of(schema)
        self._load = load(schema)
        self.names = frozenset(_names(schema))

    def problems(self, value: Any, text: str) -> tuple[str, ...]:
        """Say what does not fit; nothing when the value fits.

        Args:
            value: what was read.
            text: what it was read from, by which the work is bounded.
        """
        if not self._load.bearable(text):
            return ("$: too large to be checked against this schema",)
        try:
            if self._validator.is_valid(value):
                return ()
            if not self._cheap(value):
                return ("$: does not fit",)
            errors = list(islice(self._validator.iter_errors(value), MOST_PROBLEMS))
        except (ValueError, RecursionError, OverflowError):  # half a character, above all
            return ("$: cannot be checked",)
        return tuple(dict.fromkeys(f"{self._path(error.instance_path)}: {self._keyword(error)}" for error in errors))

    def _cheap(self, value: Any) -> bool:
        """Whether few enough pairs of a value and a schema meet."""
        left, visits = [(self._schema, value)], 0
        while left:
            schema, part = left.pop()
            visits += 1
            if visits > MOST_VISITS:
                return False
            if isinstance(schema, dict):
                left.extend(_meeting(self._schema, schema, part))
        return True

    def _path(self, steps: list[str | int]) -> str:
        # Names that the schema does not have are the model's words.
        told = (f"[{step}]" if isinstance(step, int) else f".{self._name(step)}" for step in steps[:MOST_STEPS])
        return "$" + "".join(told)

    def _name(self, name: str) -> str:
        return name if name in self.names and len(name) <= MOST_NAME_CHARS else "?"

    def _keyword(self, error: Any) -> str:
        words = [word for word in error.schema_path if isinstance(word, str)]
        missing = getattr(error.kind, "property", None) if words[-1:] == ["required"] else None
        if isinstance(missing, str):
            return f"required {self._name(missing)}"
        return words[-1] if words else "does not fit"


@lru_cache(maxsize=32)
def _compiled(schema: str) -> Fitting:
    return Fitting(json.loads(schema))


def fitting(schema: dict[str, Any]) -> Fitting:
    """Give the compiled form of a schema that was accepted at submission; the last 32 are kept."""
    return _compiled(json.dumps(schema))


def _meeting(root: dict[str, Any], schema: dict[str, Any], value: Any) -> list[tuple[Any, Any]]:
    """What meets next because a value meets a schema."""
    found = [(referred(root, schema["$ref"], "schema.$ref"), value)] if "$ref" in schema else []
    for part in parts(schema):
        if part.step is None:
            found.append((part.schema, value))
        elif part.step == ANY:
            inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
            found.extend((part.schema, each) for each in islice(inner, MOST_VISITS))
        elif _leads(part.step, value):
            found.append((part.schema, value[part.step]))
    return found


def _leads(step: str | int, value: Any) -> bool:
    if isinstance(step, int):
        return isinstance(value, list) and step < len(value)
    return isinstance(value, dict) and step in value


def _names(schema: dict[str, Any]) -> set[str]:
    """Every property name that a schema mentions."""
    names: set[str] = set()
    left: list[Any] = [schema]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            named, required = part.get("properties"), part.get("required")
            names.update(named if isinstance(named, dict) else ())
            names.update(name for name in (required if isinstance(required, list) else ()) if isinstance(name, str))
            left.extend(part.values())
        elif isinstance(part, list):
            left.extend(part)
    return names
