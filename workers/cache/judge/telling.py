"""Little words that tell two questions apart wherever they stand, when they are on one side only and nothing there is like them."""

from __future__ import annotations

import re
from typing import Final

from workers.cache.judge.words import AMOUNTS, CONJUNCTIONS, DEMONSTRATIVES, NEGATORS, PERSONS, listed

Words = frozenset[str]


def _set(words: str) -> Words:
    return frozenset(listed(words))


_REASONS: Final = _set("reason reasons cause causes causing makes make come purpose explain for because")
_BY_THE_WAY: Final = _set("and or not if so what")  # and why; why or why not
_NOT: Final = _set("not never")
_DENYING: Final = _NOT | _set("""
    no without cannot dont doesnt didnt cant wont isnt arent wasnt nothing nobody none neither nor lack fail fails failed
    stop unable hardly avoid
""")
_OPEN: Final = _set("or if why know mind whether")  # with these it may be said by the way: or not, if not
_PAST: Final = _set("did was were had")
# A question word, what asks the same in other words, and the question words one of which the other side has to have, if any.
_QUESTIONS: Final = (
    (
        "when",
        _set("""
            when's whens when're time times age day days date year if while month whenever after before once moment period
        """),
        None,
    ),
    ("where", _set("where's wheres where're what which place places location locations"), None),
    ("who", _set("what which who's whos who're whom whose people"), _set("how why when where")),
)


# Words that the guards want on both sides or on none, where no rule takes them away or says something else for them.
KINDS: Final = {
    word: (guard, why)
    for guard, why, words in (
        ("person", "the person differs", PERSONS.keys() - _set("i my you your we us our one myself yourself oneself")),
        (
            "quantifier",
            "the amount differs",
            AMOUNTS - _set("all half some any first once twice thrice both double single"),
        ),
        ("modality", "the modality differs", _set("must may supposed shall able ought")),
        ("condition", "a condition or choice differs", CONJUNCTIONS - {"or", "if", "than", "like", "versus"}),
        ("negation", "negation", NEGATORS),
        ("reference", "what it refers to differs", DEMONSTRATIVES),
    )
    for word in words
}


def refusal(left: Words, right: Words) -> tuple[str, str] | None:
    """Say which guard would refuse two texts, given as the sets of what they say (`bag.spoken`), and why; None: not seen."""
    for here, there in ((left, right), (right, left)):
        alone = here - there
        for word, alike, wanted in _QUESTIONS:
            if word in alone and there.isdisjoint(alike) and (wanted is None or not there.isdisjoint(wanted)):
                return "question", f"the questions differ: {word}"
        if not alone.isdisjoint(_NOT) and there.isdisjoint(_DENYING) and here.isdisjoint(_OPEN):
            return "negation", f"negation: {min(alone & _NOT)}"
        if "will" in alone and not there.isdisjoint(_PAST):
            return "modality", "the modality differs: will"
        if "many" in alone and "much" in there - here:
            return "quantifier", "the amount differs: many"
        if "only" in alone:
            return "quantifier", "the amount differs: only"
    return None


def why(stored: str, asked: str, left: Words, right: Words) -> tuple[str, str] | None:
    """Refuse a why on one side only, unless it stands at the end and only asks for more, or the other side names a reason."""
    for text, here, there in ((stored, left, right), (asked, right, left)):
        if "why" in here and "why" not in there and there.isdisjoint(_REASONS) and here.isdisjoint(_BY_THE_WAY):
            return None if _ENDED.search(text) else ("question", "the questions differ: why")
    return None


def whether(stored: str, asked: str, left: Words, right: Words) -> tuple[str, str] | None:
    """Refuse a question that yes or no answers beside one that it does not; can you tell me, is there a way are none."""
    for text, other, here in ((stored, asked, left), (asked, stored, right)):
        first, second = _opening(text)
        begins, _ = _opening(other)
        if begins not in _WH or not here.isdisjoint(_WH) or second in _ADDRESSED:
            continue
        if first in _YES_NO or (first in _BE and begins in _SELDOM):
            return "question", f"the questions differ: {first} and {begins}"
    return None


def _opening(text: str) -> tuple[str, str]:
    """Give the first two words of a text, empty where there is none."""
    first, second, *_ = (*text[:LONGEST_OPENING].lower().split(maxsplit=2), "", "")
    return first, second


LONGEST_OPENING: Final = 40  # characters
_WH: Final = _set("what how why when where who which whose whom")
_YES_NO: Final = _set("can could should do does did will would has have")
_BE: Final = _set("is are was were am")
_SELDOM: Final = _set("why who when")  # is there a way, are there any: these ask how and what
_ADDRESSED: Final = _set("you u anyone anybody someone somebody")
_ENDED: Final = re.compile(r"(?i)\bwhy\W*$")
