"""Numbers in words and digits alike: `twenty-five`, `25`, `25.0`, `$25`, `25%`, `a dozen`, `2.5 million`, `3rd`, `half`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Final

from workers.cache.judge.gated import whole_words
from workers.cache.judge.words import CURRENCIES, UNITS, listed

_SMALL: Final = {
    word: number
    for number, word in enumerate(
        listed("""
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen
""")
    )
}
_TENS: Final = {
    word: 10 * number
    for number, word in enumerate(
        listed("""
    twenty thirty forty fifty sixty seventy eighty ninety
"""),
        2,
    )
}
_SCALES: Final = {
    "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "lakh": 10**5, "crore": 10**7,
    "dozen": 12,
}  # fmt: skip
_BEGIN: Final = frozenset({*_SMALL, *_TENS, "dozen"})  # words that a number may begin with
_ORDINALS: Final = {
    word: number
    for number, word in enumerate(
        listed("""
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
    fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
"""),
        1,
    )
} | {"thirtieth": 30, "hundredth": 100}
_PARTS: Final = {"half": Fraction(1, 2), "halves": Fraction(1, 2)}
_MULTIPLES: Final = {"twice": 2, "thrice": 3}
_TOLD: Final = frozenset({*_BEGIN, *_ORDINALS, *_PARTS, *_MULTIPLES})  # words that are or begin a number
_SUFFIXES: Final = {"k": 1000, "mn": 10**6, "mil": 10**6, "bn": 10**9}
# What a word alone says that is written as digits would be: two, sixty, third; `one` is more often a pronoun.
COUNTED: Final = {word: f"#{number}" for word, number in (_SMALL | _TENS).items() if word != "one"} | {
    word: f"#{number}th" for word, number in _ORDINALS.items()
}
QUARTER: Final = "quarter"
MOST_LISTED: Final = 60  # characters of a reason
ORDERED: Final = frozenset(_ORDINALS)  # words that tell a place, and no amount
UNSCALED: Final = ORDERED.union(_SMALL, _TENS)  # words that change no number in digits beside them
CARDINALS: Final = COUNTED.keys() - ORDERED  # words that tell an amount
NAMED: Final = _TOLD.union(_SCALES, _SUFFIXES)  # words that a number may be written with
_MONTHS: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_MONTH_NAMES: Final = frozenset(listed("""
    jan january feb february mar march apr april may jun june jul july aug august sep sept september oct october nov november
    dec december
