"""Builds the answer cache of a classify worker, and what takes entries away when their time or their place is over.

The semantic tier needs the encoder and FAISS, which are loaded here and only when it is switched on.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from redis.asyncio import Redis

from workers.cache.exact import ExactCache
from workers.contracts.errors import StoreUnavailable
from workers.settings import Settings
from workers.stages.classify import AnswerCache
from workers.store.cache import CacheStore
from workers.store.checks import CheckStore
from workers.store.reading import JobReader
from workers.store.scripts import Scripts

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from workers.cache.judge.judge import Judge
    from workers.encoding.encoder import Encoder

SWEEP_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Caching:
    """The cache of one process, and the work beside it that never ends."""

    cache: AnswerCache
    background: dict[str, Coroutine[Any, Any, None]]


async def open_cache(redis: Redis, scripts: Scripts, settings: Settings, encoder: Encoder | None) -> Caching:
    """Open the cache of a classify worker; with the semantic tier, its snapshot is read now."""
    exact = ExactCache(JobReader(redis, settings), settings.cache.join)
    if not settings.cache.semantic or encoder is None:
        return Caching(exact, {})
    from workers.cache.replica.follower import Follower  # noqa: PLC0415 - loads FAISS
    from workers.cache.semantic import SemanticCache  # noqa: PLC0415 - loads numpy
    from workers.store.cache_log import CacheLog  # noqa: PLC0415

    source = CacheLog(redis, scripts, settings)
    follower = Follower(source, encoder, snapshot_path(settings), settings.cache.snapshot_s)
    await follower.start()
    pairs = CheckStore(redis, scripts, settings) if settings.cache.grey.per_day else None
    cache = SemanticCache(exact, follower, source, ready_judge(), encoder.fingerprint, settings.cache, pairs)
    return Caching(cache, {"cache": follower.keep_for_ever(), "judge": cache.prepare_for_ever()})


async def sweep_for_ever(redis: Redis, scripts: Scripts, settings: Settings) -> None:
    """Take away entries whose life is over and, beyond `cache.max_bytes`, those worth least; any worker may do so."""
    store = CacheStore(redis, scripts, settings)
    while True:
        await asyncio.sleep(SWEEP_S)
        try:
            await store.sweep()
        except StoreUnavailable:
            continue


def snapshot_path(settings: Settings) -> Path:
    """Name the snapshot's file: one for each Redis and key prefix that this data folder was used with.

    The name is made without the password, and a file under another one's name would do no harm: a replica whose place in
    the log is unknown there compares itself with the list of entries.
    """
    parts = urlsplit(settings.redis_url.get_secret_value())
    place = f"{parts.netloc.rpartition('@')[2]}{parts.path} {settings.redis.key_prefix}"
    return settings.data_dir / "cache" / f"{hashlib.sha256(place.encode()).hexdigest()[:16]}.snapshot"


def ready_judge() -> Judge:
    """Make the judge of workers/cache/judge with its word list read: the first look-up would else keep the loop waiting."""
    from workers.cache.judge.judge import Judge  # noqa: PLC0415 - loads numpy
    from workers.cache.judge.lexicon import lexicon  # noqa: PLC0415

    lexicon()
    return Judge()
