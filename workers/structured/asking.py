"""Asks for a structured answer by the best means that the catalogue says a model has."""

from __future__ import annotations

import json
from typing import Any, Final

from workers.contracts.calls import Ask, ModelSpec, Reply
from workers.contracts.request import JobRequest, Message

DEFAULT_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}
TOOL = "give_answer"
ONLY_JSON = "Reply with the final answer only, as one JSON value and nothing else: no explanation, no code fence."
MOST_RESHAPED_CHARS = 24_000  # of the reply that is to be reshaped, from its end, where answers stand
# Keywords that strict mode of the `json_schema` means does not take; with any of them the schema goes in unstrict.
NOT_STRICT = frozenset({
    "allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties",
    "unevaluatedProperties", "unevaluatedItems", "propertyNames", "contains", "minContains", "maxContains",
    "prefixItems", "uniqueItems", "minProperties", "maxProperties", "default",
})  # fmt: skip


def ask(request: JobRequest, model: ModelSpec) -> Ask:
    """Say how to ask a model for a request's answer.

    A model that cannot do JSON (`text`) is asked for nothing under the default schema: its plain text becomes the
    answer.
    """
    schema = DEFAULT_SCHEMA if request.answer_schema is None else request.answer_schema
    default = request.answer_schema is None
    means = model.structured
    body, told = _means(means, schema, default=default)
    return Ask(_instructed(request.messages, told), body, schema, default, means)


def reshape(reply: Reply, asked: Ask, model: ModelSpec, problems: tuple[str, ...]) -> Ask:
    """Say how to ask the standard model, once, to bring a reply into the wanted shape.

    Args:
        reply: what did not fit; cut to its last part when it is long.
        asked: how it was asked for.
        model: who is to reshape it.
        problems: what did not fit.
    """
    means = "instructions" if model.structured == "text" else model.structured
    body, told = _means(means, asked.answer_schema, default=asked.default_schema)
    text = (reply.text or reply.tool_arguments or "")[-MOST_RESHAPED_CHARS:]
    wrong = "; ".join(problems[:5])
    messages = (
        Message(role="system", content=told or _told(asked.answer_schema)),
        Message(
            role="user",
            content="Bring the final answer of the text below into the required JSON. Change nothing of what it says"
            f" and add nothing to it. What was wrong with its form: {wrong}.\n\n---\n{text}\n---",
        ),
    )
    return Ask(messages, body, asked.answer_schema, asked.default_schema, means)


def _means(means: str, schema: dict[str, Any], *, default: bool) -> tuple[dict[str, Any], str]:
    """The body fields and the instructions of one means."""
    if means == "json_schema":
        wanted = {"name": "answer", "schema": schema, "strict": is_strict(schema)}
        return {"response_format": {"type": "json_schema", "json_schema": wanted}}, ""
    if means == "json_object":
        return {"response_format": {"type": "json_object"}}, _told(schema)
    if means == "tool":
        function = {"name": TOOL, "description": "Give the final answer.", "parameters": _object(schema)}
        choice = {"type": "function", "function": {"name": TOOL}}
        return {"tools": [{"type": "function", "function": function}], "tool_choice": choice}, ""
    return ({}, "") if means == "text" and default else ({}, _told(schema))


def _told(schema: dict[str, Any]) -> str:
    return f"{ONLY_JSON} It must fit this JSON Schema:\n{json.dumps(schema, ensure_ascii=False)}"


def _object(schema: dict[str, Any]) -> dict[str, Any]:
    """A tool's arguments are an object: anything else is asked for as its one property `value`."""
    if schema.get("type") == "object":
        return schema
    return {"type": "object", "properties": {"value": schema}, "required": ["value"], "additionalProperties": False}


def _instructed(messages: tuple[Message, ...], told: str) -> tuple[Message, ...]:
    if not told:
        return messages
    if messages[0].role == "system":
        return (Message(role="system", content=f"{messages[0].content}\n\n{told}"), *messages[1:])
    return (Message(role="system", content=told), *messages)


def is_strict(schema: Any) -> bool:
    """Whether a schema fits strict mode: closed objects with every property required, and plain keywords."""
    if isinstance(schema, list):
        return all(is_strict(part) for part in schema)
    if not isinstance(schema, dict):
        return True
    if not NOT_STRICT.isdisjoint(schema):
        return False
    properties = schema.get("properties")
    if isinstance(properties, dict) or schema.get("type") == "object":
        names = set(properties or {})
        if schema.get("additionalProperties") is not False or set(schema.get("required") or ()) != names:
            return False
    inner = [*(properties or {}).values(), *(schema.get("$defs") or {}).values(), *(schema.get("anyOf") or ())]
    return all(is_strict(part) for part in [*inner, schema.get("items")])
