"""One question, taken apart once: its words with what each of them is, and what the guards ask about the whole.

Kinds of words: `number`, `symbol`, `content` (it carries meaning and must be answered by the other side), `function`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from workers.cache.judge import numbers
from workers.cache.judge.kept import Kept
from workers.cache.judge.lexicon import american, is_past, known, lemmas, lexicon
from workers.cache.judge.marks import Marks, marks, names
from workers.cache.judge.normalise import normal, surface
from workers.cache.judge.numbers import QUARTER
from workers.cache.judge.tokens import OPERATORS, is_word, sentences
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

_BREAKS: Final = frozenset(",()\"'-/`")


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
    amounts: tuple[Word, ...]
    marks: Marks
    unknown: int

    @staticmethod
    def of(raw: str) -> Text:
        """Take a text apart; results are kept while there is room for them (workers/cache/judge/kept.py)."""
        return KEPT.of(raw)


def _analyse(raw: str) -> Text:
    plain = surface(raw)
    core = normal(plain)
    words = _words(numbers.dates_alike(core))
    content = tuple(word for word in words if word.kind != "function")
    return Text(
        raw,
        core,
        words,
        content,
        names(plain),
        _amounts(words, content),
        marks(plain, core),
        sum([word.kind == "content" and word.form.isalpha() and not known(word.form) for word in content]),
    )


def _amounts(words: tuple[Word, ...], content: tuple[Word, ...]) -> tuple[Word, ...]:
    """List the words that are amounts, each in the form of its amount."""
    found = []
    for word in [word for word in content if word.kind == "number" or word.form == QUARTER]:
        after = words[word.at + 1].form if word.at + 1 < len(words) else ""
        if form := numbers.amount(word.form, after):
            found.append(word._replace(form=form, kind="number"))
    return tuple(found)


KEPT: Final = Kept(_analyse)


def _words(core: str) -> tuple[Word, ...]:
    words: list[Word] = []
    for sentence, pieces in enumerate(sentences(core)):
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
    if not is_word(piece):
        return "symbol" if piece in OPERATORS else "break"
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
