"""Guards over the content words: opposites, order, and any word that nothing answers."""

from __future__ import annotations

import re
from collections import Counter

from workers.cache.judge.align import Match, Pair, opposed
from workers.cache.judge.guards.likeness import apart, doing, joined
from workers.cache.judge.lexicon import is_plural, known, lexicon
from workers.cache.judge.text import Text, Word, forms
from workers.cache.judge.words import LIGHT, POSSESSIVES, VAGUE, listed

_OPEN = ("how do i ", "what are ", "what is ")  # questions for several answers, in which a vague word changes little
_WHAT_IS = re.compile(r"(?:what is (?:the )?meaning of|what (?:is|are))\b(?! the (?!meaning of)\w+ of\b)")
_LIGHTEST = {"world", "have", "having"}
_EITHER_WAY = frozenset({"and", "or", "versus", "between"})


def opposites(pair: Pair) -> str | None:
    """Refuse when a word on one side is the opposite of one on the other."""
    found = opposed([word.form for word in pair.alone_left], [word.form for word in pair.alone_right])
    return f"opposites: {found[0]} and {found[1]}" if found else None


def order(pair: Pair) -> str | None:
    """Refuse when the same words stand in another order, unless each keeps its preposition or they are listed."""
    compared = any(word.form == "than" for word in pair.left.words)
    matches = tuple(
        match
        for match in pair.matches
        if compared
        or (lexicon().parts.get(match.left.form) != "r" and match.left.form != "online")
        or match.left.role
        or match.right.role
    )
    places = [match.right.at for match in matches]
    if places == sorted(places):
        return None
    if pair.turned or (len(matches) == len(pair.matches) and _listed(pair)) or _moved(pair):
        return None
    return "the same words in another order"


def _moved(pair: Pair) -> bool:
    """Tell whether whole phrases stand elsewhere, those with `of` in the same order (the wife of the son of)."""
    left, right = (_phrases(pair.matches, left=left) for left in (True, False))
    return Counter(left) == Counter(right) and [one for one in left if one[0] == "of"] == [
        other for other in right if other[0] == "of"
    ]


def _phrases(matches: tuple[Match, ...], *, left: bool) -> list[tuple[str, tuple[str, ...]]]:
    """Cut at prepositions: each phrase is its preposition and its words in order; all are named as on the left."""
    found: list[tuple[str, list[str]]] = []
    ordered = sorted(matches, key=lambda match: match.left.at if left else match.right.at)
    sentence = -1
    for match in ordered:
        word = match.left if left else match.right
        if word.role or word.sentence != sentence or not found:
            found.append((word.role, []))
            sentence = word.sentence
        found[-1][1].append(match.left.form)
    return [(role, tuple(forms)) for role, forms in found]


def _listed(pair: Pair) -> bool:
    """Tell whether what changed places are two neighbours joined by and, or, versus on both sides: A and B, B and A."""
    if any(word.form in {"than", "from"} for word in pair.left.words):
        return False
    left = [match.right.at for match in pair.matches]
    right = sorted(left)
    moved = [at for at, (one, other) in enumerate(zip(left, right, strict=True)) if one != other]
    start, end = moved[0], moved[-1] + 1
    for cut in range(start + 1, end):
        if left[cut:end] + left[start:cut] == right[start:end]:
            places = [match.left.at for match in pair.matches]
            there = right[start + end - cut - 1], right[start + end - cut]
            if any(word.form == "to" for word in pair.left.words[places[start] : places[end - 1]]):
                return False
            return _joined(pair.left, places[cut - 1], places[cut]) and _joined(pair.right, *there)
    return False


def _joined(text: Text, one: int, other: int) -> bool:
    return any(word.form in _EITHER_WAY for word in text.words[one + 1 : other])


