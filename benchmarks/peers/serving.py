"""How a peer answers the benchmark: one JSON object a line in, one out, until the input ends. Needs numpy alone.

    {"fill": [begin, end]}                     -> {"took_s": …}
    {"look": [row, …], "threshold": 0.9}       -> {"took_ms": […], "found": [entry or -1, …], "errors": 0}

Entries and queries are rows of the files in a folder: entries.json, entries.npy, asked.json, asked.npy. An entry's answer is
its own number, so that what is found names it. A threshold is a cosine; each peer turns it into what it takes itself.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np


class Texts:
    """Texts with their vectors, float32, shape (n, dimensions)."""

    def __init__(self, folder: Path, name: str) -> None:
        self.texts: list[str] = json.loads((folder / f"{name}.json").read_text())
        self.vectors: Any = np.load(folder / f"{name}.npy")


class Cache(Protocol):
    """A peer over its own library."""

    def fill(self, texts: list[str], answers: list[str], vectors: Any) -> None:
        """Add entries."""
        ...

    def threshold(self, cosine: float | None) -> None:
        """Serve from this cosine on; None: the library's documented default."""
        ...

    def look(self, text: str, vector: Any) -> str | None:
        """Look one query up: the answer, or None."""
        ...


def serve(cache: Cache, folder: Path) -> None:
    """Answer until the input ends. What the library prints goes to standard error."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    entries, asked = Texts(folder, "entries"), Texts(folder, "asked")
    replies.write('{"ready": true}\n')
    replies.flush()
    for line in sys.stdin:
        order = json.loads(line)
        reply = _fill(cache, entries, *order["fill"]) if "fill" in order else _look(cache, asked, order)
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


def _fill(cache: Cache, entries: Texts, begin: int, end: int) -> dict[str, Any]:
    began = time.perf_counter()
    for at in range(begin, end, 1000):
        part = range(at, min(at + 1000, end))
        cache.fill(
            [entries.texts[row] for row in part], [str(row) for row in part], entries.vectors[part.start : part.stop]
        )
    return {"took_s": time.perf_counter() - began}


def _look(cache: Cache, asked: Texts, order: dict[str, Any]) -> dict[str, Any]:
    cache.threshold(order["threshold"])
    took, found, errors = [], [], 0
    for row in order["look"]:
        text, vector = asked.texts[row], asked.vectors[row]
        began = time.perf_counter()
        try:
            answer = cache.look(text, vector)
        except Exception as error:  # noqa: BLE001 - whatever a library raises, its look-up failed; the count is reported
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            answer, errors = None, errors + 1
        took.append((time.perf_counter() - began) * 1000)
        found.append(-1 if answer is None else int(answer))
    return {"took_ms": took, "found": found, "errors": errors}
