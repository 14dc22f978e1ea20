"""The encoder's packed pass (workers/encoding/packed.py) beside sentence-transformers' own, over the same texts in turns.

    python -m benchmarks.encoder --data DIR

DIR holds router/ (nq_open, banking77, gsm8k) as .jsonl.gz. Ours has a thread a core, each with texts of its own; the
library shares each product among as many. A text alone, and batches of 32; the ratio is the median over the rounds, the
library's time to ours. With `--beside` another process is busy meanwhile, as on a machine that others use, too.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

import torch

from benchmarks.report import conditions, ratio
from benchmarks.routing.sources import rows
from workers.cores import cores
from workers.encoding.encoder import Encoder

SOURCES: Final = ("nq_open", "banking77", "gsm8k")
TEXTS, BATCH, ROUNDS, SEED = 128, 32, 7, 3
Embed = Callable[[Sequence[str]], object]


@contextmanager
def busy() -> Iterator[None]:
    """Keep a core busy."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def on_threads(count: int, embed: Embed) -> Embed:
    """Have PyTorch share each product among so many threads, as an encoder that is alone in its process has it."""

    def timed(texts: Sequence[str]) -> object:
        torch.set_num_threads(count)
        return embed(texts)

    return timed


def alone_ms(embed: Embed, texts: Sequence[str]) -> float:
    """Time texts one by one: the median in ms."""
    took = []
    for text in texts:
        began = time.perf_counter()
        embed([text])
        took.append(1_000 * (time.perf_counter() - began))
    return statistics.median(took)


def batched_ms(embed: Embed, texts: Sequence[str]) -> float:
    """Time batches: ms a text."""
    began = time.perf_counter()
    for begin in range(0, len(texts), BATCH):
        embed(texts[begin : begin + BATCH])
    return 1_000 * (time.perf_counter() - began) / len(texts)


def compare(name: str, texts: Sequence[str], ours: Embed, library: Embed) -> bool:
    """Print one source; whether the packed pass is faster."""
    faster = True
    for way, timed in (("alone", alone_ms), ("batched", batched_ms)):
        timed(ours, texts[:BATCH])
        timed(library, texts[:BATCH])
        rounds = [(timed(ours, texts), timed(library, texts)) for _ in range(ROUNDS)]
        mine, theirs = ([one[at] for one in rounds] for at in (0, 1))
        print(f"{name}, {way}: {statistics.median(mine):.1f} ms a text, the library {statistics.median(theirs):.1f} ms")
        faster &= ratio(f"{name}, {way}: the library's time to ours", theirs, mine, 1.0)
    return faster


def main() -> int:
    """Compare on all sources."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="holds router/ as .jsonl.gz")
    parser.add_argument("--beside", action="store_true", help="with a busy process beside")
    options = parser.parse_args()
    folder = options.data / "router"
    conditions("The encoder's packed pass beside the library's")
    ours, library = Encoder(), Encoder(packed=False)
    with busy() if options.beside else nullcontext():
        met = [
            compare(
                name,
                random.Random(SEED).sample([row["question"] for row in rows(folder, name)], TEXTS),
                on_threads(1, ours.embed),
                on_threads(cores(), library.embed),
            )
            for name in SOURCES
        ]
    return 0 if all(met) else 1


if __name__ == "__main__":
    raise SystemExit(main())
