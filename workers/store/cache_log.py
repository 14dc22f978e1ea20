"""The cache's log and its vectors, as a replica reads them. The log holds references; a vector lies with its entry.

A reference is `OWNER/SCOPE/HASH`. Each change carries the fingerprint of the encoder that made the vector, so that a
replica with another encoder passes over it.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from redis.asyncio import Redis

from workers.contracts.audit import Temper
from workers.settings import Settings
from workers.store.connection import translated
from workers.store.entries import alias_name, name_of
from workers.store.line import Line
from workers.store.scripts import Scripts

MOST_ROWS = 2_000
MOST_VECTORS = 500  # of one round trip: about a megabyte
FOUND = ("ref", "job", "result", "model", "route", "text", "tenant")


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the log. A `mark` changes nothing: it gives an empty log a place to read on from."""

    op: Literal["add", "remove", "mark"]
    ref: str
    encoder: str


@dataclass(frozen=True, slots=True)
class Tail:
    """What came after a position: changes (`rows`), or that the position is not in the log (`begin`, `lost`).

    `since` is the position that was asked for, `position` where to read on. `more` says that the tail was not reached.
    """

    kind: Literal["rows", "begin", "lost"]
    since: str
    changes: tuple[Change, ...] = ()
    position: str = ""
    more: bool = False

    @classmethod
    def of_rows(cls, since: str, flat: Sequence[str], most: int) -> Tail:
        """Make one of rows as the scripts give them: op, ref, encoder, id, and so on."""
        changes = tuple(Change(*flat[at : at + 3]) for at in range(0, len(flat), 4))  # type: ignore[arg-type]
        return cls("rows", since, changes, flat[-1] if flat else since, more=len(changes) == most)


@dataclass(frozen=True, slots=True)
class Look:
    """What a look-up reads in one step.

    Attributes:
        tail: what came in the log; of a `lost` one no position is known.
        entries: with their text and answer, in the order asked for; None stands for each that is not there any more.
        temper: how strict the scope is.
    """

    tail: Tail
    entries: list[dict[str, str] | None]
    temper: Temper


@dataclass(frozen=True, slots=True)
class Alias:
    """A query that a model judged to ask what an entry answers; it holds while that entry has its answer of `source`."""

    ref: str
    source: str
    by: str
    similarity: float | None


class CacheLog:
    """Reads the log, the list of all entries, and their vectors."""

    def __init__(self, redis: Redis, scripts: Scripts, settings: Settings) -> None:
        self._redis: Any = redis
        self._call = scripts.call
        self._prefix = settings.redis.key_prefix
        self._line = Line(redis, scripts, settings, "cache_look")

    async def tail(self, position: str, most: int = MOST_ROWS) -> Tail:
        """Read what follows a position, in one step of Redis."""
        kind, *rest = await self._call("cache_tail", position, str(most))
        if kind != "rows":
            return Tail(kind, position, (), rest[0])
        return Tail.of_rows(position, rest, most)

    async def live(self, encoder: str) -> AsyncIterator[list[str]]:
        """List the references of all entries that have a vector of this encoder.

        One that is there from begin to end is listed; one that comes or goes meanwhile may be, and is in the log.
        """
        cursor: int | str = 0
        while True:
            with translated():
                cursor, page = await self._redis.hscan(f"{self._prefix}cache:held", cursor, count=MOST_ROWS)
            yield [ref for ref, held in page.items() if held.rpartition("|")[2] == encoder]
            if int(cursor) == 0:
                return

    async def vectors(self, refs: Sequence[str], encoder: str) -> Mapping[str, bytes]:
        """Read vectors (float32, little-endian) by reference; what is gone, or another encoder's, is left out."""
        found: dict[str, bytes] = {}
        for at in range(0, len(refs), MOST_VECTORS):
            part = refs[at : at + MOST_VECTORS]
            with translated():
                pipeline = self._redis.pipeline(transaction=False)
                for ref in part:
                    pipeline.hmget(self._prefix + name_of(ref), "ref", "encoder", "vector")
                rows = await pipeline.execute()
            for ref, (known, made_by, vector) in zip(part, rows, strict=True):
                if known == ref and made_by == encoder and vector:
                    found[ref] = as_bytes(vector)
        return found

    async def look(self, position: str, scope: str, refs: Sequence[str]) -> Look:
        """Read what follows a position, entries as they are now, and how strict their scope is, in one step of Redis.

        Args:
            position: where the log was read to; empty when it does not matter.
            scope: OWNER/SCOPE.
            refs: the entries.
        """
        (kind, *flat), now_ms, temper, *rows = await self._line.call(
            position, str(MOST_ROWS), scope, *map(name_of, refs)
        )
        return Look(
            Tail.of_rows(position, flat, MOST_ROWS) if kind == "rows" else Tail("lost", position),
            [
                dict(zip(FOUND, row, strict=True)) if row[0] == ref else None
                for ref, row in zip(refs, rows, strict=True)
            ],
            Temper.read(temper, now_ms),
        )

    async def alias(self, tenant: str, cache_key: str) -> Alias | None:
        """Read what a model judged this query to be the same as; None when it judged nothing."""
        with translated():
            row = await self._redis.hmget(
                self._prefix + alias_name(tenant, cache_key), "ref", "source", "by", "similarity"
            )
        return Alias(row[0], row[1], row[2], float(row[3]) if row[3] else None) if row[0] else None


def as_text(vector: bytes) -> str:
    """Write a vector for a record: float32, little-endian, base64."""
    return base64.b64encode(vector).decode()


def as_bytes(vector: str) -> bytes:
    """Read it back."""
    return base64.b64decode(vector)
