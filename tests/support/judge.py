"""A judge for tests: strict, and without any cleverness. It accepts texts that differ in case, order and marks alone."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """Its verdict."""

    hit: bool
    reason: str
    guard: str | None = None


class StrictJudge:
    """Compares the words of two texts, and remembers which pairs it was shown."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def glance(self, stored: str, asked: str, similarity: float) -> None:
        """Leave every pair to be read."""

    def chars(self, stored: str, asked: str) -> int:
        """Count the letters of both."""
        return len(stored) + len(asked)

    def prepare(self, stored: str) -> None:
        """Do nothing."""

    def read(self, stored: str, asked: str, similarity: float) -> Said:
        """Accept the same words in any order."""
        if abs(similarity) > 1:
            raise ValueError("no cosine")
        self.seen.append((stored, asked))
        if _words(stored) == _words(asked):
            return Said(hit=True, reason="the same words")
        return Said(hit=False, reason="other words", guard="words")


def _words(text: str) -> list[str]:
    return sorted(re.findall(r"\w+", text.lower()))
