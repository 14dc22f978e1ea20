"""How right the judge is, beside the bare rule "cosine above 0.97": `python -m benchmarks.cache_quality --data DIR`.

DIR holds cache/ (qqp_pairs, gsm_plus) and router/ (clinc150, banking77, nq_open) as .jsonl.gz. Each source is split in two by
a hash: the judge was tuned on `tune`. `held` was read late and led to a few changes (docs/cache-judge.md says which, and
what it measured before). Intervals are Wilson's at 95 %. Traps and surface changes
are generated (benchmarks/cache_traps.py, cache_further_traps.py). Readings of accepted pairs that
Quora labels different lie in benchmarks/data/cache/readings.tsv, by a hash of the pair: its text is not ours to publish.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.cache_further_traps import further_traps
from benchmarks.cache_traps import surfaces, traps
from workers.cache.judge.judge import Judge
from workers.encoding.encoder import Encoder

BARE: Final = 0.97
FINAL_SEED: Final = (
    7741  # drawn once the judge was frozen, its traps read since and guards mended; docs/cache-judge.md has others
)
KEPT: Final = {"problem understanding", "distraction insertion"}  # of GSM-Plus, the kinds that keep the answer
FRESH: Final = (
    Path(__file__).parent / "data/cache/fresh.jsonl"
)  # by hand; the judge was changed after these, though not for them
FROZEN: Final = Path(__file__).parent / "data/cache/fresh_frozen.jsonl"  # by hand once the judge was frozen, run once
HOSTILE: Final = (
    Path(__file__).parent / "data/cache/fresh_hostile.jsonl"
)  # by hand, to find what the traps miss; read, and the judge mended for them
READINGS: Final = Path(__file__).parent / "data/cache/readings.tsv"


@dataclass(frozen=True, slots=True)
class Case:
    """One pair with the group that it is counted in."""

    group: str
    stored: str
    asked: str


def rows(data: Path, name: str) -> list[dict[str, Any]]:
    """Read a file of JSON lines."""
    with gzip.open(data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def half(text: str) -> str:
    """Say which half a pair belongs to."""
    return ("tune", "held")[int(hashlib.sha256(text.encode()).hexdigest(), 16) % 2]


def pair_key(one: str, other: str) -> str:
    """Name a pair without its text."""
    return hashlib.sha256("\n".join(sorted((one, other))).encode()).hexdigest()[:16]


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Give the 95 % interval of a share (Wilson 1927)."""
    if not total:
        return 0.0, 1.0
    z, share = 1.96, hits / total
    middle = share + z * z / (2 * total)
    width = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return max(0.0, (middle - width) / (1 + z * z / total)), min(1.0, (middle + width) / (1 + z * z / total))


def said(hits: int, total: int) -> str:
    """Write a share with its interval, in per cent."""
    low, high = wilson(hits, total)
    return f"{100 * hits / max(1, total):6.2f} % [{100 * low:5.2f}, {100 * high:5.2f}] {hits}/{total}"


class Vectors:
    """Embeddings of texts, each made once; kept in a file between runs when one is named."""

    def __init__(self, keep: Path | None) -> None:
        self._encoder = Encoder()
        self._keep = keep
        self._known: dict[str, NDArray[np.float32]] = {}
        if keep and keep.exists():
            held = np.load(keep)
            self._known = dict(zip(json.loads(keep.with_suffix(".json").read_text()), held["vectors"], strict=True))

    def add(self, texts: Iterable[str]) -> None:
        """Embed what is new."""
        new = sorted({text for text in texts if text not in self._known}, key=len)
        for start in range(0, len(new), 512):
            chunk = new[start : start + 512]
            self._known.update(zip(chunk, self._encoder.embed(chunk), strict=True))
            print(f"\rembedded {start + len(chunk)} of {len(new)}", end="", file=sys.stderr, flush=True)
        if new and self._keep:
            np.savez(self._keep, vectors=np.stack(list(self._known.values())))
            self._keep.with_suffix(".json").write_text(json.dumps(list(self._known)))

    def __getitem__(self, text: str) -> NDArray[np.float32]:
        return self._known[text]


def gsm(data: Path) -> Iterator[Case]:
    """Give the word problems: seed and variant."""
    for row in rows(data, "cache/gsm_plus"):
        kind = row["kind"] if row["kind"] in KEPT else "changed"
        yield Case(f"gsm {kind} ({half(row['seed'])})", row["seed"], row["question"])


def _other(places: dict[str, str], found: re.Match[str]) -> str:
    return places[found[0]]


def exchanged(data: Path) -> Iterator[Case]:
    """Give the rephrased word problems with two of their numbers, or two of their names, in each other's places."""
    dice = random.Random(FINAL_SEED)
    for row in rows(data, "cache/gsm_plus"):
        if row["kind"] != "problem understanding":
            continue
        for what, pattern in (
            ("numbers", r"(?<![\w.,])\d+(?![\w.,]\d|\w)"),
            ("people", r"(?<![.?!] )(?<!^)\b[A-Z][a-z]{2,}\b"),
        ):
            found = sorted(set(re.findall(pattern, row["question"])))
            if len(found) > 1:
                one, other = dice.sample(found, 2)
                places = {one: other, other: one}
                turned = re.sub(
                    rf"(?<![\w.,])(?:{one}|{other})(?![\w]|[.,]\d)", partial(_other, places), row["question"]
                )
                yield Case(f"gsm {what} exchanged", row["seed"], turned)


