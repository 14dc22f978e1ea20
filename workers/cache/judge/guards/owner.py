"""Guards over persons and what is theirs: who does it, whose it is, one thing of theirs or several."""

from __future__ import annotations

import re
from collections import Counter

from workers.cache.judge.align import Pair
from workers.cache.judge.guards.likeness import several
from workers.cache.judge.guards.little import differ
from workers.cache.judge.lexicon import is_plural
from workers.cache.judge.text import Text, Word
from workers.cache.judge.words import PERSONS, POSSESSIVES, listed


def person(pair: Pair) -> str | None:
    """Refuse when it is about other people: I, you, he, she, they; and when a possessive is another one."""
    who = [[PERSONS[word.form] for word in text.words if word.form in PERSONS] for text in (pair.left, pair.right)]
    plain = [
        [word.form for word in text.words if word.form in PERSONS and word.form not in POSSESSIVES]
        for text in (pair.left, pair.right)
    ]
    if plain[0] != plain[1] or (who[0] != who[1] and len(who[0]) == len(who[1])):
        return "the person differs: who does it to whom"
    if _owner(pair) or _spoken_to(pair.left, pair.right) or _spoken_to(pair.right, pair.left):
        return "the person differs: whose it is"
    if _sought(pair.left) != _sought(pair.right):
        return "the person differs: one's own and any"
    own = _MY if _frame(pair.left) and _frame(pair.right) else frozenset[str]()
    if who[0] != who[1] and (differing := set(who[0]) ^ set(who[1])):
        return f"the person differs: {', '.join(sorted(differing))}"
    found = differ(pair, POSSESSIVES - own)
    return f"the person differs: {found}" if found else None


_MY = frozenset(["my"])


def _sought(text: Text) -> list[str]:
    return _SOUGHT.findall(text.core) if " my " in text.core else []


def _owner(pair: Pair) -> bool:
    """Tell whether nothing but an owner was exchanged: the way to find my score, the way to find your score."""
    raw = [text.raw.lower() for text in (pair.left, pair.right)]
    if raw[0] == raw[1] or not any(part in text for text in raw for part in _OF_POSSESSIVES):
        return False
    if _POSSESSIVE.findall(raw[0]) == _POSSESSIVE.findall(raw[1]):
        return False
    one, other = (Counter(re.findall(r"\w+", text)) for text in raw)
    gone, come = one - other, other - one
    return bool(gone) and gone.keys() | come.keys() <= POSSESSIVES and gone.total() == come.total()


_OF_POSSESSIVES = ("my", "mine", "our", "your", "his", "her", "their", "sel", "whose")  # each has one of these in it
_POSSESSIVE = re.compile(rf"\b(?:{'|'.join(sorted(POSSESSIVES))})\b")
_SOUGHT = re.compile(
    r"\b(find|locate|trace|track|meet|choose|contact|call|visit|buy|marry) my (?!purpose|passion|family|way|voice|style|calling)"
)  # find my phone, find a phone
_TO_SOMEBODY = re.compile(
    r"\b(?:(?:tell|show|teach|help) (?:me|us)|(?:let|advise) me|i (?:want|need|would like) to know)\b"
    r"|\b(?:can|could|would|will) you (?:please )?(?:explain|say|describe|give)\b"
)
_ANYBODY = re.compile(r"(?<!thank )\byou\b")


def _spoken_to(one: Text, other: Text) -> bool:
    """Tell whether one asks somebody about what is theirs, and the other about its own: tell me how to redeem your points.

    Elsewhere `your` may be anybody's (how to promote your shop), and the frames make it `my`.
    """
    ours, theirs = one.raw.lower(), other.raw.lower()
    if "your" not in ours or "your" in theirs or re.search(r"\bmy\b", theirs) is None:
        return False
    asked = _TO_SOMEBODY.search(ours)
    return asked is not None and _ANYBODY.search(ours, asked.end()) is None


def _frame(text: Text) -> bool:
    """Tell whether it begins `how do i`: then `my` may stand or not (how do i reset my password)."""
    return [word.form for word in text.words[:3]] == ["how", "do", "i"]


def plural(pair: Pair) -> str | None:
    """Refuse when one speaks of one of the asker's own or of a certain thing, and the other of several."""
    for match in pair.matches:
        if (
            match.how in {"form", "same"}
            and match.left.form != match.right.form
            and is_plural(match.left.form) != is_plural(match.right.form)
        ):
            befores = {_before(pair.left, match.left), _before(pair.right, match.right)}
            if (
                befores & {"my", "our"}
                and {match.left.form, match.right.form} & _LOOSE
                and _frame(pair.left)
                and _frame(pair.right)
            ):
                continue  # how do I get water out of my ear, or of my ears
            if befores & ((POSSESSIVES - {"your"}) | {"this", "that", "these", "those"}):
                return f"one and several differ: {match.left.form} and {match.right.form}"
    found = several(pair)
    return f"one and several differ: {found}" if found else None


_LOOSE = frozenset(
    listed("""
    ear eye leg arm hand foot knee shoulder lip thigh cheek nail tooth muscle dream goal fear emotion
    feeling thought skill failure follower subscriber mistake
""")
)


def _before(text: Text, word: Word) -> str:
    return text.words[word.at - 1].form if word.at else ""
