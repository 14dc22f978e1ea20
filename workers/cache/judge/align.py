"""Which word of one question answers which word of the other: the same, another form, another spelling, a synonym."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from workers.cache.judge.lexicon import akin, american, known, lemmas, lexicon, synonymous
from workers.cache.judge.marks import NONE
from workers.cache.judge.near import DISTINCT, NEAR, TRADE_NAMES
from workers.cache.judge.text import Text, Word, forms
from workers.cache.judge.words import OPPOSITES, PREPOSITIONS, SAME

SHORTEST_JOINED: Final = 7  # letters of two words written as one; shorter ones may be another word
SHORTEST_TYPO: Final = 5  # letters; in shorter words one letter makes another word


class Match(NamedTuple):
    """Two words that answer each other: `how` is same, form, typo, listed (our list) or lexicon (near.py, WordNet)."""

    left: Word
    right: Word
    how: str


@dataclass(frozen=True)
class Pair:
    """Two questions side by side, their content words aligned."""

    left: Text
    right: Text

    @cached_property
    def same_words(self) -> bool:
        """Whether both have the same words in the same places."""
        return self.left.words == self.right.words

    @cached_property
    def said(self) -> frozenset[str]:
        """All words of both texts, each once: most guards have nothing to do with most pairs."""
        return frozenset([word.form for text in (self.left, self.right) for word in text.words])

    @cached_property
    def more(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What the left text says more often than the right one, each word as often as it does; and the other way round."""
        waiting = Counter([word.form for word in self.left.words])
        more: list[str] = []
        for word in self.right.words:
            if waiting.get(word.form):
                waiting[word.form] -= 1
            else:
                more.append(word.form)
        return tuple(waiting.elements()), tuple(more)

    @cached_property
    def matches(self) -> tuple[Match, ...]:
        """The content words that answer each other, in the order of the left text."""
        return self._aligned[0]

    @cached_property
    def alone_left(self) -> tuple[Word, ...]:
        """Content words of the left text that nothing answers."""
        return self._aligned[1]

    @cached_property
    def alone_right(self) -> tuple[Word, ...]:
        """Content words of the right text that nothing answers."""
        return self._aligned[2]

    @cached_property
    def partner(self) -> dict[int, int]:
        """Places of the left text's content words to those of the right."""
        return {match.left.at: match.right.at for match in self.matches}

    @cached_property
    def turned(self) -> frozenset[int]:
        """Places (left text) of two neighbouring phrases that are turned around without another meaning; empty if none are.

        `password of my account`, `account password`: what follows of, for, in or on may stand before its noun instead.
        """
        left = [match.right.at for match in self.matches]
        right = sorted(left)
        moved = [at for at, (one, other) in enumerate(zip(left, right, strict=True)) if one != other]
        if not moved:
            return frozenset()
        start, end = moved[0], moved[-1] + 1
        for cut in range(start + 1, end):
            if left[cut:end] + left[start:cut] == right[start:end]:
                head, rest = self.matches[start], self.matches[cut]
                there = not _between(self.right, rest.right, head.right) and _attribute(
                    head.left, rest.left, head.right, rest.right
                )
                back = not _between(self.left, head.left, rest.left) and _attribute(
                    rest.right, head.right, rest.left, head.left
                )
                if there or back:
                    return frozenset({head.left.at, rest.left.at})
        return frozenset()

    @cached_property
    def _aligned(self) -> tuple[tuple[Match, ...], tuple[Word, ...], tuple[Word, ...]]:
        if self.same_words:
            return (
                tuple(Match(*both, "same") for both in zip(self.left.content, self.right.content, strict=True)),
                (),
                (),
            )
        found: list[Match] = []
        left, right = self._same(list(self.left.content), list(self.right.content), found)
        if len(left) <= 12 and len(right) <= 12:  # beyond that the pair is refused anyway
            left, right = _joined(left, right, found)
            for how in ("form", "typo", "listed", "lexicon"):
                left, right = _pick(left, right, how, found)
        found.sort(key=lambda match: match.left.at)
        return tuple(found), tuple(left), tuple(right)

    @staticmethod
    def _same(left: list[Word], right: list[Word], found: list[Match]) -> tuple[list[Word], list[Word]]:
        waiting: dict[str, list[Word]] = defaultdict(list)
        for word in reversed(right):
            waiting[word.form].append(word)
        rest = []
        more, fewer = _surplus(left, right), _surplus(right, left)
        for form, count in fewer.items():
            del waiting[form][len(waiting[form]) - count :]  # said more often: the last ones answer
        for word in left:
            if more[word.form]:
                more[word.form] -= 1
                rest.append(word)
            elif waiting[word.form]:
                found.append(Match(word, waiting[word.form].pop(), "same"))
            else:
                rest.append(word)
        taken = {match.right.at for match in found}
        return rest, [word for word in right if word.at not in taken]