"""))  # fmt: skip
_DATE: Final = re.compile(
    rf"\b(?:the )?(\d{{1,2}})(?:st|nd|rd|th)? of ({_MONTHS})\b|\b({_MONTHS}) (\d{{1,2}})(?:st|nd|rd|th)\b"
)
_DAY_FIRST: Final = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)? ({_MONTHS})\b")
_DIGIT: Final = re.compile(r"\d")
_DIGITS: Final = re.compile(r"(\d[\d,]*(?:\.\d+)?|\.\d+)([a-z]+|%)?")


def dates_alike(text: str) -> str:
    """Write days of months one way: `the 3rd of march`, `3 march` and `march 3rd` become `march 3`."""
    if not _DIGIT.search(text) or _MONTH_NAMES.isdisjoint(whole_words(text)):
        return text
    text = _DATE.sub(lambda found: f"{found[3] or found[2]} {found[1] or found[4]}", text)
    return _DAY_FIRST.sub(r"\2 \1", text)


def value(piece: str) -> Fraction | None:
    """Read plain digits: `1,000`, `2.50`, `3/4`; anything else is None."""
    try:
        if re.fullmatch(r"\d+/\d+", piece):
            return Fraction(piece)
        if re.fullmatch(r"(\d+|\d{1,3}(,\d{2,3})+)?(\.\d+)?", piece) and piece:
            return Fraction(piece.replace(",", ""))
    except (ValueError, ZeroDivisionError):
        return None
    return None


@lru_cache(2048)
def split(piece: str) -> tuple[str, ...] | None:  # noqa: PLR0911 - one return a kind of number
    """Take a piece with digits apart: `$5` is 5 and dollar, `7am` 7 and am, `10k` 10000, `3rd` an ordinal.

    None: it is a code or a version, and stays as it is.
    """
    if piece[0] in CURRENCIES and (rest := split(piece[1:].strip())):
        return *rest, CURRENCIES[piece[0]]
    if found := re.fullmatch(r"(\d+)(st|nd|rd|th)", piece):
        return (f"#{found[1]}th",)
    if (number := value(piece)) is not None:
        if "/" in piece and number.denominator != int(piece.split("/")[1]):
            return None  # 2/4 is a day or a time in music, and 50/50 no one
        return (_named(piece, number),)
    found = _DIGITS.fullmatch(piece)
    if not found or (number := value(found[1])) is None:
        return None
    unit = found[2] or ""
    if unit == "%":
        return _named(found[1], number), "percent"
    if unit in _SUFFIXES:
        return (name(number * _SUFFIXES[unit]),)
    if unit in UNITS:
        return _named(found[1], number), UNITS[unit]
    return None


def name(number: Fraction | int) -> str:
    """Write a number so that equal ones are written equally."""
    return f"#{number}"


def amount(piece: str, after: str) -> str:
    """Name the amount that a piece of a text says: a quarter is 1/4, 50 before percent 1/2; an ordinal is none, nor is a word."""
    if piece == QUARTER:
        return "#1/4"
    if piece[0] != "#" or len(piece) == 1:
        return ""
    if after == "percent" and (number := value(piece[1:])) is not None:
        return name(number / 100)
    return "" if piece.endswith("th") else piece


def difference(one: Iterable[str], other: Iterable[str]) -> str:
    """List the numbers, by their names, that one side has more often than the other; empty when there are none."""
    left, right = Counter(one), Counter(other)
    return ", ".join(sorted(name.lstrip("#") for name in (left - right) + (right - left)))[:MOST_LISTED]


def _named(digits: str, number: Fraction) -> str:
    """Name what is written in digits. A decimal is not taken for a fraction: 0.75 is seldom a way to write 3/4."""
    decimal = "." in digits and number.denominator != 1
    return f"#{digits.replace(',', '').rstrip('0')}" if decimal else name(number)


def merge(pieces: list[str]) -> list[str]:
    """Join number words: `two hundred and five` becomes `#205`; ordinals become `#3th`, unless they count (`two thirds`)."""
    if _TOLD.isdisjoint(pieces) and "#" not in "".join(pieces):
        return pieces
    found: list[str] = []
    done = 0
    for at in [at for at, piece in enumerate(pieces) if piece in _TOLD or piece[0] == "#"]:
        if at < done:
            continue
        found += pieces[done:at]
        number, done = _words(pieces, at)
        if number is None:
            found.append(_single(pieces[at], pieces[at - 1] if at else ""))
            done = at + 1
        else:
            found.append(name(number))
    return found + pieces[done:]


def _single(piece: str, before: str) -> str:
    if piece in _ORDINALS and not (piece == "second" and before in {"a", "per", "each", "every", "one", "#1"}):
        return f"#{_ORDINALS[piece]}th"
    if piece in _PARTS:
        return name(_PARTS[piece])
    if piece in _MULTIPLES:
        return name(Fraction(_MULTIPLES[piece]))
    return piece


def _words(pieces: list[str], at: int) -> tuple[Fraction | int | None, int]:
    """Read the longest number at a place; one word `one` stays a word: it is more often a pronoun."""
    if pieces[at][0] == "#":
        if at + 1 == len(pieces) or pieces[at + 1] not in _SCALES:
            return None, at
    elif pieces[at] not in _BEGIN:
        return None, at
    total: Fraction | int = 0  # a fraction where it has to be: counting with those takes ten times as long
    current: Fraction | int = 0
    start, last = at, ""
    while at < len(pieces):
        piece = pieces[at]
        if piece in _SMALL and last in {"", "tens", "scale"} and not (last == "tens" and _SMALL[piece] > 9):
            current, last = current + _SMALL[piece], "small"
        elif piece in _TENS and last in {"", "scale"}:
            current, last = current + _TENS[piece], "tens"
        elif piece in _SCALES and (last if piece != "dozen" else not last):
            scaled = (current or 1) * _SCALES[piece]
            total, current = (total, scaled) if _SCALES[piece] == 100 else (total + scaled, 0)
            last = "scale"
        elif (
            piece.startswith("#")
            and not last
            and at + 1 < len(pieces)
            and pieces[at + 1] in _SCALES
            and _scalable(piece, pieces[at + 1])
        ):
            current, last = Fraction(piece[1:]), "digits"
        elif (
            piece == "and"
            and last == "scale"
            and at + 1 < len(pieces)
            and (pieces[at + 1] in _SMALL or pieces[at + 1] in _TENS)
        ):
            pass
        else:
            break
        at += 1
    if not last or (at - start == 1 and pieces[start] == "one"):
        return None, start
    return total + current, at


def _scalable(piece: str, scale: str) -> bool:
    """`2.5 million` is a number; `0.64 hundred` is somebody's riddle, and stays two."""
    odd = "/" in piece or scale == "dozen" or (scale == "hundred" and "." in piece)
    return piece[1:2].isdigit() and not piece.endswith("th") and not odd
