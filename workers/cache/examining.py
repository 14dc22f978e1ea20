"""The candidates of one look-up, nearest first, until the judge accepts one.

What was asked is known of most candidates without Redis (workers/cache/replica/texts.py), and most are refused. Only what
is not known, and what the judge would accept, is read from Redis: nothing is accepted that was not read in this look-up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from workers.cache.replica.texts import Asked, Texts

# Of all pairs of a look-up together: they are read in the loop. Reading new texts takes 2 us a character, 4 at the most, so
# this is 6 ms at the most; a way to another thread and back takes as long on a machine that is busy.
AT_ONCE_CHARS: Final = 1_500
AUDIT: Final = "audit"  # stands as the guard where a strict scope refuses what the judge accepts
SAME: Final = "same"  # what the judge says of pairs of the same words


class Verdict(Protocol):
    """What a judge says: whether the stored answer may be given, why, and the guard that refused, if one did."""

    @property
    def hit(self) -> bool:
        """Whether it may be given."""
        ...

    @property
    def reason(self) -> str:
        """Why, or why not."""
        ...

    @property
    def guard(self) -> str | None:
        """The name of what refused, or accepted."""
        ...


class Judge(Protocol):
    """Decides whether the answer to a stored query is the answer to another, by their texts and the cosine of their embeddings."""

    def glance(self, stored: str, asked: str, similarity: float) -> Verdict | None:
        """Decide what takes next to no time; None: the texts are to be read."""
        ...

    def read(self, stored: str, asked: str, similarity: float) -> Verdict:
        """Decide the others; called in the loop or, with long texts, in a thread."""
        ...

    def chars(self, stored: str, asked: str) -> int:
        """Say how many letters `read` would take apart."""
        ...

    def prepare(self, stored: str) -> None:
        """Do what can be done for a stored query before another one is asked; called in the loop."""
        ...


@dataclass(frozen=True, slots=True)
class Refused:
    """The verdict of a strict scope on what the judge accepts."""

    reason: str
    hit: bool = False
    guard: str | None = AUDIT


class Examination:
    """What is known of the candidates of one look-up, and what the judge said of them.

    Args:
        near: the candidates with their cosines, best first.
        asked: what is asked now.
        judge: decides the pairs.
        texts: what is known of stored queries.

    Attributes:
        near: the same.
        entries: candidates as they were in Redis during this look-up; None stands for one that is not there any more.
        verdicts: what was said of each that was decided, nearest first. If one was accepted, it is the last.
        strict: why the scope gives nothing but the same words; None: it does not.
    """

    def __init__(self, near: Mapping[str, float], asked: str, judge: Judge, texts: Texts) -> None:
        self.near, self._asked = near, asked
        self._judge, self._texts = judge, texts
        self.entries: dict[str, dict[str, str] | None] = {}
        self.verdicts: dict[str, Verdict] = {}
        self.strict: str | None = None
        self._known: dict[str, Asked] = {}
        self._said: dict[tuple[str, str], Verdict] = {}
        self._chars = 0  # read so far

    @property
    def accepted(self) -> str | None:
        """The candidate that was accepted."""
        last = next(reversed(self.verdicts), None)
        return last if last is not None and self.verdicts[last].hit else None

    def of(self, ref: str) -> Asked:
        """What was asked and by whom, of a candidate that has a verdict."""
        return self._known[ref]

    async def go_on(self) -> list[str]:
        """Judge until one is accepted or more has to be read: these candidates, for `take`; none when it is over."""
        for ref, similarity in self.near.items():
            if ref in self.verdicts or (ref in self.entries and self._is_gone(ref)):
                continue
            asked = self._stored(ref)
            if asked is None:
                return self._unread(ref)
            verdict = self._said.get((ref, asked.text)) or self._judge.glance(asked.text, self._asked, similarity)
            verdict = verdict or await self._read(asked.text, similarity)
            self._said[ref, asked.text] = verdict
            if verdict.hit and ref not in self.entries:
                return self._unread(ref)
            if verdict.hit and self.strict and verdict.guard != SAME:
                verdict = Refused(f"only the same words are answered by meaning in this scope: {self.strict}")
            self.verdicts[ref] = verdict
            if verdict.hit:
                return []
        return []

    async def read(self, ref: str) -> Verdict:
        """Judge a candidate that has a verdict by reading it: a glance names what it sees first, a reading what is gravest."""
        return await self._read(self._known[ref].text, self.near[ref])

    def take(self, refs: Sequence[str], entries: Sequence[dict[str, str] | None]) -> None:
        """Take what was read."""
        for ref, entry in zip(refs, entries, strict=True):
            self.entries[ref] = entry
            if entry is not None:
                self._known[ref] = Asked(entry["text"], entry["tenant"])

    def _is_gone(self, ref: str) -> bool:
        """Whether it was removed, its life is over, or it never had a text."""
        entry = self.entries[ref]
        return entry is None or not entry["text"]

    def _stored(self, ref: str) -> Asked | None:
        found = self._known.get(ref)
        if found is None and (found := self._texts.get(ref)) is not None:
            self._known[ref] = found
        return found

    def _unread(self, first: str) -> list[str]:
        """List a candidate and all others that nothing is known of, so that they are read in one go."""
        others = (ref for ref in self.near if ref != first and ref not in self.verdicts and ref not in self.entries)
        return [first, *(ref for ref in others if self._stored(ref) is None)]

    async def _read(self, stored: str, similarity: float) -> Verdict:
        """Judge by reading: short texts at once, others in a thread, since they take milliseconds."""
        self._chars += self._judge.chars(stored, self._asked)
        if self._chars <= AT_ONCE_CHARS:
            return self._judge.read(stored, self._asked, similarity)
        return await asyncio.to_thread(self._judge.read, stored, self._asked, similarity)
