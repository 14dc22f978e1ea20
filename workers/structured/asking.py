"""Asks for a structured answer by the best means that the catalogue says a model has."""

from __future__ import annotations

import json
from typing import Any, Final

from workers.contracts.calls import Ask, ModelSpec, Reply, StructuredMeans
from workers.contracts.request import JobRequest, Message
from workers.structured.strictness import is_strict
from workers.structured.wrapping import asked_schema

DEFAULT_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}
TOOL = "give_answer"
ONLY_JSON = "Reply with the final answer only, as one JSON value and nothing else: no explanation, no code fence."
MOST_RESHAPED_CHARS = 24_000  # of the reply that is to be reshaped, from its end, where answers stand


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
    means: StructuredMeans = "instructions" if model.structured == "text" else model.structured
    body, told = _means(means, asked.answer_schema, default=asked.default_schema)
    text = (reply.text or reply.tool_arguments or "")[-MOST_RESHAPED_CHARS:]
    wrong = "; ".join(problems[:5])
    messages = (
        _system(told or _told(asked_schema(asked.answer_schema, means))),
        Message(
            role="user",
            content="Bring the final answer of the text below into the required JSON. Change nothing of what it says"
            f" and add nothing to it. What was wrong with its form: {wrong}.\n\n---\n{text}\n---",
        ),
    )
    return Ask(messages, body, asked.answer_schema, asked.default_schema, means)


def _means(means: StructuredMeans, schema: dict[str, Any], *, default: bool) -> tuple[dict[str, Any], str]:
    """The body fields and the instructions of one means."""
    wanted = asked_schema(schema, means)
    if means == "json_schema":
        form = {"name": "answer", "schema": wanted, "strict": is_strict(wanted)}
        return {"response_format": {"type": "json_schema", "json_schema": form}}, ""
    if means == "json_object":
        return {"response_format": {"type": "json_object"}}, _told(wanted)
    if means == "tool":
        function = {"name": TOOL, "description": "Give the final answer.", "parameters": wanted}
        choice = {"type": "function", "function": {"name": TOOL}}
        return {"tools": [{"type": "function", "function": function}], "tool_choice": choice}, ""
    return ({}, "") if means == "text" and default else ({}, _told(wanted))


def _told(schema: dict[str, Any]) -> str:
    return f"{ONLY_JSON} It must fit this JSON Schema:\n{json.dumps(schema, ensure_ascii=False)}"


def _instructed(messages: tuple[Message, ...], told: str) -> tuple[Message, ...]:
    if not told:
        return messages
    if messages[0].role == "system":
        return (_system(f"{messages[0].content}\n\n{told}"), *messages[1:])
    return (_system(told), *messages)


def _system(content: str) -> Message:
    """Make a system message; the limit on its length is the caller's, not ours."""
    return Message.model_construct(role="system", content=content)
