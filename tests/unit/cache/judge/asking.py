"""Judging without an encoder: the guards decide on words, so every pair gets the same high similarity."""

from __future__ import annotations

import numpy as np

from workers.cache.judge.judge import Judge, Vector, Verdict

SIMILARITY = 0.98


def judged(stored: str, asked: str, similarity: float = SIMILARITY) -> Verdict:
    """Judge two questions whose vectors have this inner product."""
    return Judge().judge(stored, asked, _vectors(similarity))


def guarded(stored: str, asked: str, similarity: float = SIMILARITY) -> Verdict:
    """Let the guards see two questions whatever a glance says of them."""
    return Judge().read(stored, asked, _vectors(similarity))


def _vectors(similarity: float) -> tuple[Vector, Vector]:
    one = np.array([1, 0], np.float32)
    return one, np.array([similarity, (1 - similarity**2) ** 0.5], np.float32)