def _between(text: Text, one: Word, other: Word) -> bool:
    return any(word.form in PREPOSITIONS or word.form in {"and", "or"} for word in text.words[one.at + 1 : other.at])


def _attribute(head: Word, rest: Word, head_after: Word, rest_after: Word) -> bool:
    """Tell whether `head PREPOSITION rest` became `rest head`, in the place of the whole."""
    same_place = rest_after.role == head.role or {rest_after.role, head.role} <= {"", "in", "of", "for"}
    return rest.role in {"of", "for", "in", "on", "at", "about"} and not head_after.role and same_place


def _surplus(left: list[Word], right: list[Word]) -> Counter[str]:
    """Count what one side says more often than the other, another form of it counted: culture, but not beside cultures."""
    found: Counter[str] = Counter()
    forms_left = [word.form for word in left]
    if len(set(forms_left)) == len(forms_left):
        return found  # nothing is said twice
    there = [word for word in right if word.kind == "content"]
    for form, count in Counter(forms_left).items():
        heard = sum(word.form == form for word in right) if count > 1 else 0
        if 0 < heard < count:
            others = sum(word.form != form and not lemmas(word.form).isdisjoint(lemmas(form)) for word in there)
            found[form] = max(0, count - heard - others)
    return found


def _joined(left: list[Word], right: list[Word], found: list[Match]) -> tuple[list[Word], list[Word]]:
    """Match two neighbours with one word that is written as both together: mind blowing, mindblowing."""
    for one, other, turned in ((left, right, False), (right, left, True)):
        for first, second in list(pairwise(one)):
            whole = next((word for word in other if word.form == first.form + second.form), None)
            if whole and second.at == first.at + 1 and len(whole.form) >= SHORTEST_JOINED:
                found.append(Match(whole, first, "form") if turned else Match(first, whole, "form"))
                one.remove(first)
                one.remove(second)
                other.remove(whole)
    return left, right


def _pick(left: list[Word], right: list[Word], how: str, found: list[Match]) -> tuple[list[Word], list[Word]]:
    rest = []
    right = list(right)
    for word in left:
        answer = next((other for other in right if related(word, other, how)), None)
        if answer is None:
            rest.append(word)
        else:
            right.remove(answer)
            found.append(Match(word, answer, how))
    return rest, right


def related(one: Word, other: Word, how: str) -> bool:
    """Tell whether two words answer each other in one way; numbers and symbols only when they are the same.

    Besides the ways of a match there is `dictionary`: any group of WordNet, for word problems.
    """
    if one.kind != "content" or other.kind != "content":
        return False
    if how == "form":
        return not forms(one).isdisjoint(forms(other))
    return _related(one.form, other.form, how)


