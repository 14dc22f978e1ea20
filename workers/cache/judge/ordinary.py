"""Which words are ordinary: no guard treats them in a way of its own, and no rule says something else for them where they stand.

A text with an ordinary word that nothing on the other side answers asks something else.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache, lru_cache
from typing import Final

from workers.cache.judge import words as little
from workers.cache.judge.gated import Gated
from workers.cache.judge.guards.content import EXAMS
from workers.cache.judge.normalise import RULES
from workers.cache.judge.numbers import NAMED

SHORTEST: Final = 3  # letters
LONG_START: Final = (
    5  # letters of a rule's piece of a word, such as `universit`, that any word beginning with it counts for
)
NUMBERS: Final = NAMED | frozenset(
    little.listed("quarter quarters percent once th st nd rd hundreds thousands am pm x single couple pair")
)
_UNITS: Final = frozenset({*little.UNITS, *little.UNITS.values(), *little.CURRENCIES.values()})
# Words that the guards pass over in some place, or compare by rules of their own.
_TREATED: Final = frozenset(
    little.listed("""
        best own get getting feel feeling meaning
        whats wheres whos whens whys hows thats theres heres hes shes its lets
        ive youve weve theyve youre theyre youll theyll itll thatll whod youd theyd
        dont doesnt didnt isnt arent wasnt werent hasnt havent hadnt couldnt shouldnt wouldnt mustnt neednt mightnt
        cant wont shant aint and seen
    """)
).union(
    EXAMS, little.VAGUE, little.LIGHT, little.NEGATORS, little.QUANTIFIERS, little.QUESTIONS, little.MODALS, little.PERSONS,
    little.DEMONSTRATIVES, little.POSSESSIVES, little.CONJUNCTIONS, little.PREPOSITIONS, little.AUXILIARIES, little.FILLERS, NUMBERS,
    _UNITS, {f"{unit}s" for unit in _UNITS},
)  # fmt: skip
_WORD: Final = re.compile(r"\w+")
# Earlier rules may have made these of something else by the time a rule is tried.
_MADE: Final = " ; how do i how can i what is what are "


@lru_cache(8192)
def is_ordinary(word: str) -> bool:
    """Tell whether a word is ordinary wherever it stands."""
    return _is_untreated(word) and not _rules_with(word)


def may_be_ordinary(word: str) -> bool:
    """Tell whether a word is ordinary where no rule that names it applies (`Setting`)."""
    return _is_untreated(word)


def is_ordinary_in(word: str, texts: tuple[str, str]) -> bool:
    """Tell whether a word is ordinary in two texts."""
    return is_ordinary(word) or (_is_untreated(word) and Setting(*texts).leaves(word))


class Setting:
    """Two texts as the rules may find them.

    Args:
        texts: both.
    """

    def __init__(self, *texts: str) -> None:
        self._texts = [text.lower().replace("\u2019", "'").replace("'s", " is") + _MADE for text in texts]
        self._words = [frozenset(_WORD.findall(text)) for text in self._texts]

    def leaves(self, word: str) -> bool:
        """Tell whether no rule that names the word can apply to either text."""
        return not any(self._may_apply(gated) for gated in _rules_with(word))

    def _may_apply(self, gated: Gated) -> bool:
        for text, words in zip(self._texts, self._words, strict=True):
            if (not gated.words or not gated.words.isdisjoint(words)) and gated.may_match(text):
                return True
        return False


@lru_cache(8192)
def _is_untreated(word: str) -> bool:
    return len(word) >= SHORTEST and word.isalpha() and word.isascii() and word not in _TREATED


@lru_cache(8192)
def _rules_with(word: str) -> tuple[Gated, ...]:
    """List the rules that name a word, or a piece that it begins with."""
    named = _named()
    starts = (word[:size] for size in range(LONG_START, len(word)))
    places = {place for start in (word, *starts) if start in named for place in named[start]}
    return tuple(RULES[place][0] for place in sorted(places))


@cache
def _named() -> dict[str, tuple[int, ...]]:
    """List for the words and pieces of words that the rules name which name them; a letter that may stand or not is read both ways."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for place, (gated, new) in enumerate(RULES):
        plain = re.sub(r"\\[A-Za-z]", " ", gated.pattern.pattern)
        for source in (plain.replace("?", ""), re.sub(r"[a-z]\?", "", plain), new if isinstance(new, str) else ""):
            for piece in re.findall(r"[a-z]{2,}", source):
                found[piece].add(place)
    return {piece: tuple(places) for piece, places in found.items()}
