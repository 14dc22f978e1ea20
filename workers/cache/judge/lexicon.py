"""What words are and which mean the same, taken from WordNet 3.0 (benchmarks/cache_lexicon.py makes the file).

It knows words, not contexts: two words are synonyms here when one sense is frequent for both. The verifier still looks
at the sentence around them.
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from sys import intern
from typing import Final

_NOUN_ENDS: Final = (("ies", "y"), ("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("s", ""))
_VERB_ENDS: Final = (
    ("ies", "y"), ("es", "e"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", ""),
)  # fmt: skip


# Spellings that WordNet does not have in one group.
_MORE_BRITISH: Final = {
    "cheque": "check", "tyre": "tire", "grey": "gray", "aluminium": "aluminum", "jewellery": "jewelry", "enquiry": "inquiry",
    "enquire": "inquire", "whilst": "while", "amongst": "among", "learnt": "learned", "kerb": "curb", "pyjamas": "pajamas",
    "mum": "mom", "storey": "story", "sceptical": "skeptical", "practise": "practice", "disc": "disk", "moustache": "mustache",
}  # fmt: skip


@dataclass(slots=True)
class Lexicon:
    """Facts about single lower-case words."""

    parts: dict[str, str] = field(default_factory=dict)
    synonyms: dict[str, tuple[str, ...]] = field(default_factory=dict)  # a set takes four times the memory
    antonyms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    deeds: dict[str, tuple[str, ...]] = field(default_factory=dict)
    british: dict[str, str] = field(default_factory=dict)
    irregular: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))


@cache
def lexicon() -> Lexicon:
    """Read the lexicon, once a process: about 0.2 s."""
    found = Lexicon(british=dict(_MORE_BRITISH))
    packed = files("workers.cache.judge").joinpath("data/lexicon.txt.gz").read_bytes()
    for line in gzip.decompress(packed).decode().splitlines():
        kind, *words = map(intern, line.split())
        if kind == "p":
            found.parts[words[0]] = words[1]
        elif kind == "b":
            found.british.setdefault(words[0], words[1])
        elif kind == "i":
            found.irregular[words[0]].append((words[1], words[2]))
        elif kind in "sad":
            table = {"s": found.synonyms, "a": found.antonyms, "d": found.deeds}[kind]
            for word in words:
                more = [other for other in words if other != word and other not in table.get(word, ())]
                table[word] = (*table.get(word, ()), *dict.fromkeys(more))
    return found


@lru_cache(8192)
def american(word: str) -> str:
    """Spell a word the American way: colour, colours and coloured become color, colors and colored."""
    table = lexicon().british
    if word in table:
        return table[word]
    for end in ("s", "d", "ed", "r", "ing", "ly"):
        stem = word[: -len(end)]
        for base in (stem, stem + "e"):
            if word.endswith(end) and base in table:
                new = table[base]
                return (new[:-1] if base != stem and new.endswith("e") else new) + end
    for one, other in (("ll", "l"),):  # travelling, cancelled
        for end in ("ing", "ed", "er", "ers"):
            stem = word[: -len(end)]
            if word.endswith(one + end) and stem[:-1] + "" in lexicon().parts and stem not in lexicon().parts:
                return stem[: -len(one)] + other + end
    return word


@lru_cache(8192)
def lemmas(word: str) -> frozenset[str]:
    """Find what a form may be a form of, itself included when it is a word or nothing else fits."""
    words = lexicon()
    found = {lemma for lemma, part in words.irregular.get(word, ()) if part in "nv"}
    if word in words.irregular and found:
        return frozenset(found | ({word} if word in words.parts else set()))
    for ends, part in ((_NOUN_ENDS, "n"), (_VERB_ENDS, "v")):
        for end, base in ends:
            stem = word[: len(word) - len(end)] + base
            if word.endswith(end) and len(stem) > 1 and not (end == "s" and word.endswith("ss")):
                if part in words.parts.get(stem, ""):
                    found.add(stem)
                undoubled = stem[:-1]  # stopped, stop
                if (
                    part == "v"
                    and end in {"ed", "ing"}
                    and stem[-1:] == stem[-2:-1]
                    and "v" in words.parts.get(undoubled, "")
                ):
                    found.add(undoubled)
    if word in words.parts or not found:
        found.add(word)
    if word not in words.parts and len(found) == 1 and word.endswith("s") and len(word) > 3 and not word.endswith("ss"):
        found.add(word[:-1])  # apps, iphones
    return frozenset(found)


@lru_cache(8192)
def known(word: str) -> bool:
    """Tell whether a word, or what it is a form of, is in the dictionary."""
    parts = lexicon().parts
    return word in parts or any(lemma in parts for lemma in lemmas(word))


@lru_cache(8192)
def is_plural(word: str) -> bool:
    """Tell whether a word is the plural of another noun."""
    words = lexicon()
    if any(part == "n" and lemma != word for lemma, part in words.irregular.get(word, ())):
        return True
    regular = word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return regular and any("n" in words.parts.get(lemma, "") and lemma != word for lemma in lemmas(word))


@lru_cache(8192)
def is_past(word: str) -> bool:
    """Tell whether a word is a past form of a verb, and not its base as well (put, read)."""
    words = lexicon()
    if any(
        part == "v" and lemma != word and not word.endswith(("s", "ing"))
        for lemma, part in words.irregular.get(word, ())
    ):
        return True
    return word.endswith("ed") and any("v" in words.parts.get(lemma, "") and lemma != word for lemma in lemmas(word))


def synonymous(one: str, other: str) -> bool:
    """Tell whether two words share a frequent sense; beside other evidence only, for in a sentence it may be another."""
    near = lexicon().synonyms
    return any(right in near.get(left, ()) for left in lemmas(one) for right in lemmas(other))


SHORTEST_STEM: Final = (
    4  # letters in common of a verb and the noun of doing it; fewer join law and legal, sun and solar
)


def akin(one: str, other: str) -> bool:
    """Tell whether two words are a verb and the noun of doing it, or a noun and its adjective, of one stem."""
    short, long = sorted((one, other), key=len)
    if not long.startswith(short if len(short) == 3 else short[:SHORTEST_STEM]):
        return False
    deeds = lexicon().deeds
    return is_plural(one) == is_plural(other) and any(
        right in deeds.get(left, ()) for left in lemmas(one) for right in lemmas(other)
    )
