"""What the tests of structured results ask, and how a model replies."""

from __future__ import annotations

from typing import Any

from workers.contracts.calls import Ask, ModelSpec, Reply
from workers.contracts.job import Usage
from workers.contracts.request import JobRequest
from workers.structured import ask

TOTAL: dict[str, Any] = {
    "type": "object",
    "properties": {"total": {"type": "number"}, "unit": {"type": "string"}},
    "required": ["total"],
    "additionalProperties": False,
}
TREE: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "kids": {"type": "array", "items": {"$ref": "#"}}},
    "required": ["name"],
}


def asked(schema: dict | None = TOTAL, means: str = "json_object") -> Ask:
    """How an answer was asked for."""
    request = JobRequest(input="?") if schema is None else JobRequest(input="?", schema=schema)
    return ask(request, ModelSpec(name="m", upstream="u", model="m", structured=means))


def reply(text: str, *, finish: str | None = "stop", tool: str | None = None, thinking: str = "") -> Reply:
    """A reply with a text."""
    return Reply(text, thinking, tool, finish, Usage())
