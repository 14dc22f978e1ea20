"""Word problems told in other words: the same numbers, in the same roles, about the same people, with the same question.

The word-for-word guards would refuse them all. This path is for two texts that hold several numbers, ask for a quantity
and are worded differently throughout; a text that is nearly a copy of the other is judged word for word.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import combinations, takewhile
from typing import Final

from workers.cache.judge.align import Pair, answering, opposed, related, shapes
from workers.cache.judge.lexicon import lemmas
from workers.cache.judge.numbers import difference
from workers.cache.judge.text import Text, Word, forms
from workers.cache.judge.words import NEGATORS, listed

Twins = Mapping[int, set[int]]  # places of the left text, and of the right
FEWEST_NUMBERS: Final = 2
FEWEST_WORDS: Final = 20
LONGEST_PROBLEM: Final = 4000  # characters of a text that is read as a word problem
NEAR_COPY: Final = 0.72  # share of words in common from which a pair is judged word for word
LEAST_COVER: Final = 0.45  # share of the content words of each side that the other answers
_ASKS: Final = re.compile(
    r"\bhow (?:many|much|long|far|old|tall|big|fast|heavy|high|often)\b|\b(?:calculate|determine|find|compute)\b"
    r"|\bwhat (?:is|was|are|were|will|would|amount|number|percent|percentage|fraction|total)\b"
)
# On both sides or on none.
_LESS: Final = frozenset(
    listed(
        "less fewer shorter smaller younger lighter cheaper below under lower reduced decrease discount discounted off"
    )
)
_GROUPS: Final = {  # that a question may say
    "left": "left remain remaining leftover still rest need owe have more away back",
    "average": "average mean",
}
_MARKS: Final = {word: group for group, words in _GROUPS.items() for word in words.split()}
_ASKED: Final = re.compile(
    r"(?:how (?:many|much|long|far|old|tall|big|fast|heavy|high|often)|what (?:is|was|are|were|will|would|amount|number|percent)"
    r"|calculate|determine|find|compute)\b"
)
_ASKING: Final = frozenset(listed("how what calculate determine find compute"))  # words that it begins with
TOLERANCE: Final = 0  # by which two numbers may fit better exchanged when they stand in the same order on both sides
LONGEST_RATIO: Final = 1.6  # of the words of the longer text to those of the shorter
_OF_ASKING: Final = frozenset(
    [
        "calculate",
        "determine",
        "find",
        "compute",
        "total",
        "number",
        "amount",
        "altogether",
        "many",
        "much",
        "quantity",
        "count",
    ]
)


def applies(pair: Pair, similarity: float) -> bool:
    """Tell whether both are word problems and worded so differently that they are to be judged as such."""
    if similarity < 0.75 or min(len(pair.left.words), len(pair.right.words)) < FEWEST_WORDS:
        return False
    if any(len(text.amounts) < FEWEST_NUMBERS or not _asks(text.core) for text in (pair.left, pair.right)):
        return False
    return overlap(pair) < NEAR_COPY


@lru_cache(512)
def _asks(core: str) -> bool:
    """Tell whether a text asks for a quantity; known for stored queries that are looked at again."""
    return _ASKS.search(core) is not None


def forget() -> None:
    """Know no text any more."""
    _asks.cache_clear()


def overlap(pair: Pair) -> float:
    """Share of all words, little ones too, that two texts have in common (0 to 1)."""
    total = len(pair.left.words) + len(pair.right.words)
    return (total - sum(map(len, pair.more))) / max(1, total)


def refusal(pair: Pair) -> tuple[str, str] | None:  # noqa: PLR0911 - one return a reason
    """Say which guard refuses a pair of word problems, and why; None when nothing does."""
    left, right = pair.left, pair.right
    if differ := difference(*([word.form for word in text.amounts] for text in (left, right))):
        return "numbers", f"the numbers differ: {differ}"
    if stray := _people(left, right) | _people(right, left):
        return "names", f"the names differ: {', '.join(sorted(stray)[:3])}"
    if max(len(left.words), len(right.words)) > LONGEST_RATIO * min(len(left.words), len(right.words)):
        return "problem", "one side tells more"
    if _firsts(left, left.names & right.names) != _firsts(right, left.names & right.names):
        return "names", "the people are named in another order"
    if _says_less(left) != _says_less(right):
        return "problem", "only one side says less"
    if found := _turned(*pair.more):
        return "problem", f"one side turns it around: {found}"
    denied = [sum([word in _DENYING for word in more]) for more in pair.more]
    if denied[0] != denied[1]:
        return "negation", "a negation stands on one side only"
    twins = _twins(left, right)
    if found := _roles(left, right, twins):
        return "problem", found
    if found := _question(left, right, twins):
        return "question", found
    return _cover(left, right, twins)


_DENYING: Final = NEGATORS - {"without", "minus"}


def _people(text: Text, other: Text) -> set[str]:
    known = {word.form for word in other.words}
    return {person for person in text.names if person not in known and person.removesuffix("s") not in known}


def _firsts(text: Text, names: frozenset[str]) -> list[str]:
    """List names in the order of their first mention: exchanged people are mentioned in another order."""
    return list(dict.fromkeys(word.form for word in text.words if word.form in names))


def _says_less(text: Text) -> bool:
    return not _LESS.isdisjoint([word.form for word in text.words])


# What was said more often with a word of one group, and is said more often with one of the other, is another problem.
_POLES: Final = tuple(
    (frozenset(listed(one)), frozenset(listed(other)))
    for one, other in (
        ("earn", "spend"), ("receive get gain obtain find", "lose misplace"), ("before prior", "after following"),
        ("increase more additional extra grow rise surpass exceed", "decrease less few fewer reduce drop lower"),
        ("left remain remaining rest", "use used eat eaten consume"), ("old older elder", "young younger"), ("add", "remove"),
        ("twice double twofold", "half halve"), ("total altogether sum overall combined", "difference"), ("cost price", "profit"),
        ("hour hourly", "minute second"), ("minute", "second"), ("day daily", "week weekly"), ("week weekly", "month monthly"),
        ("month monthly", "year yearly annual"), ("dollar", "cent"), ("boy", "girl"), ("brother", "sister"), ("foot", "mile inch"),
        ("pound", "ounce"), ("kg kilogram", "gram"), ("fast faster", "slow slower"), ("tall taller long longer", "short shorter"),
    )
)  # fmt: skip


def _turned(more_left: Sequence[str], more_right: Sequence[str]) -> str:
    """Find a pair of opposite words of which one side has more of the first and fewer of the second (sells, buys)."""
    said: defaultdict[tuple[int, int], int] = defaultdict(int)
    for words, one in ((more_left, 1), (more_right, -1)):
        for word in words:
            for pole in _poles(word):
                said[pole] += one
    turned = [at for at, side in said if not side and said[at, 0] * said.get((at, 1), 0) < 0]
    return " and ".join(map(min, _POLES[min(turned)])) if turned else ""


@lru_cache(4096)
def _poles(form: str) -> frozenset[tuple[int, int]]:
    """List at which poles a word stands: the pair, and which of both."""
    bases = {form, *lemmas(form)}
    return frozenset(
        (at, side) for at, poles in enumerate(_POLES) for side, pole in enumerate(poles) if not bases.isdisjoint(pole)
    )


class _Beside:
    """Finds the content words around a number: three before it and four after it, in its sentence."""

    def __init__(self, text: Text) -> None:
        self._words = [word for word in text.content if word.kind == "content"]
        self._places = [word.at for word in self._words]

    def of(self, number: Word) -> list[Word]:
        """List the words beside one number."""
        before, after = bisect_left(self._places, number.at), bisect_right(self._places, number.at)
        near = self._words[max(0, before - 3) : before] + self._words[after : after + 4]
        return [word for word in near if word.sentence == number.sentence]


def _roles(left: Text, right: Text, twins: Twins) -> str:
    """Each number must stand beside what its counterpart stands beside, and no two numbers may fit better exchanged."""
    names = left.names | right.names
    pairs: list[tuple[Word, Word]] = []
    numbers, waiting = left.amounts, list(right.amounts)
    ours, theirs = _Beside(left), _Beside(right)
    near = {number.at: {word.at for word in theirs.of(number)} for number in waiting}
    here = {number.at: [(twins[word.at], 1 + (word.form in names)) for word in ours.of(number)] for number in numbers}

    @cache
    def fit(at: int, twin: int) -> int:
        """Count the words around one number that stand around the other; a name counts twice."""
        there = near[twin]
        return sum([worth for places, worth in here[at] if not there.isdisjoint(places)])

    for number in numbers:
        equal = [other for other in waiting if other.form == number.form]
        best = max(equal, key=lambda twin: fit(number.at, twin.at))
        if not fit(number.at, best.at):
            return f"{number.form.lstrip('#')} counts something else"
        waiting.remove(best)
        pairs.append((number, best))
    for (one, one_twin), (two, two_twin) in combinations(pairs, 2):
        if one.form == two.form:
            continue
        kept = fit(one.at, one_twin.at) + fit(two.at, two_twin.at)
        turned = fit(one.at, two_twin.at) + fit(two.at, one_twin.at)
        same_order = (one.at < two.at) == (one_twin.at < two_twin.at)
        if turned > kept + (TOLERANCE if same_order else 0) or (turned == kept and not same_order):
            return f"{one.form.lstrip('#')} and {two.form.lstrip('#')} are exchanged"
    return ""


def _twins(left: Text, right: Text) -> Twins:
    """Find for the place of each content word of the left text those of the right that are alike."""
    places: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    shaped: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for word in right.content:
        places[word.form, word.kind].add(word.at)
    for form, kind in places:
        for shape in shapes(form):
            shaped[shape].add((form, kind))
    found: dict[int, set[int]] = {}
    known = frozenset(shaped)
    told: dict[tuple[str, str], set[int]] = {}
    for form, kind, place, *_ in left.content:
        alike = told.get((form, kind))
        if alike is None:
            near = {other for shape in answering(form) & known for other in shaped[shape]}
            alike = {at for other in near if _alike(form, kind, *other) for at in places[other]}
            told[form, kind] = alike
        found[place] = alike
    return found


@lru_cache(8192)
def _alike(one: str, one_kind: str, other: str, other_kind: str) -> bool:
    """Tell whether two words (form and kind of each) are the same, forms of one word, or synonyms."""
    if one == other:
        return True
    left, right = Word(one, one_kind, 0, 0), Word(other, other_kind, 0, 0)
    if not forms(left).isdisjoint(forms(right)):
        return True
    return any(related(left, right, how) for how in ("listed", "lexicon", "dictionary"))


def _question(left: Text, right: Text, twins: Twins) -> str:
    """Compare what is asked: the clause from the question word on, without a condition behind it."""
    one, other = _clause(left), _clause(right)
    names = left.names | right.names
    people = [{word.form for word in words} & names for words in (one, other)]
    if people[0] and people[1] and people[0].isdisjoint(people[1]):
        return "the question is about somebody else"
    plainly = {_MARKS[word.form] for word in (*one, *other) if word.form in _PLAINLY}
    for mark in ("left", "average") if plainly else ():
        said = [any(_MARKS.get(word.form) == mark for word in words) for words in (one, other)]
        if said[0] != said[1] and mark in plainly:
            return f"only one question says {mark}"
    units = [{_MEASURES[word.form] for word in words if word.form in _MEASURES} for words in (one, other)]
    if units[0] and units[1] and units[0].isdisjoint(units[1]):
        return "another unit is asked for"
    nouns = [
        [word for word in words if word.kind == "content" and word.form not in _OF_ASKING] for words in (one, other)
    ]
    asked = {word.at for word in nouns[1]}
    if nouns[0] and nouns[1] and all(asked.isdisjoint(twins[word.at]) for word in nouns[0]):
        return "another quantity is asked for"
    return ""


_MEASURES: Final = {
    form: unit
    for unit in listed("""
        inch yard mile meter kilometer centimeter ounce pound gram kilogram gallon liter cup second minute hour day week
        month year dollar cent euro percent
    """)
    for form in (unit, f"{unit}s", f"{unit}es")
} | {"foot": "foot", "feet": "foot"}
_PLAINLY: Final = frozenset({"left", "remain", "remaining", "average", "mean"})


def _clause(text: Text) -> list[Word]:
    last = text.words[-1].sentence if text.words else 0
    words = [*takewhile(lambda word: word.sentence == last, reversed(text.words))][::-1]
    for at in range(len(words) - 1, -1, -1):
        if words[at].form in _ASKING and _ASKED.match(" ".join([word.form for word in words[at : at + 2]])):
            words = words[at:]
            break
    ends = (at for at, word in enumerate(words) if at and word.form in {"if", "given", "when", "considering", "after"})
    return words[: next(ends, None)]


def _cover(left: Text, right: Text, twins: Twins) -> tuple[str, str] | None:
    answered = set().union(*twins.values())
    lost = (
        [word for word in left.content if not twins[word.at]],
        [word for word in right.content if word.at not in answered],
    )
    for text, words in zip((left, right), lost, strict=True):
        alone = sum([word.kind == "content" for word in words])
        if alone > (1 - LEAST_COVER) * sum([word.kind == "content" for word in text.content]):
            return "words", "too few words in common"
    if found := opposed([word.form for word in lost[0]], [word.form for word in lost[1]]):
        return "antonym", f"opposites: {found[0]} and {found[1]}"
    return None