def sense(pair: Pair) -> str | None:
    """Refuse when a thing and the doing of it differ at the end of a phrase: a process and processing."""
    last = (
        {pair.left.content[-1].at, -1 - pair.right.content[-1].at}
        if pair.left.content and pair.right.content
        else set()
    )
    if found := apart(pair) or doing(pair) or joined(pair):
        return f"not the same thing: {found}"
    for match in pair.matches:
        active = match.left.form.endswith("ing") != match.right.form.endswith("ing")
        if (
            match.how == "form"
            and active
            and not _compound(pair, match)
            and (match.left.at in last or -1 - match.right.at in last)
        ):
            return f"not the same thing: {match.left.form} and {match.right.form}"
        if {match.left.form, match.right.form} == {"get", "become"} and not _quality_follows(pair.left, match.left):
            return "not the same thing: get and become"
    return None


def _quality_follows(text: Text, word: Word) -> bool:
    """Tell whether a mere adjective comes next, without an article: get rich, become rich; but get a dog, become a dog."""
    after = text.words[word.at + 1] if word.at + 1 < len(text.words) else None
    return after is not None and set(lexicon().parts.get(after.form, "n")) <= set("ar")


def _compound(pair: Pair, match: Match) -> bool:
    """Tell whether both follow the same word where something is learnt, and neither is a plural: learn to surf, learn surfing."""
    plural = is_plural(match.left.form) or is_plural(match.right.form)
    if plural or not any(word.form in _STUDIES for word in pair.left.content):
        return False
    left, right = (_led(text, word) for text, word in ((pair.left, match.left), (pair.right, match.right)))
    return left is not None and right is not None and pair.partner.get(left) == right


def _led(text: Text, word: Word) -> int | None:
    """Give the place of the content word right before a word, a `to` between them left out."""
    at = word.at - 1
    while at >= 0 and text.words[at].form == "to":
        at -= 1
    return at if at >= 0 and text.words[at].kind == "content" and text.words[at].sentence == word.sentence else None


NEAREST = 5  # words from a word to where it is said again in a list of two


def _repeated(pair: Pair, form: str) -> bool:
    """Tell whether a word stands alone only because one side says it twice: low and high prices, low prices and high prices."""
    wanted = forms(Word(form, "content", 0, 0))
    places = [[word.at for word in text.content if wanted & forms(word)] for text in (pair.left, pair.right)]
    one, two = sorted(places, key=len)
    if (len(one), len(two)) != (1, 2):
        return False
    text = pair.left if two is places[0] else pair.right
    between = [word.form for word in text.words[two[0] + 1 : two[1]] if word.kind == "function"]
    joined = [form for form in between if form not in {"a", "an", "the"}]
    return joined in (["and"], ["or"]) and two[1] - two[0] <= NEAREST


def _needless(pair: Pair) -> bool:
    """Tell whether the one word without a counterpart adds nothing where it stands."""
    text, alone = (pair.left, pair.alone_left[0]) if pair.alone_left else (pair.right, pair.alone_right[0])
    before = text.words[alone.at - 1] if alone.at else None
    if alone.form == "best":  # some hacks, the best hacks: both ask for recommendations
        other = pair.right if text is pair.left else pair.left
        return text.core.startswith(("what are ", "what is ")) and _SOME.match(other.core) is not None
    if alone.form == "own":  # how do I control my own thoughts
        return before is not None and before.form in POSSESSIVES and alone.role not in {"on", "by"}
    if alone.form in {"get", "feel"}:  # when they get angry, when they are angry
        return len(pair.matches) > 1 and _quality_follows(text, alone)
    if alone.form in EXAMS and before is not None and before.kind == "content":  # prepare for the GRE, the GRE exam
        named = not known(before.form) or before.form.upper() in text.marks.acronyms
        return named and any(word.form in _STUDIES for word in text.content)
    return False


def _side(pair: Pair, word: Word) -> Text:
    """Give the text that a word without a counterpart is of."""
    return pair.left if any(word is other for other in pair.alone_left) else pair.right


