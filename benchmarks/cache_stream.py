"""A stream of queries through an empty cache: hit rate by tier, and wrong serves, by tenths of the stream.

    python -m benchmarks.cache_stream --data DIR [--requests 40000] [--everything] [--bare] [--vectors FILE.npz] [--read FILE]

Repetition is Zipf's with exponent 0.8 over real queries (clinc150, banking77, nq_open) and groups of queries that mean the same
(Quora pairs labelled same, GSM-Plus problems and their rephrasings, GPTCache's mock data). Of the requests 10 % are hostile: a
query that was asked before, with one edit that changes its meaning (benchmarks/cache_traps.py). Of the others a fifth differ in
the surface from the query that they repeat, and half of those whose query has a rephrasing are one.

The cache is the product's own index, judge and rules of keeping, in one scope, with the settings' defaults and without Redis.
`--everything` keeps also what the rules would not (own data, the present): more is stored, so that more can go wrong. An answer
given to a request of another query than it was stored for is wrong, unless benchmarks/data/cache/stream_readings.tsv says that
someone read the pair and found it fine. `--read` writes such pairs, to be read; Quora's are not ours to publish. `--bare` puts the
rule "cosine above 0.97" in the judge's place; what it gives to other queries was not read, so only its hostile ones compare.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.cache_quality import BARE, Vectors, pair_key, rows, said
from benchmarks.cache_traps import SOURCES, Edit, kinds, queries, surface_edits
from workers.cache.index.growth import finish
from workers.cache.index.scope import ScopeIndex
from workers.cache.judge.judge import Judge
from workers.cache.timeliness import about_now, about_own_data
from workers.settings import CacheSettings
from workers.submission.fingerprint import normalise

EXPONENT: Final = 0.8
HOSTILE: Final = 0.1
SURFACE: Final = 0.2
REPHRASED: Final = 0.5
QUORA_GROUPS: Final = 5_000
TENTHS: Final = 10
READINGS: Final = Path(__file__).parent / "data/cache/stream_readings.tsv"


@dataclass(frozen=True, slots=True)
class Request:
    """One query of the stream. Requests of one `meaning` may be given each other's answers."""

    text: str
    kind: str
    meaning: str
    intent: str | None


@dataclass(slots=True)
class Group:
    """Queries that mean the same."""

    texts: list[str]
    intent: str | None = None


@dataclass(slots=True)
class Part:
    """What became of a tenth of the stream."""

    requests: int = 0
    tiers: Counter[str] = field(default_factory=Counter)
    by_kind: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    stored: int = 0


@dataclass(frozen=True, slots=True)
class Wrong:
    """An answer that was given to another query than it was stored for."""

    why: str
    stored: str
    asked: str


def folded(text: str) -> str:
    """Name a query without case, blanks and closing marks."""
    return re.sub(r"\s+", " ", re.sub(r"[?.!,]+(?=\s|$)", "", text.lower())).strip()


def groups(data: Path, dice: random.Random) -> list[Group]:
    """Collect the queries of all sources, in random order: the order is their rank."""
    found: dict[str, Group] = {}
    for source in SOURCES:
        for row in rows(data, f"router/{source}"):
            if len(row["question"].split()) >= 4:
                intent = f"{source}/{row['intent']}" if "intent" in row else None
                found.setdefault(folded(row["question"]), Group([row["question"]], intent))
    for group in [*_pairs(data), *_quora(data)[:QUORA_GROUPS]]:
        found.setdefault(folded(group.texts[0]), group)
    every = list(found.values())
    dice.shuffle(every)
    return every


def _pairs(data: Path) -> Iterator[Group]:
    problems: dict[str, Group] = {}
    for row in rows(data, "cache/gsm_plus"):
        if row["kind"] == "problem understanding":
            problems.setdefault(row["seed"], Group([row["seed"]])).texts.append(row["question"])
    yield from problems.values()
    for row in rows(data, "cache/gptcache_mock_data"):
        yield Group([row["origin"], row["similar"]])


