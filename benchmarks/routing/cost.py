"""What a decision costs: milliseconds alone, decisions a second in batches, and resident memory."""

from __future__ import annotations

import random
import resource
import statistics
import time
from pathlib import Path

import numpy as np

from benchmarks.routing.sources import labels, rows
from workers.cli.route import decisions
from workers.contracts.routing import Query
from workers.encoding.encoder import Encoder
from workers.routing.artefact import SHIPPED, load
from workers.routing.router import TrainedRouter

ALONE, BATCH, MOST, ROUNDS, MIXED = 200, 32, 600, 3, 1_000


def show(encoder: Encoder, data: Path) -> None:
    """Time the shipped router on short questions, on word problems and on long prompts."""
    router = TrainedRouter(load(SHIPPED, encoder.fingerprint))
    asked = {
        "search questions": [row["question"] for row in rows(data, "nq_open")],
        "banking questions": [row["question"] for row in rows(data, "banking77")],
        "word problems": [row["question"] for row in rows(data, "gsm8k")],
        "long prompts": [row["input"] for row in labels("written_c")],
    }
    print("\nCost of a decision")
    for name, texts in asked.items():
        _show(name, [Query(text) for text in random.Random(0).sample(texts, MOST)], router, encoder)
    mixed = [Query(text) for texts in asked.values() for text in random.Random(1).sample(texts, MIXED // len(asked))]
    began = time.perf_counter()
    for _ in decisions(router, encoder, mixed):
        pass
    print(
        f"  {len(mixed):,} queries, a quarter of each kind, as `thinkline route`: {time.perf_counter() - began:.1f} s"
    )
    print(f"  resident at the most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _show(name: str, queries: list[Query], router: TrainedRouter, encoder: Encoder) -> None:
    """Time one kind of queries, alone and in batches."""
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
    rates = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for begin in range(0, len(queries), BATCH):
            router.decide(queries[begin : begin + BATCH], encoder.embed(texts[begin : begin + BATCH]))
        rates.append(len(queries) / (time.perf_counter() - began))
    print(
        f"  {name:18} {statistics.mean(map(len, texts)):4.0f} characters: alone median {statistics.median(alone):5.1f} ms,"
        f" 95th percentile {np.percentile(alone, 95):5.1f} ms, of it after the embedding {statistics.median(after):.2f} ms;"
        f" in batches of {BATCH} {statistics.median(rates):4.0f} a second"
    )
