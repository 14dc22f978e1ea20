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

from workers.contracts.audit import TEMPER_FIELDS, Temper
from workers.settings import Settings
from workers.store.connection import translated
from workers.store.entries import alias_name, name_of
from workers.store.line import Line, Sent
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
        if not flat:
            return cls("rows", since, (), since)
        changes = tuple(Change(*flat[at : at + 3]) for at in range(0, len(flat), 4))  # type: ignore[arg-type]
        return cls("rows", since, changes, flat[-1] if flat else since, more=len(changes) == most)


@dataclass(frozen=True, slots=True)
class Look:
    """Entries as they are at a moment, and how strict their scope is.

    Attributes:
        entries: with their text and answer, in the order asked for; None stands for each that is not there any more.
        temper: how strict the scope is.
    """

    entries: list[dict[str, str] | None]
    temper: Temper


@dataclass(frozen=True, slots=True)
class Stored:
    """What a replica reads of an entry: its vector (float32, little-endian), what was asked, and who stored it."""

    vector: bytes
    text: str
    tenant: str


class Looking:
    """Entries as Redis has them now, asked for and on their way."""

    __slots__ = ("_refs", "_sent")

    def __init__(self, sent: Sent, refs: Sequence[str]) -> None:
        self._sent, self._refs = sent, refs

    async def look(self) -> Look:
        """Wait for them; to be called once.

        Raises:
            StoreUnavailable: Redis is away.
        """
        (seconds, micros), temper, *rows = await self._sent.replies()
        found = (dict(zip(FOUND, row, strict=True)) for row in rows)
        return Look(
            [entry if entry["ref"] == ref else None for ref, entry in zip(self._refs, found, strict=True)],
            Temper.read(temper, int(seconds) * 1000 + int(micros) // 1000),
        )


class Asking:
    """What came in the log after a position, asked for and on its way."""

    __slots__ = ("_position", "_sent")

    def __init__(self, sent: Sent | None, position: str) -> None:
        self._sent, self._position = sent, position

    async def tail(self) -> Tail:
        """Wait for it; to be called once. Of a `lost` one no position is known.

        Raises:
            StoreUnavailable: Redis is away.
        """
        rows = (await self._sent.replies())[0] if self._sent is not None else []
        if not rows or rows[0][0] != self._position:
            return Tail("lost", self._position)
        flat = [field for row in rows[1:] for field in (*row[1][1::2], row[0])]  # op, ref, encoder, id
        return Tail.of_rows(self._position, flat, MOST_ROWS)


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
        self._log = f"{self._prefix}cache:log"
        self._line = Line(redis, settings)

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

    async def stored(self, refs: Sequence[str], encoder: str) -> Mapping[str, Stored]:
        """Read entries by reference, without their answers; what is gone, or has another encoder's vector, is left out."""
        found: dict[str, Stored] = {}
        for at in range(0, len(refs), MOST_VECTORS):
            part = refs[at : at + MOST_VECTORS]
            with translated():
                pipeline = self._redis.pipeline(transaction=False)
                for ref in part:
                    pipeline.hmget(self._prefix + name_of(ref), "ref", "encoder", "vector", "text", "tenant")
                rows = await pipeline.execute()
            for ref, (known, made_by, vector, text, tenant) in zip(part, rows, strict=True):
                if known == ref and made_by == encoder and vector:
                    found[ref] = Stored(as_bytes(vector), text or "", tenant or "")
        return found

    async def ask(self, position: str) -> Asking:
        """Ask what follows a position, and go on while Redis reads it.

        The row at the position must still be there: when the log was trimmed past it, flushed, or went back to an older
        state with its Redis, it is not, and what follows it would not be the whole truth (lua/cache_tail.lua).

        Raises:
            StoreUnavailable: Redis is away.
        """
        if not position:
            return Asking(None, position)
        command = ("XRANGE", self._log, position, "+", "COUNT", str(MOST_ROWS + 1))
        return Asking(await self._line.send(command), position)

    async def ask_for(self, scope: str, refs: Sequence[str]) -> Looking:
        """Ask for entries as they are now, and how strict their scope (OWNER/SCOPE) is, and go on while Redis reads them.

        Raises:
            StoreUnavailable: Redis is away.
        """
        sent = await self._line.send(
            ("TIME",),
            ("HMGET", f"{self._prefix}audit:{scope}", *TEMPER_FIELDS),
            *(("HMGET", self._prefix + name_of(ref), *FOUND) for ref in refs),
        )
        return Looking(sent, refs)

    async def look(self, scope: str, refs: Sequence[str]) -> Look:
        """Read entries as they are now, and how strict their scope (OWNER/SCOPE) is.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return await (await self.ask_for(scope, refs)).look()

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
