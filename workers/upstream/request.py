"""Writes the body of a chat completion request as one model wants it."""

from __future__ import annotations

from typing import Any

from workers.contracts.calls import ModelCall, ModelSpec
from workers.contracts.request import Message


def body_of(call: ModelCall, *, stream_options: bool) -> dict[str, Any]:
    """Write the request's body; what the caller left open is left to the model."""
    model, wanted = call.model, call.generation
    body: dict[str, Any] = {
        "model": model.model,
        "messages": messages_of(call.messages, model),
        "stream": True,
    }
    if stream_options:
        body["stream_options"] = {"include_usage": True}
    limit = wanted.max_output_tokens or model.max_output_tokens
    if limit:
        body[model.max_tokens_field] = limit
    if model.sampling:
        body |= {name: value for name in ("temperature", "top_p") if (value := getattr(wanted, name)) is not None}
    body |= {
        name: value for name in ("seed", "stop", "reasoning_effort") if (value := getattr(wanted, name)) is not None
    }
    return body | call.body | model.extra_body


def messages_of(messages: tuple[Message, ...], model: ModelSpec) -> list[dict[str, str]]:
    """Write the messages, with instructions in the role that the model knows."""
    if model.system_role != "none":
        return [
            {"role": model.system_role if turn.role == "system" else turn.role, "content": turn.content}
            for turn in messages
        ]
    told = "\n\n".join(turn.content for turn in messages if turn.role == "system")
    turns = [{"role": turn.role, "content": turn.content} for turn in messages if turn.role != "system"]
    if told and turns:
        turns[0] = {**turns[0], "content": f"{told}\n\n{turns[0]['content']}"}
    return turns
