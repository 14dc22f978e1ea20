"""A first glance at two questions: many pairs are plainly different, and need not be taken apart to see it.

It only refuses, and only what the guards would refuse as well: a number or an ordinary word stands on one side, nothing on the
other side could answer it, and no rule of the judge (normalise.py, frames.py, wordings.py) mentions it. It takes a tenth of
the time that reading the two texts takes. The guards name other differences; here the first that is seen is named.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from sys import intern
from typing import Final

from workers.cache.judge import exchange
from workers.cache.judge import words as little
from workers.cache.judge.align import answering, contrary, is_typo, shapes
from workers.cache.judge.guards.content import EXAMS
from workers.cache.judge.lexicon import american, known
from workers.cache.judge.normalise import RULES
from workers.cache.judge.numbers import NAMED
from workers.cache.judge.problems import FEWEST_NUMBERS, LONGEST_PROBLEM

FEWEST_PROBLEM_WORDS: Final = 15  # different ones; problems.py wants 20 in all
NEAR_COPY: Final = 0.9  # share of different words in common from which no pair is judged as a word problem
LONG_START: Final = (
    5  # letters of a rule's piece of a word, such as `universit`, that any word beginning with it counts for
)
FEW: Final = 3  # words that stand on the other side only, up to which one may be named as the opposite
LEAST_JOINED: Final = 2  # letters of a part of a joined word
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*|\d(?:[\d,.:/]*\d)?")
_ASCII_WORD: Final = re.compile(r"[a-z]++(?:'[a-z]++)*|\d(?:[\d,.:/]*\d)?")  # the same, in less time
_NUMBERS: Final = NAMED | frozenset(
    little.listed("quarter quarters percent once th st nd rd hundreds thousands am pm x single couple pair")
)
_DIGITS: Final = frozenset("0123456789")
_UNITS: Final = frozenset({*little.UNITS, *little.UNITS.values(), *little.CURRENCIES.values()})
# Words that the guards pass over in some place, or compare by rules of their own.
_TREATED: Final = frozenset(
    little.listed("""
        best own get getting feel feeling meaning
        whats wheres whos whens whys hows thats theres heres hes shes its lets
        ive youve weve theyve youre theyre youll theyll itll thatll whod youd theyd
        dont doesnt didnt isnt arent wasnt werent hasnt havent hadnt couldnt shouldnt wouldnt mustnt neednt mightnt
        cant wont shant aint
    """)
).union(
    EXAMS, little.VAGUE, little.LIGHT, little.NEGATORS, little.QUANTIFIERS, little.QUESTIONS, little.MODALS, little.PERSONS,
    little.DEMONSTRATIVES, little.POSSESSIVES, little.CONJUNCTIONS, little.PREPOSITIONS, little.AUXILIARIES, little.FILLERS, _NUMBERS,
    _UNITS, {f"{unit}s" for unit in _UNITS},
)  # fmt: skip
Words = frozenset[str]


def refusal(stored: str, asked: str) -> tuple[str, str] | None:
    """Say which guard would refuse a pair, and why; None when that is not seen at a glance."""
    left, right = _words(stored), _words(asked)
    alone_left, alone_right = left - right, right - left
    if not alone_left and not alone_right:
        return None
    if differ := _numbers(alone_left, alone_right):
        return "numbers", f"the numbers differ: {differ}"
    if max(len(stored), len(asked)) <= LONGEST_PROBLEM and _may_be_problems(left, right):
        return None
    if len(alone_left) <= 1 and len(alone_right) <= 1 and (found := exchange.refusal(alone_left, alone_right)):
        return found
    for alone, other, others in ((alone_left, right, alone_right), (alone_right, left, alone_left)):
        for word in alone:
            if is_ordinary(word) and not _answered(word, other, others):
                return _refused(word, others)
    return None


def _refused(word: str, others: Words) -> tuple[str, str]:
    """Name the guard and the reason for a word that nothing answers."""
    opposite = "" if len(others) > FEW else next((other for other in others if contrary(word, other)), "")
    if opposite:
        return "antonym", f"opposites: {word} and {opposite}"
    if word in little.TIMES:
        return "time", f"the time differs: {word}"
    return ("words", f"only on one side: {word}") if known(word) else ("name", f"the names differ: {word}")


def prepare(text: str) -> None:
    """Find the words of a text that others will be compared with."""
    _words(text)


def forget() -> None:
    """Know no text any more."""
    _words.cache_clear()


@lru_cache(2048)
def _words(text: str) -> Words:
    """List the words and numbers of a text, each once; they are kept for the latest texts, about a kilobyte each."""
    return frozenset(map(intern, (_ASCII_WORD if text.isascii() else _WORD).findall(text.lower())))


def _numbers(left: Words, right: Words) -> str:
    """List numbers that stand on one side only, unless one may be written in another way on the other."""
    found = [[word for word in words if word[0].isdigit()] for words in (left, right)]
    if not (found[0] or found[1]) or not (left.isdisjoint(_NUMBERS) and right.isdisjoint(_NUMBERS)):
        return ""
    one, other = ({exchange.named(word): word for word in words} for words in found)
    if "" in one or "" in other:
        return ""
    return ", ".join([*(one[name] for name in one.keys() - other), *(other[name] for name in other.keys() - one)][:6])


def _may_be_problems(left: Words, right: Words) -> bool:
    """Tell whether two texts may be told in other words altogether (problems.py)."""
    if min(len(left), len(right)) < FEWEST_PROBLEM_WORDS or _few_numbers(left) or _few_numbers(right):
        return False
    return 2 * len(left & right) < NEAR_COPY * (len(left) + len(right))


def _few_numbers(words: Words) -> bool:
    return len(words & _NUMBERS) + sum([word[0] in _DIGITS for word in words]) < FEWEST_NUMBERS


def _answered(word: str, other: Words, others: Words) -> bool:
    """Tell whether a word of the other side may answer this one: another form, a synonym, a misspelling, a joined word."""
    near = answering(word)
    for answer in other:
        if not near.isdisjoint(shapes(answer)):
            return True
    spelled, first, last = american(word), word[0], word[-1]
    for answer in others:
        if (answer[0] == first or answer[-1] == last or "'" in answer or "\u2019" in answer) and _joined(word, answer):
            return True
        if is_typo(spelled, american(answer)):
            return True
    return False


def _joined(word: str, other: str) -> bool:
    """Tell whether one of two words begins or ends with the other: mindblowing, mind; years, year's; Australian, Australia's."""
    plain = other.replace("\u2019", "'").removesuffix("'s").replace("'", "")
    if len(plain) < LEAST_JOINED:
        return False
    return word.startswith(plain) or word.endswith(plain) or plain.startswith(word) or plain.endswith(word)


@lru_cache(8192)
def is_ordinary(word: str) -> bool:
    """Tell whether no rule and no guard treats a word in a way of its own."""
    if len(word) <= 2 or not (word.isalpha() and word.isascii()) or word in _TREATED:
        return False
    mentioned = _mentioned()
    return word not in mentioned and not any(word[:size] in mentioned for size in range(LONG_START, len(word)))


@cache
def _mentioned() -> Words:
    """List the words and pieces of words that the rules name; a letter that may stand or not is read both ways."""
    found: set[str] = set()
    for gated, new in RULES:
        plain = re.sub(r"\\[A-Za-z]", " ", gated.pattern.pattern)
        for source in (plain.replace("?", ""), re.sub(r"[a-z]\?", "", plain), new if isinstance(new, str) else ""):
            found.update(re.findall(r"[a-z]{2,}", source))
    return frozenset(found)
