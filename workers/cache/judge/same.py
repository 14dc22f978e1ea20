"""Texts that are the same but for their surface, seen at a glance.

Blanks, case, the mark at the end, contractions, British spelling, and politeness around the whole. The guards accept all of
this too. What they look at twice is left to them: acronyms among small letters, code, and a courtesy that may be asked about.
"""

from __future__ import annotations

import re
from typing import Final

from workers.cache.judge.bag import CONTRACTED
from workers.cache.judge.lexicon import american
from workers.cache.judge.words import PREPOSITIONS, listed

MOST_MARKS: Final = 8  # by which two texts may differ in length and still be compared but for their ends
LONGEST: Final = 600  # characters; of longer texts only the ends are looked at
_HAS: Final = frozenset(listed("been got gone happened become"))  # behind them 's is has
_MARKS: Final = ",.;:?!"
# Acronyms, identifiers, G-D, and the letter of a class A.
_CAPITALS: Final = re.compile(r"[A-Z]-?[A-Z]|[a-z][A-Z]|\b[A-Za-z]+ [A-HJ-Z]\b(?! [A-Z])")
_CODE: Final = re.compile(r"[`_(\\%/$\[{]|\.[A-Za-z]|(?<!\w)-")
_GREETINGS: Final = frozenset(["hi", "hello", "hey"])
_COURTEOUS: Final = frozenset(["please", "kindly"])
_THANKS: Final = (("please",), ("thanks",), ("thank", "you"), ("thanks", "in", "advance"))
_LEADS: Final = (  # to a question
    ("can", "you", "tell", "me"), ("could", "you", "tell", "me"), ("can", "you", "please", "tell", "me"),
    ("could", "you", "please", "tell", "me"), ("could", "you", "please"), ("can", "you", "please"),
)  # fmt: skip
_QUESTIONS: Final = frozenset(listed("how what when where why who which"))
# With these a courtesy may be what is asked about.
_SPOKEN_OF: Final = frozenset(
    listed("say saying says said spell translate write word words meaning mean means pronounce phrase does")
)


_SURFACE: Final = frozenset(
    {*CONTRACTED, *(part for parts in CONTRACTED.values() for part in parts), *_GREETINGS, *_COURTEOUS, "there"}
    | {word for words in (*_THANKS, *_LEADS) for word in words}
)


# To a courtesy that is asked about.
_LEADING_TO: Final = PREPOSITIONS | frozenset(listed("sign sing sings sang define define: translate:"))


def is_same(stored: str, asked: str) -> bool:
    """Tell whether two texts plainly differ in their surface alone; False may mean that it is not seen at a glance.

    Where `may_be_same` says no of their words, so does this, which takes twenty times as long.
    """
    if max(len(stored), len(asked)) > LONGEST or not (stored.isascii() and asked.isascii()):
        return False
    stored, asked = _unended(stored), _unended(asked)
    if _is_small(stored) and _is_small(asked):
        stored, asked = stored.lower(), asked.lower()
    left, right = _meant(stored.split()), _meant(asked.split())
    return left == right or _plain(left) == _plain(right)


def ended_alike(stored: str, asked: str) -> bool:
    """Tell whether two texts differ in blanks around them and in the mark at their end alone."""
    if abs(len(stored) - len(asked)) > MOST_MARKS:
        return False
    return _unended(stored) == _unended(asked)


def _unended(text: str) -> str:
    """Take the mark off the end of a text, with all repetitions of it; 5! is a factorial, `ls .` and `$?` are code."""
    text = text.strip()
    for marks, belongs in ((" ?", str.isalnum), (".", str.isalnum), ("!", str.isalpha)):
        bare = text.rstrip(marks)
        if bare != text and belongs(bare[-1:]):
            return bare
    return text


def may_be_same(alone_left: frozenset[str], alone_right: frozenset[str]) -> bool:
    """Tell whether the words that stand on one side only may all be surface."""
    one, other = alone_left - _SURFACE, alone_right - _SURFACE
    return len(one) == len(other) and (not one or {*map(american, one)} == {*map(american, other)})


def _is_small(text: str) -> bool:
    """Tell whether case does not matter: no acronym or identifier stands among small letters, and there is no code."""
    return not _CODE.search(text) and (text.isupper() or not _CAPITALS.search(text))


def _plain(words: list[str]) -> list[str]:
    """Write contractions out and British words the American way, each with the marks behind it."""
    found: list[str] = []
    for at, word in enumerate(words):
        bare = word.rstrip(_MARKS)
        parts = CONTRACTED.get(bare)
        if parts is None:
            found.append(american(bare) + word[len(bare) :] if bare.isalpha() else word)
        elif parts[1] == "is" and at + 1 < len(words) and words[at + 1] in _HAS:
            found.append(word)
        else:
            found += parts
            found[-1] += word[len(bare) :]
    return found


def _meant(words: list[str]) -> list[str]:
    """Take a greeting, please and thanks off both ends, while something else is left and nobody asks about such words."""
    if not _SPOKEN_OF.isdisjoint(words):
        return words
    begin, end = _after_lead(words, _after_greeting(words)), len(words)
    for thanks in _THANKS:
        start = end - len(thanks)
        if start > begin and tuple(words[start:end]) == thanks and words[start - 1] not in _LEADING_TO:
            return [*words[begin : start - 1], _unended(words[start - 1].rstrip(","))]
    return words[begin:]


def _after_greeting(words: list[str]) -> int:
    """Count the words of a greeting with a mark behind it: hello, or hey there, but not hey of hey jude."""
    first = words[0] if words else ""
    if first.rstrip(",!.") not in _GREETINGS:
        return 0
    if first[-1] in ",!." and len(words) > 1:
        return 1
    return 2 if len(words) > 2 and words[1].rstrip(",!.") == "there" and words[1][-1] in ",!." else 0


def _after_lead(words: list[str], begin: int) -> int:
    """Find where the question begins behind could you please, or behind a please alone."""
    for lead in _LEADS:
        after = begin + len(lead)
        if tuple(words[begin:after]) == lead and after < len(words) and words[after] in _QUESTIONS:
            return after
    while begin < len(words) - 1 and words[begin].rstrip(",") in _COURTEOUS:
        begin += 1
    return begin
