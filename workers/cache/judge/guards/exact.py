"""Guards for what must be the same to the letter: numbers, code, formulas, quotations, acronyms, foreign phrases."""

from __future__ import annotations

import re
from collections import Counter

from workers.cache.judge.align import Pair
from workers.cache.judge.lexicon import known
from workers.cache.judge.normalise import surface
from workers.cache.judge.text import Text, Word
from workers.cache.judge.words import TIMES, UNITS

_UNIT_NAMES = frozenset(UNITS.values()) | {f"{unit}s" for unit in UNITS.values()} | {"percent", "euro", "euros", "yen"}


def numbers(pair: Pair) -> str | None:
    """Refuse when the numbers differ in value, count or order, or what follows one of them is another unit."""
    left, right = ([word for word in text.content if word.kind == "number"] for text in (pair.left, pair.right))
    ours, theirs = [word.form for word in left], [word.form for word in right]
    if ours != theirs and Counter(ours) != Counter(theirs):
        return f"the numbers differ: {_show(left)} and {_show(right)}"
    if ours and _units(pair.left) != _units(pair.right):
        return "the units differ"
    if _signs(pair.left) != _signs(pair.right):
        return "the signs differ"
    if _releases(pair.left, pair.right):
        return "the versions differ"
    return None


_SHORT_UNITS = {
    short: UNITS[short] for short in ("km", "kms", "kg", "kgs", "cm", "mm", "lb", "lbs", "oz", "hr", "hrs", "yr", "yrs")
}
_SIGN = re.compile(r"(?<!\S)[-\u2212\u2013](?=\.?\d)|(?<!\S)(?:[abof]|ab|aa|bb)[-\u2212\u2013](?=[\s?.!,]|$)")


def _signs(text: Text) -> int:
    """Count what is below zero, or a grade or blood type with a minus: -5 degrees, B-, O-."""
    return len(_SIGN.findall(text.raw.lower())) if any(sign in text.raw for sign in "-\u2212\u2013") else 0


_RELEASE = re.compile(
    r"(?<![\d.,$\u20ac\u00a3\u20b9])\d+\.\d+(?![\d.]| ?(?:%|percent|[a-z]{0,3}\d|(?:"
    + "|".join(sorted(_UNIT_NAMES | set(UNITS) - {"in"}))
    + r")s?\b))"
)


def _releases(one: Text, other: Text) -> bool:
    """Tell whether bare decimals differ in zeros at their end: Python 3.1 is not 3.10, though 3.1 km are 3.10 km."""
    if "." not in one.raw:
        return False
    left, right = (set(_RELEASE.findall(text.raw.lower())) for text in (one, other))
    return any(digits.rstrip("0") in {found.rstrip("0") for found in right - left} for digits in left - right)


def _show(words: list[Word]) -> str:
    return ", ".join(word.form.lstrip("#") for word in words[:6]) or "none"


def _units(text: Text) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for word, after in zip(text.content, text.content[1:], strict=False):
        unit = _SHORT_UNITS.get(after.form, after.form)
        if word.kind == "number" and unit in _UNIT_NAMES:
            found[word.form, unit.removesuffix("s")] += 1
    return found


def code(pair: Pair) -> str | None:
    """Refuse when identifiers, commands, file names or formulas differ; a version or model number is a word."""
    if pair.left.marks.symbols != pair.right.marks.symbols:
        return "the formulas differ"
    if _options(pair.left) != _options(pair.right):
        return "the options differ"
    if _factorials(pair.left) != _factorials(pair.right):
        return "a factorial and a number are not the same"
    left, right = (tuple(_brand(found) for found in text.marks.code) for text in (pair.left, pair.right))
    if left != right and (Counter(map(str.lower, left)) != Counter(map(str.lower, right)) or _mixed(pair)):
        return "the code differs"
    return None


def _factorials(text: Text) -> list[str]:
    """List numbers with a mark right behind them (5! is 120); at the end of a text it may only call, unless a value is asked for."""
    if "!" not in text.raw:
        return []
    raw = text.raw if _VALUE.match(text.core) else text.raw.rstrip("!?. ")
    return re.findall(r"(?<![\w.,:/-])\d+(?=!(?![=!]))", raw)


_VALUE = re.compile(
    r"(?:what is|calculate|compute|evaluate|simplify|find|solve)\b(?: (?:the )?value of)? [^a-z]*$|.*\bfactorial\b"
)
_OPTION = re.compile(r"(?<!\S)--?(?: (?=[a-z]+(?![\w'])))?([a-zA-Z]+)(?![\w'-])")


