"""Judging without an encoder: the guards decide on words, so every pair gets the same high similarity."""

from __future__ import annotations

import numpy as np

from workers.cache.judge.judge import Judge, Verdict
from workers.cache.judge.text import Text

SIMILARITY = 0.98


def judged(stored: str, asked: str, similarity: float = SIMILARITY) -> Verdict:
    """Judge two questions whose vectors have this inner product."""
    one = np.array([1, 0], np.float32)
    other = np.array([similarity, (1 - similarity**2) ** 0.5], np.float32)
    return Judge().judge(Text.of(stored), Text.of(asked), (one, other))
