"""Cache entries for those who own and tidy them: list, read, remove by name, scope, tag or age, and sweep.

A tenant sees and removes what it stored itself, in a shared scope too. Every removal is written to the cache's log in the
same step, so that each process knows it by its next look-up.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, cast

from redis.asyncio import Redis

from workers.contracts.caching import CacheChoice, CacheEntry, CacheEntryDetail, CacheServed
from workers.contracts.job import Lane
from workers.settings import Settings
from workers.store.connection import translated
from workers.store.entries import as_cursor, entry_id, entry_name, name_of
from workers.store.scripts import Scripts

FIELDS: Final = (
    "ref", "job", "model", "lane", "task_type", "hits", "stored_at", "ends_at", "tenant", "encoder", "text", "rule",
    "tags", "cost_usd", "took_s", "bytes",
)  # fmt: skip
AT_ONCE: Final = 200  # entries read or removed in one round trip; a script for more would hold up Redis for others
MOST_SERVED: Final = 100
Tier = Literal["exact", "semantic", "join"]
MOST_TEXT_CHARS: Final = 2_000  # of a query in a list


class CacheStore:
    """The entries."""

    def __init__(self, redis: Redis, scripts: Scripts, settings: Settings) -> None:
        self._redis: Any = redis
        self._call = scripts.call
        self._prefix = settings.redis.key_prefix
        self._max_bytes = settings.cache.max_bytes
        self._shared = settings.cache.shared

    async def page(
        self, tenant: str, choice: CacheChoice, *, limit: int, after: str | None, now_ms: int
    ) -> tuple[list[CacheEntry], str | None]:
        """Read a tenant's entries, newest first, and the cursor of the next page, None at the end.

        Args:
            tenant: who stored them.
            choice: which of them.
            limit: most entries.
            after: the member of the tenant's list that the page before ended with.
            now_ms: the time that ages are counted from.
        """
        found: list[CacheEntry] = []
        last = ""
        async for members in self._members(tenant, choice, after=after, now_ms=now_ms):
            rows = await self._read([name_of(_ref(member)) for member in members], FIELDS)
            for member, row in zip(members, rows, strict=True):
                entry = _entry(row)
                if entry is None or (choice.tag is not None and choice.tag not in entry.tags):
                    continue
                if len(found) == limit:
                    return found, as_cursor(last)
                found.append(entry)
                last = member
        return found, None

    async def get(self, tenant: str, name: str) -> CacheEntryDetail | None:
        """Read one entry with its answer and who was given it; None when the tenant stored no such entry."""
        found = await self._own(tenant, name)
        if found is None:
            return None
        key, row = found
        with translated():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hget(self._prefix + key, "result")
            pipeline.xrevrange(f"{self._prefix}{key}:served", count=MOST_SERVED)
            result, served = await pipeline.execute()
        entry = _entry(row, whole_text=True)
        if entry is None or result is None:
            return None
        return CacheEntryDetail(
            **entry.model_dump(), result=json.loads(result), served=await self._told(tenant, served)
        )

    async def remove(self, tenant: str, name: str) -> bool:
        """Remove one entry; False when the tenant stored no such entry."""
        found = await self._own(tenant, name)
        return found is not None and bool(await self._call("cache_remove", tenant, found[1][0] or ""))

    async def remove_chosen(self, tenant: str, choice: CacheChoice, *, now_ms: int) -> int:
        """Remove a tenant's entries by scope, tag and age; how many there were. What is stored meanwhile may stay."""
        removed = 0
        async for members in self._members(tenant, choice, after=None, now_ms=now_ms):
            refs = [_ref(member) for member in members]
            if choice.tag is not None:
                rows = await self._read([name_of(ref) for ref in refs], ("tags",))
                refs = [ref for ref, (tags,) in zip(refs, rows, strict=True) if choice.tag in json.loads(tags or "[]")]
            if refs:
                removed += int(await self._call("cache_remove", tenant, *refs))
        return removed

    async def sweep(self) -> tuple[int, int]:
        """Take away what is over, and what does not fit any more; how many entries of either."""
        expired = evicted = 0
        while True:
            over, out = await self._call("cache_sweep", str(self._max_bytes), str(AT_ONCE))
            expired, evicted = expired + over, evicted + out
            if over + out < AT_ONCE:
                return expired, evicted

    async def _members(
        self, tenant: str, choice: CacheChoice, *, after: str | None, now_ms: int
    ) -> AsyncIterator[list[str]]:
        """Walk through a tenant's list, newest first, by scope and age."""
        top = f"({after}" if after else "+"
        if choice.older_than_s is not None and not after:
            top = f"({max(0, now_ms - round(choice.older_than_s * 1000))}0"  # '0' sorts behind '/'
        while True:
            with translated():
                key = f"{self._prefix}tenant:{tenant}:entries"
                members = await self._redis.zrevrangebylex(key, top, "-", start=0, num=AT_ONCE)
            wanted = [member for member in members if choice.scope in (None, _ref(member).split("/")[1])]
            if wanted:
                yield wanted
            if len(members) < AT_ONCE:
                return
            top = f"({members[-1]}"

    async def _own(self, tenant: str, name: str) -> tuple[str, list[str | None]] | None:
        """Find an entry that a tenant stored by its id, in its own scopes or in the group's."""
        found = name.removeprefix("ent_")
        group = self._shared.get(tenant)
        keys = [entry_name(tenant, found), *([entry_name(tenant, f"@{group}/{found}")] if group else [])]
        for key, row in zip(keys, await self._read(keys, FIELDS), strict=True):
            if row[0] and row[FIELDS.index("tenant")] == tenant:
                return key, row
        return None

    async def _read(self, names: Sequence[str], fields: Sequence[str]) -> list[list[str | None]]:
        with translated():
            pipeline = self._redis.pipeline(transaction=False)
            for name in names:
                pipeline.hmget(self._prefix + name, fields)
            rows: list[list[str | None]] = await pipeline.execute()
        return rows

    async def _told(self, tenant: str, served: Sequence[tuple[str, dict[str, str]]]) -> list[CacheServed]:
        """Say who was given an answer; of another tenant's job only that there was one."""
        with translated():
            pipeline = self._redis.pipeline(transaction=False)
            for _, row in served:
                pipeline.hmget(f"{self._prefix}job:{row['job']}", "tenant", "request")
            records = await pipeline.execute() if served else []
        return [
            CacheServed(
                job=row["job"] if row["tenant"] == tenant else None,
                at=_moment(at.partition("-")[0]),
                tier=cast("Tier", row["tier"]),
                similarity=float(row["similarity"]) if row["similarity"] else None,
                reason=row["reason"],
                input=_asked(request) if owner == tenant else None,
            )
            for (at, row), (owner, request) in zip(served, records, strict=True)
        ]


