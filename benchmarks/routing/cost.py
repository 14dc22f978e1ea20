"""What a decision costs: milliseconds alone, decisions a second in batches, and resident memory."""

from __future__ import annotations

import resource
import statistics
import time

import numpy as np

from benchmarks.routing.sources import labels
from workers.contracts.routing import Query
from workers.encoding.encoder import Encoder
from workers.routing.artefact import SHIPPED, load
from workers.routing.router import TrainedRouter

ALONE, BATCH = 200, 32


def show(encoder: Encoder) -> None:
    """Time the shipped router on prompts of the project."""
    router = TrainedRouter(load(SHIPPED, encoder.fingerprint))
    queries = [Query(row["input"], row.get("instructions")) for row in labels("written_c")]
    texts = [query.text for query in queries]
    router.decide(queries[:BATCH], encoder.embed(texts[:BATCH]))
    alone, after = [], []
    for query in queries[:ALONE]:
        began = time.perf_counter()
        vectors = encoder.embed([query.text])
        middle = time.perf_counter()
        router.decide([query], vectors)
        ended = time.perf_counter()
        alone.append(1_000 * (ended - began))
        after.append(1_000 * (ended - middle))
    began = time.perf_counter()
    for begin in range(0, len(queries), BATCH):
        router.decide(queries[begin : begin + BATCH], encoder.embed(texts[begin : begin + BATCH]))
    rate = len(queries) / (time.perf_counter() - began)
    length = statistics.mean(map(len, texts))
    print(f"\nCost, {len(queries)} prompts of {length:.0f} characters in the mean")
    print(f"  alone: median {statistics.median(alone):.1f} ms, 95th percentile {np.percentile(alone, 95):.1f} ms")
    print(f"  of that after the embedding: median {statistics.median(after):.2f} ms")
    print(f"  in batches of {BATCH}: {rate:.0f} decisions a second")
    print(f"  resident at the most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
