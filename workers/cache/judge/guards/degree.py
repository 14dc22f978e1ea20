"""Small words of degree and kind that turn a question where they stand, though elsewhere they may be left out."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from workers.cache.judge.align import Pair
from workers.cache.judge.near import MEASURED, VALUES
from workers.cache.judge.text import Text, Word
from workers.cache.judge.words import AUXILIARIES, BE, CONJUNCTIONS, MODALS, PREPOSITIONS

_YES_NO: Final = BE | {"do", "does", "did", "can", "could", "will", "would", "should"}
_PER: Final = frozenset(["a", "an", "per", "each", "every"])
_MASS: Final = frozenset(["hope", "time", "money", "water", "food", "rain", "sleep", "chance", "help"])
_STUDY: Final = frozenset(["learn", "learning", "study", "live", "living"])  # to learn well is to learn
_SUBTLE: Final = frozenset(
    "well too same once just few little some any ever being been a someone".split()  # noqa: SIM905
)


def degrees(pair: Pair) -> str | None:
    """Refuse when such a word stands on one side only where it matters (too old, the same blood, how well, vitamin a)."""
    if _SUBTLE.isdisjoint(pair.said):
        return None
    said = [_said(text) for text in (pair.left, pair.right)]
    if said[0] == said[1]:
        return None
    left, right = map(Counter, said)
    if left == right:
        return None
    found = next(iter((left - right) + (right - left)))
    if found == "too" and any(word.form == "so" for text in (pair.left, pair.right) for word in text.words):
        return None  # too hard, so hard
    there = any(word.form == "there" for text in (pair.left, pair.right) for word in text.words[:3])
    return None if there and found in {"some", "any"} else found


def _said(text: Text) -> list[str]:
    found = []
    words = text.words
    for at, word in enumerate(words):
        if word.form in _SUBTLE:
            before = words[at - 1] if at and words[at - 1].sentence == word.sentence else None
            after = words[at + 1] if at + 1 < len(words) and words[at + 1].sentence == word.sentence else None
            if key := _KEYS[word.form](text, before, after):
                found.append(key)
    return found


_DONE: Final = ("ed", "en", "lt", "nt", "de", "ght", "ld")


def _well(text: Text, before: Word | None, after: Word | None) -> str:
    studied = any(word.form in _STUDY for word in text.content) or (after is not None and after.form.endswith("ed"))
    if before and before.form == "how":
        return "how well"
    return "well" if before and before.form != "as" and not studied else ""


def _too(_: Text, before: Word | None, after: Word | None) -> str:
    graded = after and (after.kind == "content" or after.form in {"much", "many", "few"})
    return "too" if before and graded else ""


def _same(_: Text, __: Word | None, after: Word | None) -> str:
    return "" if after and after.form.startswith("mistake") else "same"


def _once(_: Text, __: Word | None, ___: Word | None) -> str:
    return "once"


def _been(text: Text, _: Word | None, after: Word | None) -> str:
    """Tell whether something has been until now; has been done is little more than is done."""
    done = after is not None and after.kind == "content" and after.form.endswith(_DONE)
    have = any(word.form in {"has", "have"} for word in text.words)
    return "" if done or not have or any(word.form == "best" for word in text.content) else "been"


def _just(text: Text, before: Word | None, after: Word | None) -> str:
    asked = text.words[0].form in _YES_NO
    return "just" if asked and before and after and (after.kind == "content" or after.form in _PER) else ""


def _few(_: Text, before: Word | None, __: Word | None) -> str:
    return "a few" if before and before.form == "a" else ""


def _little(_: Text, before: Word | None, after: Word | None) -> str:
    return "a little" if before and before.form == "a" and after and after.form in _MASS else ""


def _some(text: Text, before: Word | None, after: Word | None) -> str:
    """Tell whether it is asked of some or any of a kind: do any birds swim."""
    first = before is not None and before.at == 0 and before.form in _YES_NO
    return text.words[before.at + 1].form if first and before and after and after.kind == "content" else ""


def _ever(text: Text, _: Word | None, __: Word | None) -> str:
    measured = any(word.form in MEASURED for word in text.content)
    return "ever" if measured or text.words[0].form == "will" else ""


def _being(_: Text, before: Word | None, after: Word | None) -> str:
    """Tell whether something is being done; being alone, being a nurse is another being."""
    done = after is not None and after.kind == "content" and after.form.endswith(_DONE)
    return "being" if before and done and (before.kind == "content" or before.form in BE | {"it", "they"}) else ""


def _letter(text: Text, before: Word | None, after: Word | None) -> str:
    """Tell whether it is a letter and no article: hepatitis a, in group a."""
    ends = after is None or (
        after.kind == "function"
        and (
            after.form in AUXILIARIES
            or after.form in MODALS
            or after.form in PREPOSITIONS
            or after.form in CONJUNCTIONS
        )
    )
    named = before is not None and before.kind == "content"
    return "the letter a" if named and (ends or _CAPITAL_A.search(text.raw) is not None) else ""


_CAPITAL_A: Final = re.compile(r"[a-z] A(?= [a-z]|[?.!,]|$)")


def _someone(text: Text, _: Word | None, __: Word | None) -> str:
    """Keep anyone apart from someone where it is denied: I do not love anyone, I do not love someone."""
    if not any(word.form in {"not", "never", "without"} for word in text.words):
        return ""
    return "anyone" if re.search(r"\bany ?(?:one|body)\b", text.raw.lower()) else "someone"


_KEYS: Final = {
    "well": _well, "too": _too, "same": _same, "once": _once, "just": _just, "few": _few, "little": _little, "some": _some,
    "any": _some, "ever": _ever, "being": _being, "been": _been, "a": _letter, "someone": _someone,
}  # fmt: skip


def valued(pair: Pair) -> str | None:
    """Refuse when one asks for a value and the other what the thing is: what is the time, what is time; the rate, a rate."""
    heads = [_VALUE.match(text.core) for text in (pair.left, pair.right)]
    if not heads[0] or not heads[1] or heads[0]["noun"] != heads[1]["noun"]:
        return None
    the = [head["article"] == "the " for head in heads if head]
    noun = heads[0]["noun"].rsplit(" ", 1)[-1]
    if the[0] != the[1] and (noun in VALUES or noun.removesuffix("s") in VALUES):
        return "the value of a thing and what it is"
    return None


_VALUE: Final = re.compile(
    r"what (?:is|are) (?P<article>the |an? |)(?P<noun>[a-z]+(?: [a-z]+){0,2})(?: right now| today| now)?[ ?.!]*$"
)


def helped(pair: Pair) -> str | None:
    """Refuse when one asks what is and the other what does, in the same words: what is she like, what does she like."""
    if (
        any(match.how != "same" for match in pair.matches)
        or pair.alone_left
        or pair.alone_right
        or pair.left.marks.symbols
    ):
        return None
    small = [Counter(word.form for word in text.words if word.kind == "function") for text in (pair.left, pair.right)]
    if ((small[0] - small[1]) + (small[1] - small[0])).keys() - AUXILIARIES.keys() - {"a", "an", "the"}:
        return None
    left, right = (_auxiliary(text) for text in (pair.left, pair.right))
    return "is and does differ" if left and right and left != right else None


def _auxiliary(text: Text) -> str:
    """Name the auxiliary of a question when it has but one: be or do."""
    if any(word.form == "there" for word in text.words):
        return ""
    found = {
        "be" if word.form in BE else "do"
        for word in text.words
        if word.kind == "function" and (word.form in BE or word.form in {"do", "does", "did"})
    }
    return found.pop() if len(found) == 1 else ""
