"""Keeps a replica equal to the log: reads to the tail before each look-up, and from time to time when there is none.

What can go wrong with the log (trimmed, flushed, an older state after a crash of Redis) shows by the last row that was
read: when it is not there any more, the replica is compared with the list of all entries instead. A replica that is
behind can only miss answers: each candidate is read from Redis before it is served, and what was removed is not there.

An index that has outgrown its lists is given new ones beside all that (workers/cache/index/growth.py): look-ups and changes
go on with the old ones, and wait for two milliseconds at the most.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from workers.cache.index.kinds import Vectors
from workers.cache.replica import snapshot
from workers.cache.replica.state import Replica
from workers.cache.replica.texts import Asked, Texts
from workers.contracts.errors import StoreUnavailable
from workers.memory import give_back_now
from workers.store.cache_log import CacheLog, Change, Stored, Tail
from workers.telemetry import logger

log = logger("cache")
IDLE_S: Final = 1.0  # how often the log is read when nobody looks anything up
PART: Final = 2_000  # entries read and added in one go when all are read
LEAST_CHANGES, LEAST_SHARE = 100, 0.05  # below that a new snapshot is not worth its writing


class Fingerprinted(Protocol):
    """What a replica must know of the encoder."""

    @property
    def fingerprint(self) -> str:
        """Names its weights."""
        ...

    @property
    def dimensions(self) -> int:
        """Of its vectors."""
        ...


class Follower:
    """The replica of one process.

    Args:
        source: the log.
        encoder: the encoder that the vectors come from.
        path: where its snapshot lies; None: nowhere.
        snapshot_s: how often it is written at the most.
    """

    def __init__(self, source: CacheLog, encoder: Fingerprinted, path: Path | None, snapshot_s: float) -> None:
        self._source = source
        self._encoder = encoder.fingerprint
        self._path = path
        self._snapshot_s = snapshot_s
        self.replica = Replica(encoder.dimensions)
        self.texts = Texts()
        self._lock = asyncio.Lock()  # held while the replica changes or is looked at
        self._reading: asyncio.Task[None] | None = None
        self._following: asyncio.Task[None] | None = None
        self._first: Tail | None = None  # where the reading that follows may begin, if a look-up has read it already
        self._growing: asyncio.Task[None] | None = None
        self._written = 0  # changes that the last snapshot has

    async def start(self) -> None:
        """Begin with the snapshot, if there is one that fits; takes a second or two with 100,000 entries."""
        if self._path is None:
            return
        try:
            found = await asyncio.to_thread(snapshot.read, self._path, self._encoder, self.replica.dimensions)
        except snapshot.Unusable as error:
            log.warning("cache.snapshot_refused", reason=str(error))
            return
        if found is not None:
            self.replica = found
            await asyncio.to_thread(give_back_now)
            log.info("cache.snapshot_read", entries=len(found))

    async def follow(self, tail: Tail) -> None:
        """Do what a look-up read of the log; mostly that is nothing, and costs nothing."""
        if tail.kind != "rows":
            await self.catch_up()
        elif tail.changes:
            await self.catch_up(tail)

    async def catch_up(self, first: Tail | None = None) -> None:
        """Read the log to where its tail is now, or later; callers that come while it is read share the next reading.

        Args:
            first: what the caller has read of it already, by which it is content; None: it is to be read.
        """
        if self._following is None or self._following.done():
            self._first = first
            self._following = asyncio.create_task(self._read_next(self._reading))
        else:
            self._first = _later(self._first, first)
        await asyncio.shield(self._following)

    async def search(self, scope: str, vector: Vectors, most: int, least: float) -> list[tuple[str, float]]:
        """Find the nearest entries of a scope (with its owner before it): reference and cosine, best first."""
        if self._lock.locked():  # else nothing changes it before this returns: a search does not wait for anything
            async with self._lock:
                return self.replica.search(scope, vector, most, least)
        return self.replica.search(scope, vector, most, least)

    def know(self, refs: Sequence[str], entries: Sequence[Mapping[str, str] | None]) -> None:
        """Hold the texts of entries that were read, but for those that were removed since."""
        for ref, entry in zip(refs, entries, strict=True):
            held = self.texts.get(ref)
            if entry is None or (held is not None and (held.text, held.tenant) == (entry["text"], entry["tenant"])):
                continue
            if ref in self.replica:
                self.texts.put(ref, Asked(entry["text"], entry["tenant"]))

    @property
    def growing(self) -> bool:
        """Whether an index is being given new lists at the moment."""
        return self._growing is not None and not self._growing.done()

    async def grown(self) -> None:
        """Wait until no index is being given new lists."""
        if self._growing is not None:
            await asyncio.wait((self._growing,))

    async def keep_for_ever(self) -> None:
        """Read along, and write snapshots."""
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            await asyncio.sleep(IDLE_S)
            try:
                await self.catch_up()
            except StoreUnavailable:
                continue
            if self._path is not None and loop.time() - last > self._snapshot_s and self._worth_writing():
                last = loop.time()
                await self._try_to_write(self._path)

    async def write(self, path: Path) -> bool:
        """Write a snapshot; look-ups go on meanwhile. Whether it was written, and not another process's turn.

        Raises:
            OSError: the folder cannot be written to, or the disk is full.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        with snapshot.locked(path) as ours:
            if not ours:
                return False
            async with self._lock:
                changes = self.replica.changes
                writer = snapshot.Writer(self.replica, path, self._encoder)
            try:
                while True:
                    async with self._lock:
                        block = writer.following()
                    if block is None:
                        break
                    await asyncio.to_thread(writer.write, block)
                writer.finish()
            finally:
                writer.close()
        self._written = changes
        return True

    async def _read_next(self, before: asyncio.Task[None] | None) -> None:
        """Begin a reading when the one under way is over: what came after that began must not be missed."""
        if before is not None and not before.done():
            await asyncio.wait((before,))
        self._reading, self._following = self._following, None
        first, self._first = self._first, None
        await self._read(first)

    async def _read(self, first: Tail | None) -> None:
        while True:
            usable = first is not None and first.since == self.replica.position
            tail = first if first and usable else await self._source.tail(self.replica.position)
            first = None
            if tail.kind == "rows":
                await self._apply(tail.changes)
            else:
                if tail.kind == "lost":
                    log.warning("cache.log_lost", entries=len(self.replica))
                await self._compare()
            self.replica.position = tail.position
            if tail.kind == "rows" and not tail.more:
                self._grow_beside()
                return

    async def _apply(self, changes: Sequence[Change]) -> None:
        """Do what some lines of the log say; of several about one entry the last counts."""
        last = {change.ref: change.op for change in changes if change.encoder == self._encoder}
        if last:
            found = await self._source.stored([ref for ref, op in last.items() if op == "add"], self._encoder)
            await self._change([ref for ref in last if ref not in found], found)

    async def _change(self, gone: Sequence[str], found: Mapping[str, Stored]) -> None:
        """Take entries away and add others."""
        vectors = {ref: one.vector for ref, one in found.items()}
        async with self._lock:
            await asyncio.to_thread(self._exchange, gone, vectors)
        self.texts.remove(gone)
        for ref, one in found.items():
            self.texts.came(ref, Asked(one.text, one.tenant))

    def _exchange(self, gone: Sequence[str], vectors: Mapping[str, bytes]) -> None:
        self.replica.remove(gone)
        self.replica.put(vectors)

    async def _compare(self) -> None:
        """Take away what is no entry any more, and add those that are missing."""
        live = {ref async for page in self._source.live(self._encoder) for ref in page}
        async with self._lock:
            gone = [ref for ref in self.replica.refs() if ref not in live]
            missing = [ref for ref in live if ref not in self.replica]
        await self._change(gone, {})
        for at in range(0, len(missing), PART):
            await self._change((), await self._source.stored(missing[at : at + PART], self._encoder))
            await self._grow()  # at once: everybody waits for the whole list, and exact vectors would take much memory
        await asyncio.to_thread(give_back_now)

    def _grow_beside(self) -> None:
        """Begin to grow what has to, unless that is under way."""
        if not self.growing and self.replica.outgrown() is not None:
            self._growing = asyncio.create_task(self._try_to_grow())

    async def _try_to_grow(self) -> None:
        try:
            await self._grow()
        except Exception as error:  # noqa: BLE001 - look-ups go on with the old lists; its text may hold numbers only
            log.error("cache.growth_failed", error=type(error).__name__)  # noqa: TRY400 - without a traceback

    async def _grow(self) -> None:
        while (index := self.replica.outgrown()) is not None:
            growth = index.grow()
            began = time.perf_counter()
            while await self._step(growth.gather):
                pass
            await asyncio.to_thread(growth.train)
            while await self._step(growth.move):
                pass
            del growth
            await asyncio.to_thread(give_back_now)
            log.info("cache.grown", entries=len(index), took_s=round(time.perf_counter() - began, 2))

    async def _step(self, step: Callable[[], bool]) -> bool:
        """Take one short step while nothing else happens to the replica."""
        async with self._lock:
            return await asyncio.to_thread(step)

    def _worth_writing(self) -> bool:
        return self.replica.changes - self._written >= max(LEAST_CHANGES, LEAST_SHARE * len(self.replica))

    async def _try_to_write(self, path: Path) -> None:
        try:
            if await self.write(path):
                log.info("cache.snapshot_written", entries=len(self.replica))
        except OSError as error:
            log.warning("cache.snapshot_failed", error=type(error).__name__)


def _later(one: Tail | None, other: Tail | None) -> Tail | None:
    """Choose what holds for both callers; None, so that the log is read again, when neither does for certain."""
    if one is None or other is None or one.since != other.since:
        return None
    return max(one, other, key=lambda tail: len(tail.changes))
