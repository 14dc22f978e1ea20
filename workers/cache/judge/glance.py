"""A first glance at two questions: many pairs are plainly different, and need not be taken apart to see it.

It accepts what differs in its surface alone (same.py), and refuses only what the guards would refuse as well: a number or an
ordinary word (ordinary.py) stands on one side and nothing on the other side could answer it; a little word tells them apart
(exchange.py, telling.py); the same words stand in each other's places (moved.py); two texts that may be word problems, told in
other words, hold other amounts, which is refused whether they are read as problems or word for word. It takes a tenth of the
time that reading the two texts takes. The guards name other differences; here the first that is seen is named.
"""

from __future__ import annotations

import re
from typing import Final

from workers.cache.judge import bag, exchange, moved, same, telling, tokens
from workers.cache.judge import words as little
from workers.cache.judge.align import answering, contrary, is_typo, shapes
from workers.cache.judge.bag import is_joined
from workers.cache.judge.lexicon import american, known
from workers.cache.judge.numbers import CARDINALS, COUNTED, ORDERED, UNSCALED, difference
from workers.cache.judge.ordinary import NUMBERS, Setting, is_ordinary, may_be_ordinary
from workers.cache.judge.problems import FEWEST_NUMBERS, LONGEST_PROBLEM

FEWEST_PROBLEM_WORDS: Final = 15  # different ones; problems.py wants 20 in all
NEAR_COPY: Final = 0.9  # share of different words in common from which no pair is judged as a word problem
FEW: Final = 3  # words that stand on the other side only, up to which one may be named as the opposite
SAME: Final = ("same", "the same words")  # what accepts, and why
_BEHIND_DIGITS: Final = ":"  # in the order of characters: a word of a bag is less when it begins with a digit
_IDENTIFIER: Final = re.compile(r"\w+_\w+")
Words = frozenset[str]
Sides = tuple[tuple[Words, Words, Words], tuple[Words, Words, Words]]  # alone here, all there, alone there


def seen(stored: str, asked: str) -> tuple[str, str] | None:
    """Say that two short texts are the `SAME`, or which guard would refuse them, and why; None when neither is seen at a glance."""
    left, right = bag.bag(stored), bag.bag(asked)
    alone_left, alone_right = left - right, right - left
    if same.may_be_same(alone_left, alone_right) and same.is_same(stored, asked):
        return SAME
    return _refusal(stored, asked, left, right, alone_left, alone_right)


def refusal(stored: str, asked: str) -> tuple[str, str] | None:
    """Say which guard would refuse a pair, and why; None when that is not seen at a glance."""
    left, right = bag.bag(stored), bag.bag(asked)
    return _refusal(stored, asked, left, right, left - right, right - left)


def _refusal(
    stored: str, asked: str, left: Words, right: Words, alone_left: Words, alone_right: Words
) -> tuple[str, str] | None:
    if not alone_left and not alone_right:
        return moved.refusal(stored, asked)
    differ = _numbers(alone_left, alone_right, left, right)
    if not differ and stored.isascii() and asked.isascii():  # other scripts have digits that look like none
        differ = _counted(alone_left, alone_right, right) or _counted(alone_right, alone_left, left)
    if differ:
        return "numbers", f"the numbers differ: {differ}"
    if max(len(stored), len(asked)) <= LONGEST_PROBLEM and _may_be_problems(left, right):
        return _amounts(stored, asked) if _say_other_numbers(alone_left | alone_right) else None
    if len(alone_left) <= 1 and len(alone_right) <= 1 and (found := exchange.refusal(alone_left, alone_right)):
        return found
    sides = ((alone_left, right, alone_right), (alone_right, left, alone_left))
    for alone, other, others in sides:
        for word in alone:
            if is_ordinary(word) and not _answered(word, other, others):
                return _refused(word, others)
    return _looked_at_twice(stored, asked, sides)


def _looked_at_twice(stored: str, asked: str, sides: Sides) -> tuple[str, str] | None:
    """Look for what is seldom there, or takes longer to see."""
    (alone_left, right, alone_right), (_, left, _) = sides
    left, right = bag.spoken(left), bag.spoken(right)
    if found := telling.refusal(left, right) or telling.whether(stored, asked, left, right):
        return found
    if found := telling.why(stored, asked, left, right):
        return found
    if "_" in stored and "_" in asked and _identifiers(stored) != _identifiers(asked):
        return "code", "the code differs"
    if len(alone_left) + len(alone_right) < moved.FEWEST_APART and (found := moved.refusal(stored, asked)):
        return found
    setting: Setting | None = None
    for (alone, other, others), said in zip(sides, (right, left), strict=True):
        for word in alone:
            kind = None if word in said else telling.KINDS.get(word)
            if kind or (may_be_ordinary(word) and not _answered(word, other, others)):
                setting = setting or Setting(stored, asked)
                if setting.leaves(word):
                    return (kind[0], f"{kind[1]}: {word}") if kind else _refused(word, others)
    return None


