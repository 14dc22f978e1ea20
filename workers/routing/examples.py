"""Labelled queries, as users write them (JSON lines) and as training reads them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from workers.contracts.errors import ThinklineError
from workers.contracts.routing import TASK_TYPES


class ExampleRefusedError(ThinklineError):
    """A line of labelled queries cannot be used."""


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled query.

    Attributes:
        text: the query.
        instructions: how it was to be answered.
        label: 1 when it needs a reasoning model, 0 when not, between them when that is open; None when only measured.
        standard: whether the standard model was right (1 or 0); None when not measured.
        reasoning: whether the reasoning model was right.
        difficulty: how likely a standard model is to fail, when more is known than one answer tells.
        task_type: one of the task types, or None.
        source: where it comes from; sources count alike, and evaluation leaves whole sources out.
        group: a part of its source that counts alike with its other parts, such as a task.
        weight: how much its source counts beside others.
    """

    text: str
    instructions: str | None = None
    label: float | None = None
    standard: float | None = None
    reasoning: float | None = None
    difficulty: float | None = None
    task_type: str | None = None
    source: str = "own"
    group: str = ""
    weight: float = 1.0

    @property
    def measured(self) -> bool:
        """Whether both models answered it."""
        return self.standard is not None and self.reasoning is not None

    @property
    def hard(self) -> float | None:
        """How much a reasoning model helps, as far as that was measured: 1 when only it was right, 0 when it was not."""
        if self.difficulty is not None or self.standard is None or self.reasoning is None:
            return self.difficulty
        return max(0.0, self.reasoning - self.standard)


def read(lines: Iterable[str]) -> list[Example]:
    """Read JSON lines; empty lines are passed over.

    Raises:
        ExampleRefusedError: a line is no such object; the message names the line and the field.
    """
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            found.append(_example(number, line))
    if not found:
        raise ExampleRefusedError("there is no labelled query: give JSON lines with `input` and `label`")
    return found


def fingerprint(examples: Sequence[Example]) -> str:
    """Hash labelled queries in any order: 32 hexadecimal digits."""
    rows = sorted(json.dumps([getattr(one, name) for name in Example.__slots__]) for one in examples)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:32]


def near_duplicate_key(text: str) -> str:
    """Write a text so that near-duplicates are equal: letters and digits in lower case, without spaces or marks."""
    return "".join(char for char in text.lower() if char.isalnum())[:400]


def parse_object(number: int, line: str) -> dict[str, Any]:
    """Read one line as a JSON object with a text `input`.

    Raises:
        ExampleRefusedError: it is not; the message names the line and the field.
    """
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ExampleRefusedError(f"line {number}: it is no JSON ({error})") from error
    if not isinstance(row, dict):
        raise ExampleRefusedError(f'line {number}: it is no object; write {{"input": "…"}}')
    text = row.get("input")
    if not isinstance(text, str) or not text.strip():
        raise ExampleRefusedError(f"line {number}: `input` must be a text that is not empty")
    instructions = row.get("instructions")
    if instructions is not None and not isinstance(instructions, str):
        raise ExampleRefusedError(f"line {number}: `instructions` must be a text")
    return row


def _example(number: int, line: str) -> Example:
    row = parse_object(number, line)
    label = row.get("label")
    standard, reasoning = (_answer(number, row, name) for name in ("standard_correct", "reasoning_correct"))
    if label is None and (standard is None or reasoning is None):
        raise ExampleRefusedError(
            f"line {number}: give `label` (reasoning or standard), or `standard_correct` and `reasoning_correct`"
        )
    if label not in (None, "reasoning", "standard"):
        raise ExampleRefusedError(f"line {number}: `label` must be reasoning or standard")
    task = row.get("task_type")
    if task is not None and (not isinstance(task, str) or task not in TASK_TYPES):
        raise ExampleRefusedError(f"line {number}: `task_type` must be one of {', '.join(TASK_TYPES)}")
    return Example(
        text=row["input"],
        instructions=row.get("instructions"),
        label=None if label is None else float(label == "reasoning"),
        standard=standard,
        reasoning=reasoning,
        task_type=task,
        source=str(row.get("source") or "own"),
    )


def _answer(number: int, row: dict[str, Any], name: str) -> float | None:
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or value in (0, 1):
        return float(value)
    raise ExampleRefusedError(f"line {number}: `{name}` must be true or false")