@lru_cache(8192)
def _related(one: str, other: str, how: str) -> bool:
    if how == "typo":
        return is_typo(one, other)
    if contrary(one, other):
        return False
    if how == "listed":
        return _listed(SAME, one, other)
    if how == "dictionary":
        return synonymous(one, other)
    return _listed(NEAR, one, other) or (akin(one, other) and not _listed(DISTINCT, one, other))


_TURNING: Final = frozenset(["un", "dis", "in", "im", "ir", "il", "non", "de", "mis", "anti"])


def forget() -> None:
    """Know no two words any more."""
    _related.cache_clear()
    contrary.cache_clear()


def _listed(table: dict[str, frozenset[str]], one: str, other: str) -> bool:
    """Look two words up in a table of pairs, as they are and in their base forms."""
    others = {other, *lemmas(other)}
    return any(not others.isdisjoint(table.get(form, ())) for form in (one, *lemmas(one)))


@lru_cache(8192)
def shapes(word: str) -> frozenset[str]:
    """List a word, its American spelling, and what it may be a form of."""
    plain = american(word)
    found = lemmas(plain) | {word, plain}
    return found if plain == word else found | lemmas(word)


@lru_cache(4096)
def answering(word: str) -> frozenset[str]:
    """List all that may answer a word by its form, our list or the lexicon: nothing else is `related` but a misspelling."""
    found, words = set(shapes(word)), lexicon()
    for form in tuple(found):
        found.update(words.synonyms.get(form, ()), words.deeds.get(form, ()), SAME.get(form, ()), NEAR.get(form, ()))
    return frozenset(found)


@lru_cache(8192)
def contrary(one: str, other: str) -> bool:
    """Tell whether two words turn each other around, or one is the other with un-, dis-, in-, non- before it."""
    if one == other:
        return False
    return not _opposites(one).isdisjoint((other, *lemmas(other))) or other in _turned(one) or one in _turned(other)


def opposed(left: Iterable[str], right: Sequence[str]) -> tuple[str, str] | None:
    """Find a word of one side that is `contrary` to one of the other."""
    bases = {form for word in right for form in (word, *lemmas(word))}
    turned = {plain for word in right for plain in _turned(word)}
    for word in left:
        if word in turned or not _opposites(word).isdisjoint(bases) or not _turned(word).isdisjoint(right):
            for other in right:
                if contrary(word, other):
                    return word, other
    return None


@lru_cache(8192)
def _opposites(word: str) -> frozenset[str]:
    """List what our list and the lexicon have as the opposite of a word, or of what it is a form of."""
    antonyms = lexicon().antonyms
    found = [other for form in (word, *lemmas(word)) for other in (*OPPOSITES.get(form, ()), *antonyms.get(form, ()))]
    return frozenset(found) if found else NONE


@lru_cache(8192)
def _turned(word: str) -> frozenset[str]:
    """List what is left of a word without an un-, dis-, in- or non- before it; useful beside useless."""
    found = {word[len(start) :].removeprefix("-") for start in _TURNING if word.startswith(start)} - {""}
    if word.endswith("less"):
        found.add(f"{word[:-4]}ful")
    return frozenset(found) if found else NONE


def is_typo(one: str, other: str) -> bool:
    """Tell whether one of two words is no word at all and the other a common word one slip of the finger away."""
    if min(len(one), len(other)) < SHORTEST_TYPO or one[0] != other[0] or abs(len(one) - len(other)) > 1:
        return False
    if known(one) == known(other) or not (one.isalpha() and other.isalpha()):
        return False
    right, wrong = (one, other) if known(one) else (other, one)
    if wrong in TRADE_NAMES or right in TRADE_NAMES:
        return False
    return any(lemma in lexicon().parts for lemma in lemmas(right)) and _slip(one, other)


def _slip(one: str, other: str) -> bool:
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    left, right = one[start:], other[start:]
    if len(left) == len(right):
        return left[1:] == right[1:] or (left[:2] == right[1::-1] and left[2:] == right[2:])
    return left[1:] == right if len(left) > len(right) else left == right[1:]
