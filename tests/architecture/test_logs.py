"""Every log line about a job names it, and none has a field that could hold what a caller or a model wrote."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
METHODS = {"debug", "info", "warning", "error", "exception", "critical", "log", "msg"}
ABOUT_A_JOB = {"attempt", "job", "message", "lease", "answer", "route", "fallback", "finish", "delivery", "stream"}
ALSO = {"cache.hit", "cache.broken"}
# Fields that may be logged; a new one belongs here only when no caller and no model can write into it.
HARMLESS = {
    "job", "attempt", "delivery", "tries", "queue", "queues", "lane", "model", "task_type", "cause", "code", "status",
    "tier", "similarity", "error", "where", "reason", "outcome", "worker", "for_s", "free", "took_s", "duration_s",
    "crashes", "in_flight", "attempts", "entries", "part", "method", "artefact", "threshold", "problems", "note", "folder",
    "check", "kind", "scope", "level", "wrong", "audited", "limit", "until_ms",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One call of a logger."""

    where: str
    event: str | None
    fields: frozenset[str]
    spread: frozenset[str]

    def __str__(self) -> str:
        """Name it for pytest."""
        return f"{self.where} {self.event}"


def lines() -> Iterator[Line]:
    """Every call of a module's `log`."""
    for folder in ("api", "workers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "\nlog = logger(" not in path.read_text():  # another thing of that name
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                    continue
                if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "log"):
                    continue
                first = node.args[0] if node.args else None
                yield Line(
                    f"{path.relative_to(ROOT)}:{node.lineno}",
                    first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None,
                    frozenset(keyword.arg for keyword in node.keywords if keyword.arg),
                    frozenset(ast.unparse(keyword.value) for keyword in node.keywords if not keyword.arg),
                )


LINES = list(lines())


def test_the_search_finds_them() -> None:
    """Else the tests below would check nothing."""
    assert len(LINES) > 35
    assert {"attempt.failed", "attempt.succeeded", "lease.lost", "request.broken"} <= {line.event for line in LINES}


@pytest.mark.parametrize("line", LINES, ids=str)
def test_a_line_has_a_name_and_harmless_fields(line: Line) -> None:
    """The event is a constant `noun.verb`; no text is put into it, and no field is unknown here."""
    assert line.event is not None, "an event made of text may hold anything"
    noun, _, verb = line.event.partition(".")
    assert noun.isidentifier()
    assert verb.isidentifier()
    assert line.fields <= HARMLESS, sorted(line.fields - HARMLESS)


@pytest.mark.parametrize(
    "line", [one for one in LINES if (one.event or "").split(".")[0] in ABOUT_A_JOB or one.event in ALSO], ids=str
)
def test_a_line_about_a_job_names_it(line: Line) -> None:
    """By the field `job`, so that one search finds all that was said of it."""
    names_it = any(text.startswith("_named(") or text == "named" for text in line.spread)  # workers/runtime.py
    assert "job" in line.fields or names_it