def _entry(row: Sequence[str | None], *, whole_text: bool = False) -> CacheEntry | None:
    values = dict(zip(FIELDS, row, strict=True))
    ref = values["ref"]
    if not ref:
        return None
    owner, scope, _ = ref.split("/")
    text, hits = values["text"] or None, int(values["hits"] or 0)
    return CacheEntry(
        id=entry_id(ref),
        scope=scope,
        shared=owner[1:] if owner.startswith("@") else None,
        input=text if text is None or whole_text else text[:MOST_TEXT_CHARS],
        source_job=values["job"] or "",
        model=values["model"] or None,
        lane=cast("Lane", values["lane"]) if values["lane"] else None,
        task_type=values["task_type"] or None,
        rule=values["rule"] or None,
        tags=json.loads(values["tags"] or "[]"),
        semantic=bool(values["encoder"]),
        stored_at=_moment(values["stored_at"]),
        expires_at=_moment(values["ends_at"]),
        size_bytes=int(values["bytes"] or 0),
        hits=hits,
        saved_usd=round(hits * float(values["cost_usd"] or 0), 9),
        saved_s=round(hits * float(values["took_s"] or 0), 3),
    )


def _ref(member: str) -> str:
    return member.partition("/")[2]


def _asked(request: str | None) -> str | None:
    asked = json.loads(request or "{}").get("input")
    if isinstance(asked, list):
        asked = asked[-1]["content"]
    return asked[:MOST_TEXT_CHARS] if isinstance(asked, str) else None


def _moment(ms: str | None) -> datetime:
    return datetime.fromtimestamp(int(ms or 0) / 1000, tz=UTC)
