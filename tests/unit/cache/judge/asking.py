"""Judging without an encoder: the guards decide on words, so every pair gets the same high similarity."""

from __future__ import annotations

from workers.cache.judge.judge import Judge, Verdict

SIMILARITY = 0.98


def judged(stored: str, asked: str, similarity: float = SIMILARITY) -> Verdict:
    """Judge two questions with this cosine."""
    return Judge().judge(stored, asked, similarity)


def guarded(stored: str, asked: str, similarity: float = SIMILARITY) -> Verdict:
    """Let the guards see two questions whatever a glance says of them."""
    return Judge().read(stored, asked, similarity)