def _quora(data: Path) -> list[Group]:
    """Join the pairs that are labelled same into groups."""
    place: dict[str, Group] = {}
    for row in rows(data, "cache/qqp_pairs"):
        if row["same"]:
            one, other = place.get(row["a"]), place.get(row["b"])
            group = one or other or Group([])
            if one and other and one is not other:
                group.texts += other.texts
                place.update(dict.fromkeys(other.texts, group))
            for text in (row["a"], row["b"]):
                if text not in group.texts:
                    group.texts.append(text)
                place[text] = group
    return list({id(group): group for group in place.values()}.values())


def stream(data: Path, length: int, seed: int) -> list[Request]:
    """Draw the stream; the same seed gives the same one."""
    dice = random.Random(seed)
    every = groups(data, dice)
    meaning = {folded(text): folded(group.texts[0]) for group in every for text in group.texts}
    intents = {folded(group.texts[0]): group.intent for group in every}
    weights = np.cumsum(1 / np.arange(1, len(every) + 1) ** EXPONENT)
    edits, surface = list(kinds(queries(data)).items()), list(surface_edits().values())
    asked: list[str] = []
    made: list[Request] = []
    while len(made) < length:
        if asked and dice.random() < HOSTILE:
            text = _hostile(asked, edits, dice)
            means = meaning.get(folded(text), folded(text))
            made.append(Request(text, "hostile", means, intents.get(means)))
            continue
        group = every[int(np.searchsorted(weights, dice.random() * weights[-1]))]
        means, text, kind = folded(group.texts[0]), group.texts[0], "same"
        if len(group.texts) > 1 and dice.random() < REPHRASED:
            text, kind = dice.choice(group.texts[1:]), "rephrased"
        elif dice.random() < SURFACE:
            text, kind = dice.choice(surface)(text, dice) or text, "surface"
        asked.append(group.texts[0])
        made.append(Request(text, kind, means, group.intent))
    return made


def _hostile(asked: list[str], edits: list[tuple[str, Edit]], dice: random.Random) -> str:
    """Edit a query that was asked; not every edit fits every query, so others are drawn until one does."""
    while True:
        base = dice.choice(asked)
        text = dice.choice(edits)[1](base, dice)
        if text and folded(text) != folded(base):
            return text


class Cache:
    """Exact tier, index and judge of one scope, as a classify worker has them."""

    def __init__(self, vectors: Vectors, *, everything: bool, bare: bool = False) -> None:
        self._vectors = vectors
        self._everything = everything
        self._bare = bare
        self._settings = CacheSettings()
        self._index = ScopeIndex(384)
        self._judge = Judge()
        self._exact: dict[str, Request] = {}
        self._stored: dict[bytes, Request] = {}

    def __len__(self) -> int:
        return len(self._exact)

    def ask(self, request: Request) -> tuple[str, Request | None]:
        """Look a request up, and keep its answer when there is none: the tier, and the request that it was stored for."""
        name = normalise(request.text)
        if name in self._exact:
            return "exact", self._exact[name]
        vector = self._vectors[request.text]
        for key, similarity in self._index.search(vector, self._settings.candidates, self._settings.min_similarity):
            if self._accepts(self._stored[key], request, similarity):
                return "semantic", self._stored[key]
        if self._everything or not (about_now(request.text) or about_own_data(request.text)):
            self._exact[name] = request
            entry = hashlib.sha256(name.encode()).hexdigest()[:32].encode()  # as long as an entry's id
            self._stored[entry] = request
            self._index.put([entry], vector[None, :])
            if self._index.outgrown:
                finish(self._index.grow())
        return "miss", None

    def _accepts(self, found: Request, request: Request, similarity: float) -> bool:
        if self._bare:
            return similarity >= BARE
        return self._judge.judge(found.text, request.text, similarity).hit


