"""Cache entries for tests, kept the way that the system keeps them: by the step that ends their job."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.store import TENANT, Store
from workers.cache.replica.follower import Follower
from workers.store.cache import CacheStore
from workers.store.cache_log import CacheLog, as_text
from workers.store.jobs import Ending

SCOPE = "a" * 32
DIMENSIONS = 8


@dataclass(frozen=True, slots=True)
class Coder:
    """Stands for an encoder where only its name and its size matter."""

    fingerprint: str = "enc-1"
    dimensions: int = DIMENSIONS


CODER = Coder()


def vector_of(text: str) -> Any:
    """Make a vector of length one out of a text; equal texts have equal ones."""
    made = np.random.default_rng(list(text.encode())).normal(size=DIMENSIONS)
    return np.asarray(made / np.linalg.norm(made), np.float32)


def hash_of(text: str, scope: str = SCOPE) -> str:
    """Name a query in a scope, as the fingerprint of a request does."""
    return hashlib.sha256(f"{scope}/{text}".encode()).hexdigest()


def ref_of(text: str, *, tenant: str = TENANT, scope: str = SCOPE) -> str:
    """Refer to the entry of a text."""
    return f"{tenant}/{scope}/{hash_of(text, scope)}"


def ending(text: str, *, scope: str = SCOPE, life_s: float = 100, encoder: str = "enc-1", **fields: Any) -> Ending:
    """Describe the end of a job whose answer is kept."""
    told = {
        "result": '{"answer":"Paris"}', "model": "quick", "lane": "standard", "task_type": "lookup",
        "cache_scope": scope, "cache_text": text, "cache_rule": "kept", "cache_worth": "1", "cache_tags": "[]",
        "cache_cost": "0.5", "cache_took": "2",
        **({"cache_vector": as_text(vector_of(text).tobytes()), "cache_encoder": encoder} if encoder else {}),
        **fields,
    }  # fmt: skip
    key = fields.get("cache_key") or hash_of(text, scope)
    return Ending("succeeded", told, exact_hash=key, exact_s=life_s)


async def keep(store: Store, text: str, *, tenant: str = TENANT, **how: Any) -> str:
    """Answer a job with this text and keep its answer; gives the job's id."""
    claim = await store.running(tenant=tenant)
    assert await store.jobs.finish(claim.job_id, 0, ending(text, **how)) == "ok"
    return claim.job_id


def follow(store: Store, path: Path | None = None, encoder: Coder = CODER) -> Follower:
    """Make the replica of one more process."""
    return Follower(CacheLog(store.redis, store.scripts, store.settings), encoder, path, 60)


def entries(store: Store) -> CacheStore:
    """The face of those who tidy."""
    return CacheStore(store.redis, store.scripts, store.settings)
