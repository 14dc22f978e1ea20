"""What benchmarks/cache_peers.py stores and asks: pairs with a known answer, and real queries to fill the cache with.

| group | stored and asked | serving the stored one is |
|---|---|---|
| mock | GPTCache's own pairs: a sentence and its paraphrase | right |
| qqp same | Quora's pairs that are labelled the same | right |
| rephrased | GSM-Plus: a problem told in other words | right |
| surface | real queries with other case, spacing, punctuation, politeness, contraction, spelling | right |
| trap | real queries with one edit that changes the answer | wrong |
| changed | GSM-Plus: a problem with other numbers, another operation, something left out | wrong |
| intent | a query of clinc150 or banking77 | wrong, when what is served is of another intent |
| qqp different | Quora's pairs that are labelled different; the labels are loose, so this group is counted by itself | by label |

Whatever else is served than the stored one of the pair is counted as neither: the filling holds other paraphrases.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.cache_quality import KEPT, rows
from benchmarks.cache_traps import surfaces, traps

SEED: Final = 11
EACH: Final = {
    "mock": 120, "qqp same": 120, "rephrased": 50, "surface": 120, "trap": 200, "changed": 80, "intent": 100,
    "qqp different": 120,
}  # fmt: skip
WARMING: Final = 5  # queries
RIGHT: Final = frozenset({"mock", "qqp same", "rephrased", "surface"})
WRONG: Final = frozenset({"trap", "changed", "intent"})
FILLING: Final = ("clinc150", "banking77", "nq_open")


@dataclass(frozen=True, slots=True)
class Asked:
    """One query with the entry that it belongs to; `stored` is empty for the group `intent`."""

    group: str
    stored: str
    text: str


@dataclass(frozen=True, slots=True)
class Material:
    """Entries in the order in which they are added, queries, the intents of texts that have one, and queries to warm up with."""

    entries: list[str]
    asked: list[Asked]
    intents: dict[str, str]
    warming: list[Asked]


def same(text: str) -> str:
    """Write a text so that equal questions are equal."""
    return " ".join(text.lower().split()).rstrip("?.! ")


def material(data: Path, most: int) -> Material:
    """Choose queries and entries, at most so many; the same ones every time."""
    dice = random.Random(SEED)
    intents = {
        row["question"]: row["intent"] for name in ("clinc150", "banking77") for row in rows(data, f"router/{name}")
    }
    asked: list[Asked] = []
    seen: set[str] = set()
    for one in _pairs(data, intents, dice):
        names = {same(one.text), same(one.stored)} - {""}
        if not names & seen:  # no query is the entry of another one
            asked.append(one)
            seen |= names
    dice.shuffle(asked)
    entries = list(dict.fromkeys(one.stored for one in asked if one.stored))
    filling = [text for text in dict.fromkeys(_filling(data)) if same(text) not in seen]
    dice.shuffle(filling)
    return Material([*entries, *filling][:most], asked[:-WARMING], intents, asked[-WARMING:])


def _pairs(data: Path, intents: dict[str, str], dice: random.Random) -> Iterator[Asked]:
    mock = [(row["origin"], row["similar"]) for row in rows(data, "cache/gptcache_mock_data")]
    quora = [(row["a"], row["b"], row["same"]) for row in rows(data, "cache/qqp_pairs")]
    problems = [(row["seed"], row["question"], row["kind"]) for row in rows(data, "cache/gsm_plus")]
    groups: dict[str, list[tuple[str, str]]] = {
        "mock": mock,
        "qqp same": [(one, other) for one, other, equal in quora if equal],
        "rephrased": [(seed, text) for seed, text, kind in problems if kind == "problem understanding"],
        "surface": [(stored, text) for _, stored, text in surfaces(data, SEED)],
        "trap": [(stored, text) for _, stored, text in traps(data, SEED)],
        "changed": [(seed, text) for seed, text, kind in problems if kind not in KEPT],
        "intent": [("", text) for text in intents],
        "qqp different": [(one, other) for one, other, equal in quora if not equal],
    }
    for group, pairs in groups.items():
        distinct = {stored or text: text for stored, text in dice.sample(pairs, len(pairs)) if stored != text}
        for key in list(distinct)[: EACH[group]]:
            yield Asked(group, "" if group == "intent" else key, distinct[key])


def _filling(data: Path) -> Iterator[str]:
    for name in FILLING:
        yield from (row["question"] for row in rows(data, f"router/{name}"))
    for row in rows(data, "cache/qqp_pairs"):
        yield from (row["a"], row["b"])
