"""One question, taken apart once: its words with what each of them is, and what the guards ask about the whole.

Kinds of words: `number`, `symbol`, `content` (it carries meaning and must be answered by the other side), `function`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from workers.cache.judge import numbers
from workers.cache.judge.kept import Kept
from workers.cache.judge.lexicon import american, is_past, known, lemmas, lexicon
from workers.cache.judge.normalise import normal, surface
from workers.cache.judge.words import (
    AUXILIARIES,
    CONJUNCTIONS,
    DEMONSTRATIVES,
    FILLERS,
    MODALS,
    NEGATORS,
    PERSONS,
    PREPOSITIONS,
    QUANTIFIERS,
    QUESTIONS,
)

# The first alternative finds nothing that a later one would not: it is how most words end, so that the rest is seldom tried.
_TOKEN: Final = re.compile(
    r"""[a-z]++(?!\S)|https?://\S+|www\.\S+
    |[$€£¥₹]\s?\d[\d,]*(?:\.\d+)?[a-z]*
    |\d+(?:[:/.-]\d+){2,}|\d{1,2}:\d{2}|\d+/\d+
    |v?\d[\d,]*(?:\.\d+)*\s?%|\.\d+
    |[a-z]\+\+|[a-z]\#|\.net\b
    |[^\W\d_]{1,3}&[^\W\d_]{1,3}
    |[^\W_]+(?:_[^\W_]+)*_(?![^\W_])
    |[^\W_]+(?:[._][^\W_]+)+|\d[\d,]*\d(?![^\W_])|[^\W_]+|_+
    |[.?!;:]+(?=\s|$)|[,()"]|[^\w\s]""",
    re.VERBOSE,
)
_BLANK_INSIDE: Final = re.compile(r"[$€£¥₹]\s|\s%")
_SENTENCE_END: Final = frozenset(".?!;:")
_BREAKS: Final = frozenset(",()\"'-/`")
_OPERATORS: Final = frozenset("+*=<>^%&|@#~\\{}[]$€£")
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


