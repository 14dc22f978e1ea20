"""GPTCache as its documentation begins (`init_similar_cache`: SQLite and FAISS, judged by distance), with our vectors.

    python -m benchmarks.peers.with_gptcache FOLDER    (in its own environment, by benchmarks/cache_peers.py)

Its own default keeps 1,000 entries; here it may keep all. Its report of each hit, a row in SQLite, is switched off, which
makes it faster.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from gptcache import Cache, Config
from gptcache.adapter.api import get, init_similar_cache
from gptcache.embedding.base import BaseEmbedding
from gptcache.manager import manager_factory

from benchmarks.peers.serving import serve

DEFAULT = 0.8  # Config.similarity_threshold
MOST = 1_000_000
MEMORY = Path("/dev/shm")  # noqa: S108 - its file in memory, where there is such a place: no disk is waited for


class Given(BaseEmbedding):  # type: ignore[misc]
    """An encoder that is told its vectors beforehand: embedding is not timed."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}

    def to_embeddings(self, data: str, **_: Any) -> Any:
        """Give the vector of a text."""
        return self.known[data]

    @property
    def dimension(self) -> int:
        """Of a vector."""
        return 384


class GptCache:
    """One cache in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._encoder = Given()
        self._cache: Any = Cache()
        self._config: Any = Config(disable_report=True)
        manager = manager_factory(
            "sqlite,faiss", data_dir=str(folder), vector_params={"dimension": 384}, eviction_params={"max_size": MOST}
        )
        init_similar_cache(cache_obj=self._cache, embedding=self._encoder, data_manager=manager, config=self._config)

    def fill(self, texts: list[str], answers: list[str], vectors: Any) -> None:
        """Add entries."""
        self._encoder.known = dict(zip(texts, vectors, strict=True))
        self._cache.import_data(texts, answers)

    def threshold(self, cosine: float | None) -> None:
        """Serve from this cosine on: a score is 4 minus the squared distance, and the threshold a share of 4."""
        self._config.similarity_threshold = DEFAULT if cosine is None else min(1.0, max(0.0, (1 + cosine) / 2))

    def look(self, text: str, vector: Any) -> str | None:
        """Look one query up."""
        self._encoder.known = {text: vector}
        answer: str | None = get(text, cache_obj=self._cache)
        return answer


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as place:
        serve(GptCache(Path(place)), Path(sys.argv[1]))
