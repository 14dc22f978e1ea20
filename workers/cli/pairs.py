"""Reading what the cache's tools are given: JSON lines, with errors that name the line and the field."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from workers.cli.failing import fail


@dataclass(frozen=True, slots=True)
class Query:
    """One past query of a stream."""

    text: str
    scope: str
    cost_usd: float | None


def read_pairs(lines: Iterable[str]) -> list[tuple[str, str]]:
    """Read `{"stored": …, "asked": …}` lines, or end the command with what is wrong."""
    return [(_text(row, "stored", at), _text(row, "asked", at)) for at, row in _rows(lines)]


def read_queries(lines: Iterable[str]) -> list[Query]:
    """Read `{"input": …}` lines, with an optional tenant, scope and cost_usd."""
    found = []
    for at, row in _rows(lines):
        scope = "\x00".join(_text(row, field, at) if field in row else "" for field in ("tenant", "scope"))
        cost = row.get("cost_usd")
        if cost is not None and (
            isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 <= cost < float("inf")
        ):
            fail(f"line {at}: field cost_usd is not a number from 0 on", 2)
        found.append(Query(_text(row, "input", at), scope, cost))
    return found


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    for at, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            fail(f"line {at}: not JSON ({error})", 2)
        if not isinstance(row, dict):
            fail(f"line {at}: not a JSON object", 2)
        yield at, row


def _text(row: dict[str, Any], field: str, at: int) -> str:
    if field not in row:
        fail(f"line {at}: field {field} is missing", 2)
    value = row[field]
    if not isinstance(value, str):
        fail(f"line {at}: field {field} is not a string", 2)
    if not value.strip():
        fail(f"line {at}: field {field} is empty", 2)
    return value
