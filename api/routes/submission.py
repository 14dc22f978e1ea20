"""How a submission is described: its body and its idempotency key, which the route reads by itself."""

from __future__ import annotations

from typing import Any

SHORT = {"input": "What is the capital of France?"}
SCHEMA = {
    "input": "A train leaves at 9:40 and arrives at 13:05. How long is the ride?",
    "route": "reasoning",
    "schema": {"type": "object", "properties": {"minutes": {"type": "integer"}}, "required": ["minutes"]},
    "deadline_s": 120,
    "metadata": {"ticket": "4711"},
}
CHAT = {
    "instructions": "Answer in one sentence.",
    "input": [
        {"role": "user", "content": "Which is the longest river of France?"},
        {"role": "assistant", "content": "The Loire."},
        {"role": "user", "content": "And the second longest?"},
    ],
    "temperature": 0.2,
    "cache": "refresh",
}
FEEDBACK: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Feedback"},
                "examples": {
                    "right": {"value": {"correct": True}},
                    "wrong": {"value": {"correct": False, "needs_reasoning": True, "comment": "It forgot the VAT."}},
                },
            }
        },
    }
}
SUBMISSION: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/JobRequest"},
                "examples": {
                    "short": {"value": SHORT},
                    "with a schema": {"value": SCHEMA},
                    "chat messages": {"value": CHAT},
                },
            }
        },
    },
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
            "example": "order-4711",
            "description": "the same key and body give the same job for 24 hours; with another body it is refused (422,"
            " `idempotency_key_reused`). A token, or a quoted string as in the IETF draft",
        }
    ],
}
