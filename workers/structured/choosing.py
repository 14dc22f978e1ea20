"""Chooses the final answer among the candidates of a reply, by where they stand and what leads to them.

A candidate is strong when it stands alone (it fills a fenced block or its lines) or words like "final" lead to it; it
is weak inside a sentence; it is none after words like "for example". The last strong one counts, else the last weak
one. What was meant as the answer and does not fit hides what stands before it: that was a draft.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from workers.structured.candidates import Candidate

LEAD_CHARS = 120
MOST_CLOSING_CHARS = 200
# The last of these words before a candidate says what it is.
_LEADS: Final = re.compile(
    r"(?P<final>\b(?:final(?:ly)?|answers?|result|conclu\w+|therefore|thus|hence|correct(?:ed|ion|ly)?|revised|fixed|updated"
    r"|actually|rather(?! than)|instead(?! of)|sorry|wait|should be|(?:here|this) is|here's|respuesta|réponse|antwort|ergebnis)\b"
    r"|答案|结果|答え|最终|最終)"
    r"|(?P<draft>\b(?:instead of|rather than|drafts?|first (?:try|attempt|guess|version)|initial(?:ly)?|earlier|previous(?:ly)?"
    r"|wrong|incorrect(?:ly)?|mistaken?(?:ly)?|not(?=\W*\Z)|input|given|original(?:ly)?"
    r"|(?:schema|format|template|structure) (?:is|was|looks?|should|must|has))\b)",
    re.IGNORECASE,
)
# Any of these makes it no answer, whatever else is said.
_SUPPOSED: Final = re.compile(
    r"\b(?:for example|for instance|e\.g|examples?|such as|if|suppose|imagine|had (?:we|i|it)|hypothetical\w*"
    r"|beispiel|ejemplo|exemple)\b|例如",
    re.IGNORECASE,
)
_TAKEN_BACK: Final = re.compile(
    r"[\s`~*_.,;:)\]\u2014\u2013-]*(?:(?:this|that|which|it)?\W{0,2}s?\s*(?:is|was|would be)?\s*"
    r"(?:clearly |obviously |just |only |still )?"
    r"(?:wrong|incorrect|invalid|not (?:right|correct|it|quite|the)"
    r"|(?:an?|my|the|one) (?:first |rough |initial |early |earlier )?(?:example|draft|guess|attempt|try))\b"
    r"|(?:wait|hmm+|oops|no|correction|sorry|scratch that|on second thought)\b)",
    re.IGNORECASE,
)
_AFTER: Final = re.compile(r"[\s*_`~>.!)\]}<]*(?:/?\w{1,20}>\s*)?")
_FENCE: Final = re.compile(r"[ \t>]*(?:`{3,}|~{3,})")
_MARKS: Final = " \t*_`~>#-•:\"'"


@dataclass(frozen=True, slots=True)
class Choice:
    """The candidate that counts, and whether it fits; None where there is none."""

    candidate: Candidate | None = None
    fits: bool = False


def choose(
    text: str,
    found: list[Candidate],
    *,
    fits: Callable[[Candidate], bool],
    meant: Callable[[Candidate], bool],
    only_strong: bool = False,
) -> Choice:
    """Choose what counts as the answer.

    Args:
        text: the reply.
        found: its candidates in order.
        fits: whether a candidate fits the schema.
        meant: whether one that does not fit was meant to.
        only_strong: whether what stands inside a sentence is left alone.
    """
    weak = Choice()
    for at, candidate in reversed(list(enumerate(found))):
        standing = _standing(text, candidate, found[at - 1].end if at else 0)
        if standing == "draft" or (standing == "weak" and (only_strong or weak.candidate is not None)):
            continue
        good = fits(candidate)
        if not good and not meant(candidate):
            continue
        if standing == "strong":
            return Choice(candidate, good)
        weak = Choice(candidate, good)
    return weak


def ends(text: str, candidate: Candidate) -> bool:
    """Whether nothing but closing marks comes after a candidate."""
    rest = text[candidate.end : candidate.end + MOST_CLOSING_CHARS + 1]
    return len(rest) <= MOST_CLOSING_CHARS and _AFTER.fullmatch(rest) is not None


def _standing(text: str, candidate: Candidate, floor: int) -> str:
    """How a candidate stands; what leads to it begins after the candidate before, at `floor`."""
    if _TAKEN_BACK.match(text, candidate.end, candidate.end + LEAD_CHARS):
        return "draft"
    said = _last_sentence(_lead(text, candidate.start, floor))
    if _SUPPOSED.search(said):
        return "draft"
    marks = [mark.lastgroup for mark in _LEADS.finditer(said)]
    if marks:
        return "strong" if marks[-1] == "final" else "draft"
    return "strong" if candidate.fenced or _alone(text, candidate) else "weak"


def _lead(text: str, start: int, floor: int) -> str:
    """What leads to a candidate: its line up to it, or the last line before that says something."""
    before = text[max(floor, start - 2 * LEAD_CHARS) : start].splitlines() or [""]
    if text[max(0, start - 1) : start] == "\n":
        before.append("")
    said = [_bare(line) for line in before[-1:] if not _FENCE.match(line)] + [_bare(line) for line in before[-2::-1]]
    return next((line for line in said if line), "")[-LEAD_CHARS:]


def _bare(line: str) -> str:
    return line.strip(_MARKS)


def _alone(text: str, candidate: Candidate) -> bool:
    """Whether a candidate has its lines to itself."""
    before = text[max(0, candidate.start - LEAD_CHARS) : candidate.start].rpartition("\n")[2]
    after = text[candidate.end : candidate.end + LEAD_CHARS].partition("\n")[0]
    return not _bare(before) and not after.strip(_MARKS + ".")


def _last_sentence(lead: str) -> str:
    return re.split(r"(?<=[.!?;])\s+|[\u3002\uff01\uff1f]", lead.rstrip(".!?; "))[-1]
