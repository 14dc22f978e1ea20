"""The router of a running worker: new files, candidates, and what it tells."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from workers.contracts.errors import SettingsError, StoreUnavailable
from workers.contracts.routing import Query, RouteDecision, RouterWorker
from workers.routing.lessons import Outcomes
from workers.routing.live import LiveRouter, Watched

pytestmark = pytest.mark.anyio
QUERIES = [Query("a"), Query("bb"), Query("ccc")]
NO_VECTORS: list[Any] = [None] * 3


@dataclass
class ByLength:
    """Sends what has at least so many characters to reasoning."""

    least: int
    name: str = "by-length"
    threshold: float = 0.5
    policy: str = "length"

    def decide(self, queries: Sequence[Query], vectors: Sequence[Any]) -> list[RouteDecision]:
        """Decide by length."""
        assert len(queries) == len(vectors)
        return [
            RouteDecision(
                lane="reasoning" if len(query.text) >= self.least else "standard",
                p_reasoning=0.9 if len(query.text) >= self.least else 0.1,
                confidence=0.8, task_type="logic", reason="its length", decided_by=self.name,
            )
            for query in queries
        ]  # fmt: skip


@dataclass
class Told:
    """Remembers what the router told, or is away."""

    away: bool = False
    said: list[tuple[RouterWorker, dict[str, int], dict[str, int]]] = field(default_factory=list)

    async def note(
        self, worker: RouterWorker, decisions: dict[str, int], shadow: dict[str, int], *, now_s: float
    ) -> None:
        """Keep it."""
        assert now_s > 1e9
        if self.away:
            raise StoreUnavailable("away")
        self.said.append((worker, decisions, shadow))


@dataclass
class Lessons:
    """How reasoning did."""

    known: Outcomes = field(default_factory=Outcomes)

    async def outcomes(self, task_type: str) -> Outcomes:
        """Say it."""
        assert task_type == "logic"
        return self.known


def read(path: Path) -> ByLength:
    """Load a decider from a file that holds a number."""
    text = path.read_text()
    if not text.isdigit():
        raise SettingsError("is no number")
    return ByLength(int(text), name=f"length-{text}")


def write(path: Path, text: str, at: int) -> None:
    """Replace a file at a given time, so that no two versions look alike."""
    path.write_text(text)
    os.utime(path, ns=(at, at))


async def test_a_candidate_is_counted_and_changes_nothing() -> None:
    """The live one decides; both differences are counted by direction and task type."""
    router = LiveRouter("w", Watched(ByLength(2)), Lessons(), Watched(ByLength(3, name="candidate")))
    found = await router.decide(QUERIES, NO_VECTORS)
    assert [decision.lane for decision in found] == ["standard", "reasoning", "reasoning"]
    told = Told()
    await router.tell(told)
    ((worker, decisions, shadow),) = told.said
    assert (worker.artefact, worker.shadow, decisions) == ("by-length", "candidate", {})
    assert shadow == {"all": 3, "agreed": 2, "to_standard": 1, "type|logic": 1}


async def test_what_is_followed_is_counted_and_told_once_also_after_an_outage() -> None:
    """Counts that could not be told are told with the next ones."""
    router = LiveRouter("w", Watched(ByLength(2)), Lessons())
    for decision in await router.decide(QUERIES, NO_VECTORS):
        router.count(decision)
    told = Told(away=True)
    await router.tell(told)
    told.away = False
    await router.tell(told)
    await router.tell(told)
    assert [decisions for _, decisions, _ in told.said] == [{"standard|logic": 1, "reasoning|logic": 2}, {}]


async def test_lessons_reach_the_decision() -> None:
    """What keeps timing out goes to the standard lane."""
    router = LiveRouter("w", Watched(ByLength(2)), Lessons(Outcomes(ended=0, late=9)))
    assert {decision.lane for decision in await router.decide(QUERIES, NO_VECTORS)} == {"standard"}


def test_a_new_file_is_taken_over_and_a_broken_one_refused(tmp_path: Path) -> None:
    """A file that cannot be used leaves the old decider at work, and is named until a good one comes."""
    path = tmp_path / "router"
    write(path, "2", 1)
    watched = Watched(read(path), path, read)
    assert not watched.reload()
    write(path, "7", 2)
    assert watched.reload()
    assert watched.decider.name == "length-7"
    write(path, "junk", 3)
    assert not watched.reload()
    assert (watched.decider.name, watched.refused) == ("length-7", "is no number")
    path.unlink()
    assert not watched.reload()
    write(path, "9", 4)
    assert watched.reload()
    assert (watched.decider.name, watched.refused) == ("length-9", None)
