"""Examples of cache entries for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from api.answers import JOB_ID

ENTRY_ID = f"ent_{'0123456789abcdef' * 4}"
_ENTRY: dict[str, Any] = {
    "id": ENTRY_ID,
    "object": "cache_entry",
    "scope": "5d41402abc4b2a76b9719d911017c592",
    "shared": None,
    "input": "What is the capital of France?",
    "source_job": JOB_ID,
    "model": "quick",
    "lane": "standard",
    "task_type": "lookup",
    "rule": "kept",
    "tags": ["geography"],
    "semantic": True,
    "stored_at": "2026-01-15T09:30:00Z",
    "expires_at": "2026-01-16T09:30:00Z",
    "size_bytes": 3012,
    "hits": 3,
    "saved_usd": 0.0012,
    "saved_s": 4.2,
}
PAGE: dict[str, Any] = {"object": "list", "data": [_ENTRY], "next_cursor": None}
DETAIL: dict[str, Any] = {
    **_ENTRY,
    "result": {"answer": "Paris"},
    "served": [
        {
            "job": JOB_ID.replace("019a", "019b"),
            "at": "2026-01-15T10:00:00Z",
            "tier": "semantic",
            "similarity": 0.9731,
            "reason": "same words in another order",
            "input": "France's capital is which city?",
        }
    ],
}
REMOVED: dict[str, Any] = {"object": "cache_removed", "removed": 1}
