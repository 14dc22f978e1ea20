"""The scope of an answer: all that may change it beside the query. Nothing is ever served from one scope into another.

It holds the models that may answer (with their endpoints), the instructions, the conversation before the query, the
schema and the sampling parameters; the tenant, or the group of tenants that chose to share, stands beside it in each key.
"""

from __future__ import annotations

from typing import Any

from workers.contracts.request import JobRequest
from workers.settings import Settings
from workers.submission.fingerprint import digest, normalise

SCOPE_CHARS = 32  # of a SHA-256 in hex: 128 bits


def answer_scope(request: JobRequest, settings: Settings) -> dict[str, Any]:
    """Collect what an answer depends on beside its query. With `route: auto` either lane's model may answer."""
    lanes = settings.lanes
    models = [request.model] if request.model else [lanes.reasoning.model, lanes.standard.model]
    return {
        "turns": [[turn.role, turn.content] for turn in request.messages[:-1]],
        "route": request.route,
        "models": [[name, settings.models[name].upstream, settings.models[name].model] for name in models],
        "schema": request.answer_schema,
        "generation": request.generation.model_dump(exclude_none=True),
    }


def scope_hash(request: JobRequest, settings: Settings) -> str:
    """Name a scope in 32 hex characters."""
    return digest(answer_scope(request, settings))[:SCOPE_CHARS]


def exact_hash(request: JobRequest, settings: Settings) -> str:
    """Hash a query with its scope: all that may change its answer. The tenant is part of the key, not of the hash."""
    return digest({"query": normalise(request.query), **answer_scope(request, settings)})


def cache_key(tenant: str, request: JobRequest, settings: Settings) -> str:
    """Say where a job's answer lies in the cache: its hash, with `@GROUP/` before it when the tenant shares."""
    group = settings.cache.shared.get(tenant)
    found = exact_hash(request, settings)
    return f"@{group}/{found}" if group else found
