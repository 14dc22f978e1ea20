"""Guards over two words that are alike, or forms of one word, and are about two things where they stand."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from workers.cache.judge.align import Match, Pair
from workers.cache.judge.lexicon import is_plural, lemmas, lexicon
from workers.cache.judge.near import APART, DOINGS, PLURALS
from workers.cache.judge.text import Text, Word
from workers.cache.judge.words import BE, MODALS, PERSONS, listed

_ENDS: Final = ("ans", "ishes", "eses", "is")  # of peoples: Why do Germans, why do German people


def _lowered(pair: Pair, *needed: str) -> tuple[str, ...]:
    """Give both texts in small letters; none when no needed word is in either, so that whoever compares them finds no difference."""
    texts = (pair.left.raw.lower(), pair.right.raw.lower())
    return texts if any(word in text for text in texts for word in needed) else ()


def apart(pair: Pair) -> str | None:
    """Refuse synonyms beside a word that parts them: a loan application is no app, hard water is not difficult."""
    for match in pair.matches:
        if match.how not in {"same", "typo"} and match.left.form != match.right.form:
            for alike, context, anywhere in APART:
                if (
                    match.left.form in alike
                    and match.right.form in alike
                    and _beside(pair, match, context, anywhere=anywhere)
                ):
                    return f"{match.left.form} and {match.right.form}"
    mobile = {_MOBILE.search(text) is not None for text in _lowered(pair, "phone")}
    if len(mobile) > 1 and not _FIRST_PHONES.isdisjoint(pair.said):
        return "a mobile phone and a phone"
    if len(mobile) > 1 and _WHAT_PHONE.match(pair.left.core):
        return "a mobile phone and a phone"
    return None


_MOBILE: Final = re.compile(r"\b(?:mobile|cell|cellular|smart) ?phone")
_FIRST_PHONES: Final = frozenset(
    ["invent", "invented", "inventor", "#1th", "history", "landline", "difference", "between"]
)
_WHAT_PHONE: Final = re.compile(r"what (?:is|are) (?:an? |the )?phones?[ ?.!]*$")


def _beside(pair: Pair, match: Match, context: frozenset[str], *, anywhere: bool) -> bool:
    """Tell whether a word of the context stands before or behind the match, or anywhere in one of the texts."""
    for text, word in ((pair.left, match.left), (pair.right, match.right)):
        near = (
            text.words
            if anywhere
            else (*text.words[max(0, word.at - 1) : word.at], *text.words[word.at + 1 : word.at + 2])
        )
        if any(other.form in context for other in near if other.at != word.at):
            return True
    return False


def joined(pair: Pair) -> str | None:
    """Refuse two words joined by and beside the same two as one thing: salt and water, salt water."""
    for one, other in pairwise(pair.matches):
        left = pair.left.words[one.left.at + 1 : other.left.at]
        right = pair.right.words[one.right.at + 1 : other.right.at]
        for between, rest, text, first, second in (
            (left, right, pair.right, one.right, other.right),
            (right, left, pair.left, one.left, other.left),
        ):
            if [word.form for word in between] == ["and"] and not rest and f"{first.form} {second.form}" in text.core:
                return f"{first.form} and {second.form}"
    return None


def doing(pair: Pair) -> str | None:
    """Refuse a noun in -ing beside another noun of its stem: parking and a park, icing and ice; to park is parking."""
    for match in pair.matches:
        one, other = match.left.form, match.right.form
        if match.how == "form" and one.endswith("ing") != other.endswith("ing") and {one, other} & DOINGS:
            text, word = (pair.right, match.right) if one.endswith("ing") else (pair.left, match.left)
            if not _verb(text, word) and not ({one, other} & _BRANCHES and _compound(pair, match)):
                return f"{one} and {other}"
        if match.how == "form" and one.endswith("ing") != other.endswith("ing") and _led(pair, match):
            return f"{one} and {other}"
    return None


_BRANCHES: Final = frozenset(
    ["banking", "marketing", "engineering", "accounting", "nursing"]
)  # bank exams, banking exams
_INTENDED: Final = frozenset(["stop", "stopped", "remember", "remembered", "forget", "forgot", "regret"])


def _compound(pair: Pair, match: Match) -> bool:
    """Tell whether the same word follows on both sides."""
    after = (
        pair.left.words[match.left.at + 1 : match.left.at + 2],
        pair.right.words[match.right.at + 1 : match.right.at + 2],
    )
    return all(after) and pair.partner.get(after[0][0].at) == after[1][0].at


def _led(pair: Pair, match: Match) -> bool:
    """Tell whether it is meant on one side and done on the other: stop to drink, stop drinking."""
    text, word = (pair.right, match.right) if match.left.form.endswith("ing") else (pair.left, match.left)
    before = [other.form for other in text.words[max(0, word.at - 2) : word.at]]
    return before[-1:] == ["to"] and before[0] in _INTENDED


def _verb(text: Text, word: Word) -> bool:
    """Tell whether a word is a verb where it stands: behind to, a pronoun or a modal."""
    before = text.words[word.at - 1].form if word.at else ""
    return (
        not before
        or before in {"to", "not", "and", "or", "learn", "learning", "teach"}
        or before in PERSONS
        or before in MODALS
    )


_DRINKS: Final = frozenset(["wine", "beer", "shot", "champagne", "pint"])


def several(pair: Pair) -> str | None:
    """Refuse one and several where the plural is another thing (glasses, Windows), or a name of its own (Alien, Aliens)."""
    for match in pair.matches:
        one, other = match.left.form, match.right.form
        if match.how != "form" or is_plural(one) == is_plural(other):
            continue
        drunk = pair.left.words[match.left.at - 1].form in _DRINKS if match.left.at else False
        if ({one, other} & PLURALS and not drunk) or _titled(pair, one, other):
            return f"{one} and {other}"
    return None


_PRODUCTS: Final = frozenset(
    listed(
        "teams friends pages numbers maps photos docs sheets slides messages aliens cars heroes suits bones girls cats"
    )
)


def _titled(pair: Pair, one: str, other: str) -> bool:
    """Tell whether both are written as names though they are common nouns, and no people or things of a brand."""
    plural = one if is_plural(one) else other
    single = other if plural == one else one
    named = one in pair.left.names and other in pair.right.names
    if plural in _PRODUCTS and plural in pair.left.names | pair.right.names:
        return True
    shouted = {name.lower() for name in pair.left.marks.acronyms | pair.right.marks.acronyms} | {"year", "dj", "ngo"}
    return named and single not in shouted and not plural.endswith(_ENDS) and "n" in lexicon().parts.get(single, "")


_COMMON: Final = frozenset(
    listed("""
    come support plan work live study use try offer sell hire go leave arrive open release start look become get launch
    play prepare make mean
""")
)

_ENTERED: Final = re.compile(r"\b(?:logged|signed) ?(?:in|on|out|up)\b")


def lasting(pair: Pair) -> str | None:
    """Refuse what is going on now beside what goes on at any time: is it raining in Rome, does it rain in Rome."""
    entered = {_ENTERED.search(text) is not None for text in _lowered(pair, "logged", "signed")}
    if len(entered) > 1:
        return "logged in or signed up already, and to come"
    if pair.left.words[:1] and pair.left.words[0].form in {"why", "how"}:
        return None
    for match in pair.matches:
        one, other = match.left.form, match.right.form
        if match.how == "form" and one.endswith("ing") != other.endswith("ing") and "do" not in {one, other}:
            text, word, base = (
                (pair.left, match.left, pair.right) if one.endswith("ing") else (pair.right, match.right, pair.left)
            )
            plain = other if one.endswith("ing") else one
            going = any(before.form in BE for before in text.words[max(0, word.at - 3) : word.at])
            done = any(before.form in {"do", "does", "did"} for before in base.words)
            if going and not lemmas(plain) & _COMMON and (done or not any(before.form in BE for before in base.words)):
                return f"{one} and {other}"
    return None
