"""What the router sees in a query beside its embedding: its form, counted.

Every feature is a number that is about 0 for a plain request and at most a few units large: logarithms of counts, and
shares between 0 and 1. Texts of any length cost the same: of a long one the first, the middle and the last characters
are looked at (`sample`), while its length, lines and question marks are counted in the whole. Each pattern below is
linear in what it reads: no repetition stands inside another one, and every repetition has an upper bound or consumes
one class of characters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.routing.lexicon import GROUPS, PHRASES, index

HEAD_CHARS: Final = 2_000
MIDDLE_CHARS: Final = 400
TAIL_CHARS: Final = 1_200
SAMPLE_CHARS: Final = HEAD_CHARS + MIDDLE_CHARS + TAIL_CHARS
OPENING_WORDS: Final = 6
CLIP: Final = 6.0

_WORD = re.compile(r"[a-z]+(?:'[a-z]{1,3})?")
_WORDS = index(GROUPS)
_PHRASES = index(PHRASES, separator="|")

# name -> pattern, counted in the text as it is: log1p of the number of matches
EXACT: Final[dict[str, re.Pattern[str]]] = {
    "LaTeX": re.compile(r"\\[a-zA-Z]{2,20}|\\[\[(]|\$\$"),
    "formulas": re.compile(r"\$[^$\n]{1,120}\$"),
    "equations": re.compile(r"[a-zA-Z0-9)²³] ?[=<>≤≥≠^] ?[-a-zA-Z0-9(√]"),
    "single-letter variables": re.compile(r"(?<![\w'’])[b-hj-zB-HJ-Z](?![\w'’.)])"),
    "arithmetic expressions": re.compile(r"[\d)] ?[-+*/×÷] ?[-\d(]"),
    "mathematical symbols": re.compile(r"[∑∫√∞≤≥≠∈∀∃π∂∇⊂∪∩≡→⇒±·°²³₁₂θαβλμσΔ]"),
    "numbers": re.compile(r"\d[\d,]{0,15}"),
    "money and percentages": re.compile(r"[$€£¥] ?\d|\d ?%"),
    "code fences": re.compile(r"```|\[PYTHON\]|<code>|<\?php|#!/"),
    "calls": re.compile(r"[a-z_]\w{0,40}\([^()\n]{0,80}\)"),
    "identifiers": re.compile(r"\b[a-z]{1,20}_[a-z_]{1,30}|\b[a-z]{2,20}[A-Z][a-zA-Z]{1,30}|\b\w{1,30}\.(?:py|js|ts|cpp|java|html|css|json|xml|yml|yaml|csv|sql|sh|txt)\b"),
    "keywords of code": re.compile(
        r"\b(?:def|return|import|public|private|static|void|const|var|elif|printf?|println|assert|SELECT|FROM|WHERE|JOIN|int|bool|struct|func|fn"
        r"|#include|using namespace|console\.log|self|this\.)(?=[ (.;<:{*])"
    ),
    "brackets of code": re.compile(r"[{};]|=>|->|::|\|\||&&|==|!=|\+=|</"),
    "indented lines": re.compile(r"\n(?: {2,16}|\t)\S"),
    "lettered options": re.compile(r"(?:^|[\s])\(?[A-J][).] ?\S"),
    "listed lines": re.compile(r"\n[ \t]{0,8}(?:[-*•]|\d{1,3}[.)])[ \t]{1,4}\S"),
    "blank lines": re.compile(r"\n[ \t]{0,8}\n"),
    "names": re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{1,15}\b"),
    "enumerations": re.compile(r"\w, (?:and |or )?\w"),
    "table cells": re.compile(r"[|\t]|, \d"),
    "quotations": re.compile(r"[\"“”«»]"),
    "unclosed brackets": re.compile(r"[\[\](){}<>] ?[\[\](){}<>]"),
    "drawing commands": re.compile(r"\b[MLAZCQ] ?-?\d{1,4}(?:\.\d{1,4})?[, ]-?\d"),
}  # fmt: skip
# the same, counted in the text in lower case, which is twice as fast as ignoring case
LOWERED: Final[dict[str, re.Pattern[str]]] = {
    "units": re.compile(r"\d ?(?:km|cm|mm|kg|mg|ml|mph|km/h|m/s|hz|kwh|°c|degrees|meters|metres|feet|inches|miles|minutes|hours)\b"),
    "dates and times": re.compile(r"\d{1,2}[/:.]\d{2}\b|\b(?:19|20)\d\d\b|\b\d{1,2} ?[ap]m\b"),
    "errors quoted": re.compile(r"\b[a-z]\w{0,30}(?:error|exception)\b|traceback|error[: ]|\be\d{3,5}\b|line \d{1,9}"),
    "the word Options": re.compile(r"\b(?:options|choices):|\n- (?:yes|no|true|false|valid|invalid)\b"),
    "truth values": re.compile(r"\b(?:not|and|or) (?:true|false|\()|\b(?:true|false) (?:and|or|is)\b"),
    "moves": re.compile(r"\b(?:take|turn|go|move|walk|step|steps|jump) (?:\d{1,3}|left|right|around|forward|back|up|down)\b|\b\d{1,3} steps?\b"),
    "swaps": re.compile(r"\b(?:swap|trade|switch|exchange)s?\b"),
    "comparisons": re.compile(r"\b(?:more|less|fewer|greater|smaller|older|younger|taller|heavier|faster|larger|higher|better|cheaper|earlier|later)(?: \w{1,15})? than\b"),
    "everyone and none": re.compile(r"\b(?:every|everyone|all|no one|none|nobody|each|any|some|not all|only) (?:of |the |who |is |are )?\w"),
    "conditionals": re.compile(r"\b(?:if|unless|whenever|provided|suppose|assume|given that|such that|so that)\b"),
    "lines of poetry or script": re.compile(r"\b(?:stanza|rhyme|verse|act|chapter|scene)s?\b"),
    "roles given": re.compile(r"\b(?:act as|you are (?:a|an|the)|pretend|imagine|role ?play|your (?:role|task) is|as an? \w{1,20},)"),
    "lengths asked": re.compile(r"\b\d{2,5}[- ]?(?:words?|characters?|paragraphs?|sentences?|lines?|pages?)\b|\b(?:paragraph|sentence|word)s? (?:long|each)\b"),
    "letters as objects": re.compile(r"\b(?:letter|word|string|vowel|consonant|character)s? (?:that|with|in|of|which|begin|end|start)|\b(?:rhymes|anagram|palindrome|spelled|alphabetical)\b"),
    "computing asked": re.compile(r"\b(?:calculate|compute|determine|prove|derive|estimate|solve|integrate|differentiate|simplify|factor|evaluate|optimi[sz]e|maximi[sz]e|minimi[sz]e|verify|find (?:all|the|an?))\b"),
    "building asked": re.compile(r"\b(?:implement|build|develop|code|program|debug|fix|refactor|deploy|configure|set ?up|install|optimi[sz]e|convert|port|automate|parse|scrape)\b"),
    "quantity asked": re.compile(r"\bhow (?:many|much|long|far|fast|old|often|likely)\b"),
    "steps asked": re.compile(r"step[- ]by[- ]step|think (?:carefully|hard|through)|show (?:your|all|the) (?:work|steps|working)|explain your reasoning|be rigorous|justify"),
    "wishes for style": re.compile(r"\b(?:style|tone|detailed|vivid|creative|engaging|humou?r|funny|professional|catchy|persuasive|emotional|original|unique|informal|formal|friendly)\b"),
}  # fmt: skip
COUNTED: Final[dict[str, re.Pattern[str]]] = {**EXACT, **LOWERED}
# name -> pattern, matched against the opening of the request: 1 or 0
OPENINGS: Final[dict[str, re.Pattern[str]]] = {
    "opens with who, when, where, which": re.compile(r"\W{0,8}(?:who|when|where|which|whose|in which|in what|what year)\b", re.IGNORECASE),
    "opens with what": re.compile(r"\W{0,8}(?:what|whats|what's)\b", re.IGNORECASE),
    "opens with how": re.compile(r"\W{0,8}how\b", re.IGNORECASE),
    "opens with why": re.compile(r"\W{0,8}why\b", re.IGNORECASE),
    "opens with a question to decide": re.compile(r"\W{0,8}(?:is|are|was|were|does|do|did|can|could|will|would|should|has|have)\b", re.IGNORECASE),
    "opens with writing": re.compile(r"\W{0,8}(?:please |can you |could you )?(?:write|compose|draft|create|generate|make|tell|give|produce|craft|continue|design)\b", re.IGNORECASE),
    "opens with transforming": re.compile(r"\W{0,8}(?:please |can you |could you )?(?:translate|rewrite|rephrase|paraphrase|summari[sz]e|convert|correct|edit|turn|improve|shorten|proofread|change|reword|extract|list|identify|classify)\b", re.IGNORECASE),
    "opens with explaining": re.compile(r"\W{0,8}(?:please |can you |could you )?(?:explain|describe|define|discuss|outline|introduce|compare|help|suggest|recommend|name)\b", re.IGNORECASE),
    "opens with mathematics": re.compile(r"\W{0,8}(?:let|suppose|find|prove|show|solve|compute|calculate|evaluate|determine|simplify|given|consider|for (?:what|how|which|each|all)|a |an |in |the |there (?:is|are)|each|two|three|four|five|six)\b", re.IGNORECASE),
    "opens with code": re.compile(r"\W{0,8}(?:implement|fix|debug|refactor|optimi[sz]e|import|def|class|function|```|#include|<)", re.IGNORECASE),
    "opens with a role": re.compile(r"\W{0,8}(?:act as|you are|imagine|pretend|i want you to|as an? )", re.IGNORECASE),
    "opens with I or my": re.compile(r"\W{0,8}(?:i|i'm|im|i've|ive|my|we|our)\b", re.IGNORECASE),
    "opens in lower case": re.compile(r"[a-z]"),
}  # fmt: skip
SHAPES: Final = (
    "length in characters",
    "length in words",
    "lines",
    "questions",
    "ends with a question mark",
    "ends without punctuation",
    "sentences",
    "words a sentence",
    "word length",
    "share of digits",
    "share of capitals",
    "share of symbols",
    "share of other scripts",
    "share of different words",
    "share of short words",
    "longest line",
    "words known to the lexicon",
    "names repeated",
)
NAMES: Final[tuple[str, ...]] = (
    *SHAPES,
    *COUNTED,
    *OPENINGS,
    *(f"words: {name}" for name in GROUPS),
    *(f"phrases: {name}" for name in PHRASES),
    *(f"closing words: {name}" for name in GROUPS),
    "instructions are given",
    "instructions ask for steps",
    *(f"instructions: {name}" for name in GROUPS),
)
COUNT: Final = len(NAMES)
CLOSING_WORDS: Final = 30
_CAPITALISED = re.compile(r"\b[A-Z][a-z]{1,15}\b")
_CAPITAL, _DIGIT = re.compile(r"[A-Z]"), re.compile(r"[0-9]")
_OTHER = re.compile(r"[^\x00-\u024f]")
_SYMBOL = re.compile(r"""[^\w\s.,'?!"-]""")
_SENTENCE = re.compile(r"[.!?](?=\s|$)")


def sample(text: str) -> str:
    """Return what is looked at of a text: all of it up to 3,600 characters, else its head, its middle and its tail."""
    if len(text) <= SAMPLE_CHARS:
        return text
    middle = (len(text) - MIDDLE_CHARS) // 2
    return f"{text[:HEAD_CHARS]}\n{text[middle : middle + MIDDLE_CHARS]}\n{text[-TAIL_CHARS:]}"


def features(text: str, instructions: str | None = None) -> NDArray[np.float32]:
    """Count one query; returns COUNT numbers in the order of NAMES."""
    seen = sample(text)
    lowered = seen.lower()
    words = _WORD.findall(lowered)
    found = [
        *_shape(text, seen, words),
        *(math.log1p(len(pattern.findall(seen))) for pattern in EXACT.values()),
        *(math.log1p(len(pattern.findall(lowered))) for pattern in LOWERED.values()),
        *(1.0 if pattern.match(seen) else 0.0 for pattern in OPENINGS.values()),
        *_told(words, _WORDS, len(GROUPS)),
        *_told([f"{one} {two}" for one, two in pairwise(words)], _PHRASES, len(PHRASES)),
        *_told(words[-CLOSING_WORDS:], _WORDS, len(GROUPS)),
        *_instructed(instructions),
    ]
    return np.clip(np.array(found, np.float32), -CLIP, CLIP)


def matrix(queries: Sequence[tuple[str, str | None]]) -> NDArray[np.float32]:
    """Count several (text, instructions); returns an array of shape (number of queries, COUNT)."""
    return np.stack([features(*query) for query in queries]) if queries else np.zeros((0, COUNT), np.float32)


def _instructed(instructions: str | None) -> list[float]:
    if not instructions:
        return [0.0] * (2 + len(GROUPS))
    seen = sample(instructions)
    told = _told(_WORD.findall(seen.lower()), _WORDS, len(GROUPS))
    return [1.0, 1.0 if COUNTED["steps asked"].search(seen.lower()) else 0.0, *told]


def _told(words: Sequence[str], groups: dict[str, tuple[int, ...]], count: int) -> list[float]:
    """Share of the words that stand in each group, as a square root so that the first few count most."""
    found = [0] * count
    for word in words:
        for number in groups.get(word, ()):
            found[number] += 1
    whole = len(words) + 4
    return [math.sqrt(number / whole) * 2 for number in found]


def _shape(text: str, seen: str, words: list[str]) -> list[float]:
    size, count = max(1, len(seen)), max(1, len(words))
    sentences = max(1, len(_SENTENCE.findall(seen)))
    letters = sum(map(len, words))
    capitals, digits, other = (len(pattern.findall(seen)) for pattern in (_CAPITAL, _DIGIT, _OTHER))
    symbols = len(_SYMBOL.findall(seen))
    capitalised = _CAPITALISED.findall(seen)
    bare = seen.rstrip()
    return [
        math.log1p(len(text)) / 2,
        math.log1p(len(words)) / 2,
        math.log1p(text.count("\n")),
        math.log1p(text.count("?")),
        1.0 if bare.endswith("?") else 0.0,
        1.0 if bare and bare[-1].isalnum() else 0.0,
        math.log1p(sentences),
        math.log1p(len(words) / sentences),
        letters / count / 3,
        digits / size * 8,
        capitals / size * 8,
        symbols / size * 8,
        other / size * 2,
        len(set(words)) / count * 2,
        sum(1 for word in words if len(word) <= 3) / count * 2,
        math.log1p(max(map(len, seen.split("\n")))) / 2,
        sum(1 for word in words if word in _WORDS) / count * 2,
        math.log1p(len(capitalised) - len(set(capitalised))),
    ]