def _options(text: Text) -> list[str]:
    """List options of one letter, and what follows a dash and a blank where no dictionary has it: `ls -a`, `tar - xzf`."""
    if "-" not in text.raw:
        return []
    found = list(_OPTION.finditer(surface(text.raw)))
    return [place[1] for place in found if (_odd(place[1]) if " " in place[0] else len(place[1]) == 1)]


def _odd(word: str) -> bool:
    """Tell whether what follows a dash and a blank is no word that goes on with the sentence."""
    return not known(word) or re.search("[aeiouy]", word) is None


_BRAND = re.compile(r"[a-z][A-Z][a-z]+")


def _brand(found: str) -> str:
    """Take the plural off a trade name such as iPhones; an identifier keeps every letter."""
    return found[:-1] if found.endswith("s") and _BRAND.fullmatch(found) else found


def _mixed(pair: Pair) -> bool:
    return all(text.raw not in {text.raw.lower(), text.raw.upper()} for text in (pair.left, pair.right))


def quoted(pair: Pair) -> str | None:
    """Refuse when both quote something and not the same."""
    left, right = pair.left.marks.quoted, pair.right.marks.quoted
    if left and right and Counter(left) != Counter(right):
        return "the quotations differ"
    return None


def acronyms(pair: Pair) -> str | None:
    """Refuse when one writes an acronym that the other, though it uses capitals, has as an ordinary word (IT, it)."""
    if _states(pair.left) != _states(pair.right):
        return "two states, or one on one side only"
    for one, other in ((pair.left, pair.right), (pair.right, pair.left)):
        if one.marks.acronyms <= other.marks.acronyms or other.raw in {other.raw.lower(), other.raw.upper()}:
            continue
        small = {word.form for word in other.words if word.kind == "function"}
        found = {name.lower() for name in one.marks.acronyms - other.marks.acronyms} & small
        if (
            found - {"i", "a"}
            and not other.marks.acronyms & {name.upper() for name in found}
            and any(len(name) > 1 for name in found)
        ):
            emphasis = {
                "not",
                "never",
                "only",
                "all",
                "any",
                "no",
                "must",
                "and",
                "or",
                "how",
                "why",
                "what",
                "you",
                "is",
            }
            if found - emphasis:
                return "an acronym and a word are not the same"
    return None


def _states(text: Text) -> set[str]:
    return set(_STATE.findall(text.raw)) if "OH" in text.raw or "OK" in text.raw else set()


_STATE = re.compile(r"(?:(?<=[a-z]), ?|(?<=[a-z]) )(OH|OK)(?=[\s?.!,]|$)")  # else they are interjections


def language(pair: Pair) -> str | None:
    """Refuse when one holds several words of no dictionary, and they or what stands between them differ.

    Little words are not little in another language: `me gusta` and `no me gusta`.
    """
    if max(pair.left.unknown, pair.right.unknown) < 2 and pair.left.core.isascii() and pair.right.core.isascii():
        return None
    named = (
        pair.left.names
        | pair.right.names
        | {name.lower() for name in pair.left.marks.acronyms | pair.right.marks.acronyms}
    )
    named = named.union(*({match.left.form, match.right.form} for match in pair.matches if match.how == "typo"))
    return (
        None
        if _foreign(pair.left, named) == _foreign(pair.right, named)
        else "words of another language, or names, differ"
    )


def _foreign(text: Text, named: frozenset[str]) -> list[str]:
    """The words from the first to the last that no dictionary has, names left out; all words of a text in another script."""
    forms = [word.form for word in text.words]
    if not text.core.isascii():
        return forms
    strange = [word for word in text.words if word.kind == "content" and word.form.isalpha() and not known(word.form)]
    places = [word.at for word in strange if word.form not in named]
    return forms[places[0] : places[-1] + 1] if len(places) > 1 else []


def times(pair: Pair) -> str | None:
    """Refuse when a word of time stands on one side only."""
    alone = [word.form for word in (*pair.alone_left, *pair.alone_right)]
    found = [form for form in alone if form in TIMES or form.removesuffix("s") in TIMES]
    return f"the time differs: {found[0]}" if found else None


def names(pair: Pair) -> str | None:
    """Refuse when a name stands on one side only; capitals inside a sentence show it, or no dictionary has the word."""
    for word in (*pair.alone_left, *pair.alone_right):
        if word.form in pair.left.names | pair.right.names or not known(word.form):
            return f"the names differ: {word.form}"
    return None
