"""What a text holds besides its words: names, acronyms, code, quotations, formulas."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_CODE: Final = re.compile(
    r"`[^`]+`|\b[a-z]+(?:[A-Z][a-z0-9]+)+\b|\b\w+_\w+\b|\b\w+\([^)]{0,40}\)|(?<!\w)--?[a-z][\w-]+|\b[\w/]+\.(?:py|js|ts|java|c|cpp|h|json|xml|html|css|sh|sql|csv|txt|exe|dll|yml|yaml)\b"
)
_MAY_BE_CODE: Final = re.compile(r"[a-z][A-Z]|[`_(-]|\.[a-z]")  # each alternative of the above has one of these
_QUOTED: Final = re.compile(r"\"([^\"]{1,200})\"|(?<!\w)'([^']{2,200})'(?!\w)|`([^`]{1,200})`")
_FORMULA: Final = re.compile(
    r"[=<>^{}\\]|\d\s*[+*]\s*[\d(a-z]|[\w)]\s+/\s+[\w(]|\b(?:\d+|\w)\s+-\s+[\w(]|[\w)]\s+-\s+(?:\d|\w\b|\()|(?<!\S)[a-z]\s*[-+*/]\s*(?:\d+|[a-z])(?![^\s?.!,;:])|[)\d]\s*[-+*/]\s*\("
)
_MAY_BE_FORMULA: Final = re.compile(r"[-+*/=<>^{}\\]")
_SYMBOLS: Final = re.compile(r"[-+*/=<>^|\\{}\[\]()!%]")
_CAPITALS: Final = re.compile(r"\b[A-Z]{2,}\b")
_MAY_BE_ACRONYM: Final = re.compile("[A-Z][A-Z]")
NONE: Final[frozenset[str]] = frozenset()  # shared: an empty set of its own takes 216 bytes
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_ENDS: Final = re.compile(r"[.?!:]")


class Marks(NamedTuple):
    """What the guards over letters ask about.

    Attributes:
        acronyms: words in capitals, in a text that is not written in capitals altogether.
        code: identifiers, calls, options, file names and what stands in backticks.
        quoted: what stands between quotes, in small letters.
        symbols: the operators, when there is a formula.
    """

    acronyms: frozenset[str]
    code: tuple[str, ...]
    quoted: tuple[str, ...]
    symbols: str


def marks(plain: str, core: str) -> Marks:
    """Find them in a text as it is written and in its normal form; a text of nothing but words is not searched."""
    inner, bare = _has_inner_capitals(plain), _is_bare(plain)
    return Marks(
        _acronyms(plain) if inner else NONE,
        _code(plain) if inner or not bare else (),
        () if bare else _quoted(core),
        "" if bare else _symbols(core),
    )


def names(plain: str) -> frozenset[str]:
    """Find words with a capital inside a sentence, when the text is written with small letters otherwise."""
    if not _has_inner_capitals(plain):
        return NONE
    parts = [_LETTERS.findall(part) for part in _ENDS.split(plain)]
    capital = {
        word.lower()
        for words in parts
        for word in words[1:]
        if not word.islower() and word[0].isupper() and word != "I"
    }
    # Of all words but a last sentence's first, when it has no mark.
    return frozenset(capital) if 0 < len(capital) < max(2, 0.6 * (sum(map(len, parts)) - bool(parts[-1]))) else NONE


def _has_inner_capitals(plain: str) -> bool:
    """Tell whether there is a capital behind the first letter; `I` is none."""
    return not plain[1:].replace(" I ", " ").islower()


def _is_bare(plain: str) -> bool:
    """Tell whether a text is nothing but letters, digits, blanks and a mark at its end."""
    return plain.rstrip(".?!").replace(" ", "").isalnum()


def _acronyms(plain: str) -> frozenset[str]:
    return frozenset(_CAPITALS.findall(plain)) if _MAY_BE_ACRONYM.search(plain) and plain.upper() != plain else NONE


def _code(plain: str) -> tuple[str, ...]:
    return tuple(_CODE.findall(plain)) if _MAY_BE_CODE.search(plain) else ()


def _quoted(core: str) -> tuple[str, ...]:
    if not ('"' in core or "'" in core or "`" in core):
        return ()
    found = (next(filter(None, groups)) for groups in _QUOTED.findall(core))
    return tuple(" ".join(text.lower().split()).strip(".,!? ") for text in found)


def _symbols(core: str) -> str:
    return "".join(_SYMBOLS.findall(core)) if _MAY_BE_FORMULA.search(core) and _FORMULA.search(core) else ""
