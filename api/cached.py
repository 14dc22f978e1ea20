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
_NONE: dict[str, Any] = {"audited": 0, "wrong": 0, "undecided": 0, "error_rate": None, "upper_bound": 1.0}
AUDIT: dict[str, Any] = {
    "object": "cache_audit",
    "limit": 0.05,
    "data": [
        {
            "scope": "5d41402abc4b2a76b9719d911017c592",
            "shared": None,
            "level": "strict",
            "since": "2026-01-15T09:30:00Z",
            "until": "2026-01-16T09:30:00Z",
            "reason": "its audit found 3 of 60 answers given by meaning to be wrong (at most 13.7%, the limit is 5.0%)",
            "latest": _NONE,
            "semantic": {"audited": 60, "wrong": 3, "undecided": 1, "error_rate": 0.05, "upper_bound": 0.137035},
            "exact": _NONE,
            "audited_at": "2026-01-15T09:30:00Z",
        }
    ],
    "today": [
        {"kind": "audit", "begun": 12, "skipped": 0, "cost_usd": 0.0042, "most": 200, "most_usd": 1.0},
        {"kind": "grey", "begun": 0, "skipped": 0, "cost_usd": 0.0, "most": 0, "most_usd": 0.5},
    ],
}
