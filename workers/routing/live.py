"""The router of a running classify worker: the artefact that decides, a candidate beside it, and what it leaves behind.

An artefact's file may be replaced while the worker runs: it is looked at every few seconds and taken over between two
decisions; one that cannot be used is refused and named, and the old one goes on. A candidate (the shadow) decides every
query, too; differences are counted and nothing changes for the caller.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from workers.contracts.errors import SettingsError, StoreUnavailable
from workers.contracts.routing import Query, RouteDecision, RouterWorker, Vector
from workers.routing.lessons import Outcomes, tempered
from workers.telemetry import logger

log = logger("router")
Load = Callable[[Path], "Decider"]
NOTE_EVERY_S = 5.0


class Decider(Protocol):
    """Decides queries at once, without waiting for anybody."""

    @property
    def name(self) -> str:
        """Name and version, as `decided_by` says it."""
        ...

    @property
    def threshold(self) -> float:
        """The p_reasoning from which on a query goes to reasoning."""
        ...

    @property
    def policy(self) -> str:
        """How the threshold was chosen, in words."""
        ...

    def decide(self, queries: Sequence[Query], vectors: Sequence[Vector]) -> list[RouteDecision]:
        """Decide several queries by their vectors."""
        ...


class Lessons(Protocol):
    """Knows how reasoning did of late."""

    async def outcomes(self, task_type: str) -> Outcomes:
        """Tell how it did for a task type with the reasoning lane's model."""
        ...


class Notes(Protocol):
    """Keeps what the router leaves behind."""

    async def note(
        self, worker: RouterWorker, decisions: dict[str, int], shadow: dict[str, int], *, now_s: float
    ) -> None:
        """Say what a worker decides with, and add what it decided."""
        ...


@dataclass(slots=True)
class Watched:
    """A decider and the file that it came from; no file for what cannot be replaced."""

    decider: Decider
    path: Path | None = None
    load: Load | None = None
    refused: str | None = None
    _seen: tuple[int, int] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Remember which file was loaded."""
        self._seen = self._stamp()

    def reload(self) -> bool:
        """Take over a file that changed; says whether it did. A file that cannot be used changes nothing."""
        stamp = self._stamp()
        if self.path is None or self.load is None or stamp is None or stamp == self._seen:
            return False
        self._seen = stamp
        try:
            self.decider = self.load(self.path)
        except SettingsError as error:
            self.refused = str(error)
            log.error("router.refused", artefact=str(self.path), reason=self.refused)  # noqa: TRY400 - no defect of ours
            return False
        self.refused = None
        log.info("router.reloaded", artefact=self.decider.name, threshold=self.decider.threshold)
        return True

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat() if self.path else None
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_size) if found else None


@dataclass(slots=True)
class LiveRouter:
    """Decides for the classify stage."""

    worker: str
    live: Watched
    lessons: Lessons
    shadow: Watched | None = None
    _decided: Counter[str] = field(default_factory=Counter, init=False)
    _compared: Counter[str] = field(default_factory=Counter, init=False)

    async def decide(self, queries: Sequence[Query], vectors: Sequence[Vector]) -> list[RouteDecision]:
        """Decide several queries by their vectors, in the light of what was learned."""
        decider = self.live.decider
        found = decider.decide(queries, vectors)
        if self.shadow is not None:
            self._compare(found, self.shadow.decider.decide(queries, vectors))
        return [await self._tempered(decision, decider.threshold) for decision in found]

    def count(self, decision: RouteDecision) -> None:
        """Count a decision that was followed."""
        self._decided[f"{decision.lane}|{decision.task_type}"] += 1

    async def watch_for_ever(self, notes: Notes, every_s: float) -> None:
        """Look for new files, and say what was decided, until cancelled."""
        while True:
            for watched in (self.live, self.shadow):
                if watched is not None:
                    await asyncio.to_thread(watched.reload)
            await self.tell(notes)
            await asyncio.sleep(min(every_s, NOTE_EVERY_S))

    async def tell(self, notes: Notes) -> None:
        """Say what this worker decides with and what it decided; what could not be said is said next time."""
        decided, compared = self._decided, self._compared
        self._decided, self._compared = Counter(), Counter()
        try:
            await notes.note(self._says(), dict(decided), dict(compared), now_s=time.time())
        except StoreUnavailable:
            self._decided += decided
            self._compared += compared

    async def _tempered(self, decision: RouteDecision, threshold: float) -> RouteDecision:
        if decision.lane != "reasoning":
            return decision
        return tempered(decision, await self.lessons.outcomes(decision.task_type), threshold)

    def _compare(self, found: Sequence[RouteDecision], candidates: Sequence[RouteDecision]) -> None:
        for decided, candidate in zip(found, candidates, strict=True):
            self._compared["all"] += 1
            if decided.lane == candidate.lane:
                self._compared["agreed"] += 1
            else:
                self._compared[f"to_{candidate.lane}"] += 1
                self._compared[f"type|{decided.task_type}"] += 1

    def _says(self) -> RouterWorker:
        decider = self.live.decider
        return RouterWorker(
            worker=self.worker,
            artefact=decider.name,
            policy=decider.policy,
            threshold=decider.threshold,
            shadow=self.shadow.decider.name if self.shadow else None,
            refused=self.live.refused or (self.shadow.refused if self.shadow else None),
        )