def qqp(data: Path) -> Iterator[Case]:
    """Give the Quora pairs."""
    for row in rows(data, "cache/qqp_pairs"):
        where = half("\n".join(sorted((row["a"], row["b"]))))
        yield Case(f"qqp {'same' if row['same'] else 'different'} ({where})", row["a"], row["b"])


def neighbours(data: Path, vectors: Vectors) -> Iterator[Case]:
    """Give each query of clinc150 and banking77 with its nearest query of another intent."""
    for name in ("clinc150", "banking77"):
        found = rows(data, f"router/{name}")
        texts = [row["question"] for row in found]
        vectors.add(texts)
        names = sorted({row["intent"] for row in found})
        intents = np.array([names.index(row["intent"]) for row in found])
        table = np.stack([vectors[text] for text in texts])
        for start in range(0, len(texts), 1000):
            close = table[start : start + 1000] @ table.T
            close[intents[start : start + 1000, None] == intents[None, :]] = -1
            for at, nearest in enumerate(close.argmax(axis=1), start):
                yield Case(f"neighbours {name} ({half(texts[at])})", texts[int(nearest)], texts[at])


def cases(data: Path, vectors: Vectors, parts: set[str]) -> Iterator[Case]:
    """Give every pair that is measured."""
    if "gsm" in parts:
        yield from gsm(data)
        yield from exchanged(data)
    if "traps" in parts:
        yield from (Case(f"trap {kind}", one, other) for kind, one, other in traps(data, FINAL_SEED))
        yield from (Case(f"further {kind}", one, other) for kind, one, other in further_traps(data, FINAL_SEED))
        yield from (Case(f"surface {kind}", one, other) for kind, one, other in surfaces(data, FINAL_SEED))
    if "fresh" in parts:
        for name, path in (("fresh", FRESH), ("frozen", FROZEN), ("hostile", HOSTILE)):
            for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
                yield Case(f"{name} {'same' if row['same'] else 'different'}", row["stored"], row["asked"])
    if "neighbours" in parts:
        yield from neighbours(data, vectors)
    if "qqp" in parts:
        yield from qqp(data)


def readings() -> dict[str, tuple[str, str]]:
    """Read the readings: hash of the pair, verdict (fine or wrong), reason."""
    lines = READINGS.read_text(encoding="utf-8").splitlines() if READINGS.exists() else []
    found = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {key: (verdict, reason) for key, verdict, reason in found}


def report_qqp(hits: Counter[str], accepted: list[Case], where: str) -> None:
    """Print what is wrong among what is accepted, by label and by reading."""
    same, different = hits[f"qqp same ({where})"], hits[f"qqp different ({where})"]
    read = readings()
    keys = [pair_key(case.stored, case.asked) for case in accepted if case.group == f"qqp different ({where})"]
    wrong = sum(read.get(key, ("", ""))[0] == "wrong" for key in keys)
    unread = sum(key not in read for key in keys)
    print(f"qqp ({where}): labelled different among accepted {said(different, same + different)}")
    print(f"qqp ({where}): truly wrong among accepted, as read   {said(wrong, same + different)}; not read: {unread}")


def main() -> None:
    """Judge everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", default="gsm,traps,fresh,neighbours,qqp", help="parts, joined by commas")
    parser.add_argument("--vectors", type=Path, help="an .npz file that keeps embeddings between runs")
    parser.add_argument("--accepted", type=Path, help="write accepted pairs here, to be read; do not publish it")
    chosen = parser.parse_args()
    vectors = Vectors(chosen.vectors)
    found = list(cases(chosen.data, vectors, set(chosen.only.split(","))))
    vectors.add(text for case in found for text in (case.stored, case.asked))
    judge, totals, hits, bare = Judge(), Counter[str](), Counter[str](), Counter[str]()
    accepted: list[Case] = []
    refused: dict[str, Counter[str]] = defaultdict(Counter)
    for case in found:
        verdict = judge.judge(case.stored, case.asked, float(vectors[case.stored] @ vectors[case.asked]))
        totals[case.group] += 1
        hits[case.group] += verdict.hit
        bare[case.group] += verdict.similarity >= BARE
        if verdict.hit:
            accepted.append(case)
        else:
            refused[case.group][verdict.guard] += 1
    print(f"{'group':38} {'judge: accepted [95 %]':44} {'bare 0.97 rule':44} refused by")
    for group in totals:
        guards = ", ".join(f"{name} {count}" for name, count in refused[group].most_common(4))
        print(f"{group:38} {said(hits[group], totals[group]):44} {said(bare[group], totals[group]):44} {guards}")
    for where in ("tune", "held"):
        if totals[f"qqp same ({where})"]:
            report_qqp(hits, accepted, where)
            same, different = bare[f"qqp same ({where})"], bare[f"qqp different ({where})"]
            print(f"qqp ({where}): bare rule, labelled different          {said(different, same + different)}")
    if chosen.accepted:
        chosen.accepted.write_text(
            "\n".join(
                f"{case.group}\t{pair_key(case.stored, case.asked)}\t{case.stored} | {case.asked}" for case in accepted
            )
        )


if __name__ == "__main__":
    main()