def _vague(pair: Pair, word: Word) -> bool:
    """Tell whether a vague adjective only colours a list of causes, types and the like; a major scale is a scale of its own."""
    words = _side(pair, word).words
    after = words[word.at + 1] if word.at + 1 < len(words) else None
    if after is None or after.kind == "function":  # the best phone available
        return word.form in {"available", "possible"} and "best" in {other.form for other in words}
    return after.form in _LISTS


_LISTS = frozenset(
    listed("""
    cause causes reason reasons difference differences benefit benefits advantage advantages disadvantages type types kind kinds way
    ways factor factors feature features effect effects part parts component components purpose function functions problem problems
    source sources step steps stages uses use meaning characteristics properties roles methods forms categories symptoms areas sectors
    theories varieties strategies techniques goals aspects differences impact impacts challenges issues objectives causes
""")
)


def _light(pair: Pair) -> bool:
    """Tell whether the one word without a counterpart carries next to nothing where it stands."""
    alone = (pair.alone_left or pair.alone_right)[0]
    text = _side(pair, alone)
    before = text.words[alone.at - 1].form if alone.at else ""
    if alone.form == "world":  # in the world; but the world cup, the world war
        after = text.words[alone.at + 1].form if alone.at + 1 < len(text.words) else ""
        placed = alone.role not in {"", "for"} or any(word.form.startswith("travel") for word in text.content)
        return after.endswith("est") or (placed and not _noun_follows(text, alone))
    if alone.form == "learn":
        return all(side.core.startswith("how do i ") for side in (pair.left, pair.right))
    if alone.form == "become":
        return _quality_follows(text, alone)
    if alone.form == "using":
        return before not in _BEGUN
    return alone.form in LIGHT


_BEGUN = frozenset(listed("stop start quit avoid begin keep resume enjoy like hate prevent limit"))


def _noun_follows(text: Text, word: Word) -> bool:
    after = text.words[word.at + 1] if word.at + 1 < len(text.words) else None
    return (
        after is not None
        and after.kind == "content"
        and after.sentence == word.sentence
        and "n" in lexicon().parts.get(after.form, "")
    )


def _meant(pair: Pair) -> bool:
    """Tell whether the meaning of a word is asked, and not that of a work or of life: the meaning of Bohemian Rhapsody."""
    text = pair.left if pair.alone_left else pair.right
    rest = [word.form for word in text.content if word.form != "meaning"]
    named = text.names and all(form in text.names for form in rest)
    return not named and not _WORKS & set(rest)


_WORKS = frozenset(listed("life flag painting song lyrics poem movie film symbol tattoo dream cross star"))


_SOME = re.compile(r"what are (?!the\b|my\b|your\b)")
EXAMS = frozenset(listed("exam exams examination examinations test course courses degree preparation"))
_STUDIES = frozenset(
    listed("""
    prepare crack clear pass book books study college colleges institute institutes coaching learn teach
""")
)


def words(pair: Pair) -> str | None:
    """Refuse when a content word on either side has no counterpart on the other."""
    vague = pair.left.core.startswith(_OPEN) and pair.right.core.startswith(_OPEN)
    manner = pair.left.core.startswith("how ") or pair.right.core.startswith(
        "how "
    )  # there, major depression is a thing
    alone = [
        word.form
        for word in (*pair.alone_left, *pair.alone_right)
        if not (vague and word.form in VAGUE and (word.form.endswith("ly") if manner else _vague(pair, word)))
    ]
    if len(alone) == 1 and _repeated(pair, alone[0]):
        return None
    first = any(word.at == 0 for word in (*pair.alone_left, *pair.alone_right))  # have a good day, good day
    if (
        alone == ["meaning"]
        and _meant(pair)
        and len(pair.matches) > 1
        and all(_WHAT_IS.match(text.core) for text in (pair.left, pair.right))
    ):
        return None
    if len(alone) == 1 and not first and _light(pair) and len(pair.matches) > 1 + (alone[0] not in _LIGHTEST):
        return None
    if len(alone) == 1 and not first and _needless(pair):
        return None
    return f"only on one side: {', '.join(alone[:4])}" if alone else None