class Word(NamedTuple):
    """One word: its form (lower case, American), kind, place among all words, sentence, and the preposition before it."""

    form: str
    kind: str
    at: int
    sentence: int
    role: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A question, ready to be compared. Make it with `Text.of`."""

    raw: str
    core: str
    words: tuple[Word, ...]
    content: tuple[Word, ...]
    names: frozenset[str]
    acronyms: frozenset[str]
    code: tuple[str, ...]
    quoted: tuple[str, ...]
    symbols: str
    unknown: int
    amounts: tuple[Word, ...]

    @staticmethod
    def of(raw: str) -> Text:
        """Take a text apart; results are kept while there is room for them (workers/cache/judge/kept.py)."""
        return KEPT.of(raw)


def _analyse(raw: str) -> Text:
    plain = surface(raw)
    core = normal(plain)
    words = _words(numbers.dates_alike(core))
    content = tuple(word for word in words if word.kind != "function")
    is_plain = plain.rstrip(".?!").replace(" ", "").isalnum()
    has_capitals = not plain[1:].replace(" I ", " ").islower()  # behind its first letter
    return Text(
        raw=raw,
        core=core,
        words=words,
        content=content,
        names=_names(plain) if has_capitals else NONE,
        acronyms=_acronyms(plain) if has_capitals else NONE,
        code=tuple(_CODE.findall(plain)) if (has_capitals or not is_plain) and _MAY_BE_CODE.search(plain) else (),
        quoted=() if is_plain else _quoted(core),
        symbols="" if is_plain or not _MAY_BE_FORMULA.search(core) else _symbols(core),
        amounts=_amounts(words, content),
        unknown=sum(word.kind == "content" and not known(word.form) and word.form.isalpha() for word in content),
    )


def _amounts(words: tuple[Word, ...], content: tuple[Word, ...]) -> tuple[Word, ...]:
    """List the numbers that count: a quarter is 1/4, 50 percent is 1/2, and ordinals only put things in order."""
    found = []
    for word in [word for word in content if word.kind == "number" or word.form == "quarter"]:
        after = words[word.at + 1].form if word.at + 1 < len(words) else ""
        if word.form == "quarter":
            found.append(word._replace(form="#1/4", kind="number"))
        elif after == "percent" and (number := numbers.value(word.form[1:])) is not None:
            found.append(word._replace(form=numbers.name(number / 100)))
        elif not word.form.endswith("th"):
            found.append(word)
    return tuple(found)


def _acronyms(plain: str) -> frozenset[str]:
    return frozenset(_CAPITALS.findall(plain)) if _MAY_BE_ACRONYM.search(plain) and plain.upper() != plain else NONE


def _symbols(core: str) -> str:
    return "".join(_SYMBOLS.findall(core)) if _FORMULA.search(core) else ""


def _quoted(core: str) -> tuple[str, ...]:
    if not ('"' in core or "'" in core or "`" in core):
        return ()
    found = (next(filter(None, groups)) for groups in _QUOTED.findall(core))
    return tuple(" ".join(text.lower().split()).strip(".,!? ") for text in found)


KEPT: Final = Kept(_analyse)


_LETTERS: Final = re.compile(r"[^\W\d_]+")
_ENDS: Final = re.compile(r"[.?!:]")


def _names(plain: str) -> frozenset[str]:
    """Find words with a capital inside a sentence, when the text is written with small letters otherwise."""
    if plain.islower():
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


def _sentences(core: str) -> list[list[str]]:
    """Cut a text into sentences of words, numbers and marks; none but the last is empty."""
    last: list[str] = []
    found = [last]
    for chunk in (core,) if _has_blank_inside(core) else core.split():
        if chunk.isalpha():  # mostly, and then it is one word
            last.append(chunk)
            continue
        for piece in _TOKEN.findall(chunk):
            if piece.isalpha():
                last.append(piece)
            elif piece[0] in _SENTENCE_END and not piece.strip(".?!;:"):
                if last:
                    last = []
                    found.append(last)
            elif any(map(str.isdigit, piece)) and (parts := numbers.split(piece)):
                last.extend(parts)
            else:
                last.append(piece)
    return found


def _has_blank_inside(core: str) -> bool:
    """Tell whether a blank may be a part of a token."""
    return ("$" in core or "%" in core or not core.isascii()) and _BLANK_INSIDE.search(core) is not None


def _words(core: str) -> tuple[Word, ...]:
    words: list[Word] = []
    for sentence, pieces in enumerate(_sentences(core)):
        _sentence(numbers.merge(pieces), sentence, words)
    return tuple(words)


_new: Final = tuple.__new__  # what Word(...) comes to, in half the time


def _sentence(pieces: list[str], sentence: int, words: list[Word]) -> None:
    role = ""
    between = False
    helped = False  # an auxiliary came before: the next `do` is a verb of its own
    for at, piece in enumerate(pieces):
        if piece.isalpha() and piece not in _SPECIAL:
            words.append(_new(Word, (american(piece), "content", len(words), sentence, role)))
            role = ""
            continue
        if piece in _PLAIN:
            words.append(_new(Word, (piece, "function", len(words), sentence, "")))
            continue
        following = _following(pieces, at + 1)
        kind = _kind(piece, following, helped=helped)
        if at and _noun_here(piece, pieces[at - 1]):
            kind = "content"
        if kind == "break":
            role = ""
            continue
        if (
            piece in {"which", "who", "that"}
            and words
            and words[-1].kind == "content"
            and words[-1].sentence == sentence
        ):
            continue  # people who, things which: not a question
        if piece in PREPOSITIONS and kind == "function":
            role = "" if _purpose(piece, following) else piece
            between = between or piece == "between"
            if _stranded(following):
                kind = "content"
                role = ""
        if between and piece in {"and", "or"}:
            role = "between"
        helped = helped or piece in MODALS or piece in {"do", "does", "did", "to"}
        form = american(piece) if kind == "content" else piece
        words.append(Word(form, kind, len(words), sentence, role if kind != "function" else ""))
        if kind != "function":
            role = ""


def _following(pieces: list[str], at: int) -> str:
    """Give the first piece from a place on that is a word or an operator; empty when there is none."""
    while at < len(pieces):
        if pieces[at] not in _BREAKS:
            return pieces[at]
        at += 1
    return ""


def _noun_here(piece: str, before: str) -> bool:
    """Tell whether an auxiliary is a word of its own: 7 am, a can, to be."""
    if piece == "am":
        return before.startswith("#")
    if piece == "be":
        return before == "to"
    return before in {"a", "an"} and (piece in MODALS or piece in AUXILIARIES)


def _purpose(piece: str, following: str) -> bool:
    """Tell whether a `to` or `for` only leads to a verb: to learn, for learning, by learning."""
    if piece == "to":
        return "v" in lexicon().parts.get(following, "")
    return (
        piece in {"for", "by", "via"}
        and following.endswith("ing")
        and "v" in lexicon().parts.get(max(lemmas(following) - {following}, default=""), "")
    )


def _stranded(following: str) -> bool:
    return not following or following in {"and", "or", "when", "if", "because", "but", "is", "are", "was", "were", "to"}


def _kind(piece: str, following: str, *, helped: bool) -> str:
    if piece.startswith("#") and len(piece) > 1:
        return "number"
    if not piece.isalnum() and not any(map(str.isalnum, piece)):
        return "symbol" if piece in _OPERATORS else "break"
    if piece in {"do", "done", "doing"} and (piece != "do" or helped) and following != "not":
        return "content"
    if piece in {"have", "has", "had", "having"}:
        return "function" if is_past(following) or following in _AFTER_HAVE else "content"
    return "function" if piece in _LITTLE else "content"


_AFTER_HAVE: Final = frozenset({"been", "you", "i", "we", "they", "not", "ever", "never", "already", "just", "always"})
_LITTLE: Final = frozenset({"and"}).union(
    AUXILIARIES, FILLERS, NEGATORS, QUANTIFIERS, QUESTIONS, MODALS, PERSONS, PREPOSITIONS, CONJUNCTIONS, DEMONSTRATIVES
) - {"like", "used"}


_SPECIAL: Final = _LITTLE.union(
    MODALS, AUXILIARIES, PREPOSITIONS, {"done", "doing", "which", "who", "that", "or"}
)  # all that `_sentence` treats in a way of its own


# Little words of one kind wherever they stand.
_PLAIN: Final = _LITTLE.difference(
    MODALS, AUXILIARIES, PREPOSITIONS, {"do", "does", "did", "done", "doing", "to", "have", "has", "had", "having", "which", "who"},
    {"that", "and", "or", "be", "am"},
)  # fmt: skip


def forms(word: Word) -> frozenset[str]:
    """What a word may be a form of; numbers and symbols are only themselves."""
    return lemmas(word.form) if word.kind == "content" else frozenset({word.form})
