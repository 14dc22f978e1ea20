"""Make the judge's lexicon from WordNet 3.0: `python -m benchmarks.cache_lexicon --wordnet DIR`.

The result (workers/cache/judge/data/lexicon.txt.gz) is committed; run this again only to change what is taken over.
Taken are single words: irregular forms, parts of speech, groups of words that share a sense which is frequent for
each of them, antonyms, British spellings, nouns with the verbs that they come from, and
adjectives with the nouns that they belong to. A sense is frequent when at
least a quarter of a word's tagged uses have it, or when it is the first sense of a word that is never tagged.
"""

from __future__ import annotations

import argparse
import gzip
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PARTS: Final = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}
KINDS: Final = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
SHARE: Final = 0.08
TARGET: Final = Path(__file__).parent.parent / "workers/cache/judge/data/lexicon.txt.gz"
WORD: Final = re.compile(r"[a-z]{2,}")
BRITISH: Final = (
    (r"our", "or"), (r"is(e|ed|es|er|ing|ation)$", r"iz\1"), (r"ys(e|ed|es|er|ing)$", r"yz\1"), (r"re$", "er"),
    (r"ll", "l"), (r"ogue$", "og"), (r"ence$", "ense"), (r"ae", "e"), (r"oe", "e"), (r"mme$", "m"),
)  # fmt: skip
NOTICE: Final = (
    "# Taken from WordNet 3.0 by benchmarks/cache_lexicon.py. WordNet 3.0 Copyright 2006 by Princeton University."
    " All rights reserved. Permission to use, copy, modify and distribute is granted by its licence"
    " (docs/wordnet-licence.txt)."
)


def counts(folder: Path) -> dict[tuple[str, str, int], int]:
    """Read how often each sense (word, part of speech, number from 1) was tagged."""
    found: dict[tuple[str, str, int], int] = defaultdict(int)
    for line in (folder / "cntlist.rev").read_text().splitlines():
        key, number, count = line.split()
        word, rest = key.split("%")
        found[word, KINDS[rest[0]], int(number)] += int(count)
    return found


def senses(folder: Path) -> dict[tuple[str, str], list[str]]:
    """Read each word's senses, most frequent first, as places in the data files."""
    found = {}
    for part, kind in PARTS.items():
        for line in (folder / f"index.{part}").read_text().splitlines():
            if line.startswith(" "):
                continue
            fields = line.split()
            if WORD.fullmatch(fields[0]):
                found[fields[0], kind] = fields[-int(fields[2]) :]
    return found


def synsets(folder: Path) -> Iterator[tuple[str, str, list[str], list[tuple[str, str, str, int, int]]]]:
    """Read the groups: part of speech, place, words, pointers (symbol, place, part, from word, to word; from 1)."""
    for part, kind in PARTS.items():
        for line in (folder / f"data.{part}").read_text().splitlines():
            if line.startswith(" "):
                continue
            fields = line.split("|")[0].split()
            number = int(fields[3], base=16)
            words = [re.sub(r"\(\w+\)$", "", fields[4 + 2 * at]) for at in range(number)]
            start = 5 + 2 * number
            pointers = []
            for at in range(int(fields[4 + 2 * number])):
                symbol, place, other, ends = fields[start + 4 * at : start + 4 * at + 4]
                pointers.append((symbol, place, other.replace("s", "a"), *bytes.fromhex(ends)))
            yield kind, fields[0], words, pointers


def frequent(folder: Path) -> set[tuple[str, str, str]]:
    """Find the senses (word, part of speech, place) that are frequent for their word."""
    tagged, listed = counts(folder), senses(folder)
    totals: dict[str, int] = defaultdict(int)
    for (word, _, _), count in tagged.items():
        totals[word] += count
    found = set()
    for (word, kind), places in listed.items():
        for number, place in enumerate(places, 1):
            total = totals[word]
            if (total and tagged[word, kind, number] >= SHARE * total) or (not total and number == 1):
                found.add((word, kind, place))
    return found


def british(words: list[str]) -> Iterator[tuple[str, str]]:
    """Find spellings of one group that differ by a rule only: colour, color."""
    lower = [word for word in words if WORD.fullmatch(word)]
    for word in lower:
        for pattern, american in BRITISH:
            other = re.sub(pattern, american, word)
            if other != word and other in lower:
                yield word, other


def deed(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Tell whether the pair is a verb and the noun of doing it (cancel, cancellation), not of who does it (painter)."""
    if one[1] + other[1] not in {"nv", "vn"}:
        return False
    noun = one[0] if one[1] == "n" else other[0]
    return not re.search(r"(er|or|ist|ee|ant|ent)$", noun) or noun.endswith("ment")


def build(folder: Path) -> list[str]:  # noqa: C901 - one branch for each kind of fact
    """Make the lines: a letter for the kind of fact, then words."""
    listed, often, groups = senses(folder), frequent(folder), list(synsets(folder))
    by_place = {(kind, place): words for kind, place, words, _ in groups}
    parts: dict[str, set[str]] = defaultdict(set)
    for word, kind in listed:
        parts[word].add(kind)
    lines = {f"p {word} {''.join(sorted(kinds))}" for word, kinds in parts.items()}
    for kind, place, words, pointers in groups:
        shared = sorted({word for word in words if (word, kind, place) in often})
        if len(shared) > 1:
            lines.add("s " + " ".join(shared))
        lines.update(f"b {one} {other}" for one, other in british(words))
        for symbol, target, other_kind, start, end in pointers:
            if symbol not in {"!", "+", "\\"} or not start:
                continue
            one, other = words[start - 1].lower(), by_place[other_kind, target][end - 1].lower()
            if not (WORD.fullmatch(one) and WORD.fullmatch(other)) or one == other:
                continue
            if symbol == "\\" and kind == "a" and other_kind == "n":
                lines.add("d " + " ".join(sorted((one, other))))  # australian, australia
            elif symbol == "!":
                lines.add("a " + " ".join(sorted((one, other))))
            elif (
                (one, kind, place) in often
                and (other, other_kind, target) in often
                and deed((one, kind), (other, other_kind))
            ):
                lines.add("d " + " ".join(sorted((one, other))))
    for part, kind in PARTS.items():
        for line in (folder / f"{part}.exc").read_text().splitlines():
            form, lemma = line.split()[:2]
            if WORD.fullmatch(form) and WORD.fullmatch(lemma) and (lemma, kind) in listed:
                lines.add(f"i {form} {lemma} {kind}")
    return sorted(lines)


def main() -> None:
    """Write the lexicon."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wordnet", type=Path, required=True, help="the folder with data.noun, index.noun …")
    lines = build(parser.parse_args().wordnet)
    TARGET.parent.mkdir(exist_ok=True)
    with gzip.GzipFile(TARGET, "wb", 9, mtime=0) as file:
        file.write("\n".join([NOTICE, *lines]).encode())
    print(f"{len(lines)} facts, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