def replay(requests: list[Request], cache: Cache) -> tuple[list[Part], list[Wrong]]:
    """Send the stream through, tenth by tenth."""
    fine = {key for key, verdict in readings().items() if verdict == "fine"}
    parts, wrong = [], []
    for tenth in range(TENTHS):
        part = Part()
        for request in requests[tenth * len(requests) // TENTHS : (tenth + 1) * len(requests) // TENTHS]:
            tier, found = cache.ask(request)
            part.requests += 1
            part.tiers[tier] += 1
            part.by_kind[(request.kind, tier)] += 1
            if found is None or found.meaning == request.meaning:
                continue
            why = _why(found, request)
            wrong.append(Wrong(why, found.text, request.text))
            part.wrong["read as fine" if pair_key(found.text, request.text) in fine else why] += 1
        part.stored = len(cache)
        parts.append(part)
    return parts, wrong


def _why(found: Request, request: Request) -> str:
    if "hostile" in (found.kind, request.kind):
        return "hostile"
    if found.intent and request.intent:
        return "same intent" if found.intent == request.intent else "other intent"
    return "no label"


def readings() -> dict[str, str]:
    """Read the readings: hash of the pair -> fine or wrong."""
    lines = READINGS.read_text(encoding="utf-8").splitlines() if READINGS.exists() else []
    return {line.split("\t")[0]: line.split("\t")[1] for line in lines if line and not line.startswith("#")}


def counted(part: Part) -> int:
    """How many serves of a part are wrong."""
    return part.wrong.total() - part.wrong["read as fine"]


def joined(parts: list[Part]) -> Part:
    """Add parts up."""
    whole = Part(stored=parts[-1].stored)
    for part in parts:
        whole.requests += part.requests
        whole.tiers += part.tiers
        whole.by_kind += part.by_kind
        whole.wrong += part.wrong
    return whole


def report(parts: list[Part]) -> None:
    """Print the tenths, the two halves and the whole."""
    print(f"{'part':10} {'stored':>7} {'exact':>7} {'semantic':>9} {'wrong serves of all requests [95 %]':38} of which")
    halves = {"1st half": joined(parts[:5]), "2nd half": joined(parts[5:]), "all": joined(parts)}
    for name, part in [*((f"tenth {at}", part) for at, part in enumerate(parts, 1)), *halves.items()]:
        kind = ", ".join(f"{why} {count}" for why, count in sorted(part.wrong.items()) if count)
        exact, near = (part.tiers[tier] / part.requests for tier in ("exact", "semantic"))
        print(f"{name:10} {part.stored:7,} {exact:7.1%} {near:9.1%} {said(counted(part), part.requests):38} {kind}")
    whole = halves["all"]
    print()
    for kind in ("same", "surface", "rephrased", "hostile"):
        total = sum(whole.by_kind[(kind, tier)] for tier in ("exact", "semantic", "miss"))
        shares = (f"{tier} {whole.by_kind[(kind, tier)] / max(1, total):.1%}" for tier in ("exact", "semantic", "miss"))
        print(f"{kind:10} {total:7,} requests: {', '.join(shares)}")


def main() -> None:
    """Draw the stream, embed it, send it through."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--requests", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=811)
    parser.add_argument("--everything", action="store_true", help="keep also what the rules of keeping would not")
    parser.add_argument("--bare", action="store_true", help="the rule `cosine above 0.97` in the judge's place")
    parser.add_argument("--vectors", type=Path, help="an .npz file that keeps embeddings between runs")
    parser.add_argument("--read", type=Path, help="write here what was given to another query; do not publish it")
    chosen = parser.parse_args()
    requests = stream(chosen.data, chosen.requests, chosen.seed)
    vectors = Vectors(chosen.vectors)
    vectors.add(request.text for request in requests)
    parts, wrong = replay(requests, Cache(vectors, everything=chosen.everything, bare=chosen.bare))
    rule = "the rule `cosine above 0.97`" if chosen.bare else "the judge"
    kept = "everything is kept" if chosen.everything else "kept by the rules"
    print(
        f"{len(requests):,} requests, {len({request.meaning for request in requests}):,} meanings, seed {chosen.seed}, {kept}, {rule}"
    )
    report(parts)
    if chosen.read:
        counts = Counter(wrong)
        lines = [
            f"{one.why}\t{count}\t{pair_key(one.stored, one.asked)}\t{one.stored} | {one.asked}"
            for one, count in counts.items()
        ]
        chosen.read.write_text("\n".join(sorted(lines)), encoding="utf-8")


if __name__ == "__main__":
    main()