def _identifiers(text: str) -> set[str]:
    return set(_IDENTIFIER.findall(text.lower()))


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
    words = bag.bag(text)
    if len(words) >= FEWEST_PROBLEM_WORDS and not _few_numbers(words):
        tokens.amounts(text)


def forget() -> None:
    """Know no text any more."""
    bag.bag.cache_clear()
    tokens.amounts.cache_clear()


def _numbers(left: Words, right: Words, all_left: Words, all_right: Words) -> str:
    """List numbers that stand on one side only, unless one may be written in another way on the other."""
    found = [[word for word in words if word < _BEHIND_DIGITS] for words in (left, right)]
    if not (found[0] or found[1]):
        return ""
    one, other = ({exchange.named(word): word for word in words} for words in found)
    if "" in one or "" in other or _told_of(one.keys() - other, all_right) or _told_of(other.keys() - one, all_left):
        return ""
    told_left, told_right = _told(left), _told(right)
    alone = [one[name] for name in one.keys() - other] if told_left <= UNSCALED and told_right <= ORDERED else []
    if told_right <= UNSCALED and told_left <= ORDERED:
        alone += [other[name] for name in other.keys() - one]
    return ", ".join(alone[:6])


def _counted(alone: Words, others: Words, other: Words) -> str:
    """Find a number in words, but for one, that stands on one side only, where nothing on the other may tell it."""
    told = alone & CARDINALS
    if not told or _told(others) or any(word < _BEHIND_DIGITS for word in others):
        return ""
    written = {exchange.named(word) for word in other if word < _BEHIND_DIGITS}
    return next((word for word in told if COUNTED[word] not in written and not _is_owner(word, other)), "")


def _is_owner(word: str, other: Words) -> bool:
    """Tell whether something there is said to be of it: the Big Ten, the Big Ten's."""
    return any(owner.startswith((f"{word}'", f"{word}\u2019")) for owner in other)


def _say_other_numbers(alone: Words) -> bool:
    """Tell whether some number is written on one side only."""
    return not NUMBERS.isdisjoint(alone) or any(word < _BEHIND_DIGITS for word in alone)


def _amounts(stored: str, asked: str) -> tuple[str, str] | None:
    """Refuse two word problems with other numbers; that takes less than half as long as taking one of them apart."""
    if "&" in stored or "&" in asked:  # one hundred & five
        return None
    differ = difference(tokens.amounts(stored), tokens.amounts(asked))
    return ("numbers", f"the numbers differ: {differ}") if differ else None


def _told_of(names: set[str], words: Words) -> bool:
    """Tell whether one of these numbers stands there in words, as an amount or a place: world war 2 is the second one."""
    return bool(names) and any(COUNTED.get(word, "").removesuffix("th") in names for word in words)


def _told(words: Words) -> Words:
    """List what a number may be told with there; `am` is none beside `i`."""
    found = words & NUMBERS
    return found - {"am"} if "am" in found and "i" in words else found


def _may_be_problems(left: Words, right: Words) -> bool:
    """Tell whether two texts may be told in other words altogether (problems.py)."""
    if min(len(left), len(right)) < FEWEST_PROBLEM_WORDS or _few_numbers(left) or _few_numbers(right):
        return False
    return 2 * len(left & right) < NEAR_COPY * (len(left) + len(right))


def _few_numbers(words: Words) -> bool:
    return len(words & NUMBERS) + sum([word < _BEHIND_DIGITS for word in words]) < FEWEST_NUMBERS


def _answered(word: str, other: Words, others: Words) -> bool:
    """Tell whether a word of the other side may answer this one: another form, a synonym, a misspelling, a joined word."""
    near = answering(word)
    for answer in other:
        if not near.isdisjoint(shapes(answer)):
            return True
    spelled, first, last = american(word), word[0], word[-1]
    for answer in others:
        if (answer[0] == first or answer[-1] == last or "'" in answer or "\u2019" in answer) and is_joined(
            word, answer
        ):
            return True
    # a slip in a word that stands elsewhere, too
    return any(answer[0] == first and is_typo(spelled, american(answer)) for answer in other)
