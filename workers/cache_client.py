"""Cache entries of a tenant and what audits found in them: the face of the answer cache that the API imports.

It promises that no tenant sees another's entries, and that what it removed is served by no process from its next look-up on.
"""

from __future__ import annotations

import time

from redis.asyncio import Redis

from workers.contracts.audit import CacheAudit
from workers.contracts.caching import CacheChoice, CacheEntryDetail, CachePage, CacheRemoved
from workers.contracts.errors import InvalidRequest, NotFound
from workers.settings import Settings
from workers.store.cache import CacheStore
from workers.store.checks import CheckStore
from workers.store.entries import ENTRY_ID, read_cursor
from workers.store.scripts import Scripts


class CacheClient:
    """The cached answers of all tenants, for one process."""

    def __init__(self, redis: Redis, scripts: Scripts, settings: Settings) -> None:
        self._store = CacheStore(redis, scripts, settings)
        self._checks = CheckStore(redis, scripts, settings)

    async def page(self, tenant: str, choice: CacheChoice, *, limit: int = 20, cursor: str | None = None) -> CachePage:
        """List the cache entries that a tenant stored, newest first.

        Raises:
            InvalidRequest: the cursor is not one of ours.
        """
        after = read_cursor(cursor) if cursor is not None else None
        if cursor is not None and after is None:
            raise InvalidRequest("is not a cursor of this list", field="cursor")
        entries, following = await self._store.page(
            tenant, choice, limit=limit, after=after, now_ms=int(time.time() * 1000)
        )
        return CachePage(data=entries, next_cursor=following)

    async def get(self, tenant: str, entry: str) -> CacheEntryDetail:
        """Read a cache entry with its answer and who was given it.

        Raises:
            NotFound: the tenant stored no such entry.
        """
        found = await self._store.get(tenant, entry) if ENTRY_ID.match(entry) else None
        if found is None:
            raise NotFound("there is no such cache entry")
        return found

    async def remove(self, tenant: str, entry: str) -> CacheRemoved:
        """Remove a cache entry; no process serves it from its next look-up on.

        Raises:
            NotFound: the tenant stored no such entry.
        """
        if not ENTRY_ID.match(entry) or not await self._store.remove(tenant, entry):
            raise NotFound("there is no such cache entry")
        return CacheRemoved(removed=1)

    async def remove_chosen(self, tenant: str, choice: CacheChoice) -> CacheRemoved:
        """Remove a tenant's cache entries by scope, tag and age."""
        return CacheRemoved(removed=await self._store.remove_chosen(tenant, choice, now_ms=int(time.time() * 1000)))

    async def audit(self, tenant: str) -> CacheAudit:
        """Tell what audits found in a tenant's scopes, and what its checks of today cost."""
        return await self._checks.report(tenant)
