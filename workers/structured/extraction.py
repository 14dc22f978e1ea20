"""Takes the final answer out of a reply and validates it; never out of the thinking, never by guessing.

JSON that ends before its last bracket is never completed: what is missing cannot be known. In a reply that was cut off
at the token limit no draft is taken either: only JSON with which it ends counts. Repair is tried only after strict
reading failed, and what it gives must fit like anything else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from workers.contracts.calls import Ask, Reply, StructuredAnswer
from workers.contracts.errors import StructuredOutputInvalid
from workers.structured.candidates import Candidate, candidates
from workers.structured.choosing import choose, ends
from workers.structured.fences import Tangled
from workers.structured.fitting import Fitting, fitting
from workers.structured.parsing import BLANK, NotJson, read
from workers.structured.repairing import repaired
from workers.structured.wrapping import unwrapped

CUT_OFF = "the reply was cut off at the token limit"
NO_JSON = "the reply holds no JSON"
TOO_TANGLED = "the reply has too many brackets to be read"
BROKEN = "$: the JSON is broken"
MOST_NAMED_CHARS = 4_000  # of a broken value, in which a name of the schema is looked for
_OPENS_FENCE = re.compile(r"\s*(?:(?:`{3,}|~{3,})[ \t]*\w*\s*)?")


def extract(reply: Reply, asked: Ask) -> StructuredAnswer:
    """Take the final JSON out of a reply.

    Args:
        reply: a whole reply.
        asked: how it was asked for, with the schema to fit.

    Raises:
        StructuredOutputInvalid: nothing in it fits; its problems name paths and keywords, never values.
    """
    reading = _Reading(asked, fitting(asked.answer_schema), reply.finish_reason)
    problems: tuple[str, ...] = ()
    for text in (reply.tool_arguments, reply.text):
        if text and text.strip(BLANK):
            try:
                return reading.of(_whole_characters(text.strip(BLANK)))
            except StructuredOutputInvalid as error:
                problems = problems or error.problems
    raise StructuredOutputInvalid(problems or (NO_JSON,))


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the texts of one reply are read; the steps in the order in which they are tried."""

    asked: Ask
    schema: Fitting
    finish_reason: str | None

    def of(self, text: str) -> StructuredAnswer:
        try:
            value = read(text)
        except NotJson:
            return self._verbose(text)
        return self._whole(text, value)

    def _whole(self, text: str, value: Any) -> StructuredAnswer:
        """The text is one JSON value."""
        for meaning in self._meanings(value):
            if not self.schema.problems(meaning, text):
                if self._cut and isinstance(value, int | float):
                    break  # more digits may have followed
                return StructuredAnswer(meaning)
        if self.asked.default_schema and not self._asked_for(Candidate(0, len(text), value), text):
            return StructuredAnswer({"answer": value if isinstance(value, str) and not self._unasked else text})
        problems = self.schema.problems(value, text)
        raise StructuredOutputInvalid((CUT_OFF, *problems) if self._cut else problems)

    def _verbose(self, text: str) -> StructuredAnswer:
        """The answer stands somewhere in the text."""
        try:
            found = candidates(text)
        except Tangled:
            return self._words(text, TOO_TANGLED)
        if self._unasked:
            found = [one for one in found if _fills(text, one)]
        choice = choose(
            text, found, fits=lambda one: bool(self._fit(text, one)), meant=lambda one: self._asked_for(one, text),
            only_strong=self.asked.default_schema,
        )  # fmt: skip
        if choice.candidate is None:
            return self._words(text, CUT_OFF if self._cut else NO_JSON)
        if self._cut and not (choice.fits and ends(text, choice.candidate)):
            raise StructuredOutputInvalid((CUT_OFF,))
        if choice.fits:
            return StructuredAnswer(self._fit(text, choice.candidate)[0])
        return self._mended(text, choice.candidate)

    def _words(self, text: str, problem: str) -> StructuredAnswer:
        """The text holds no JSON: words are an answer only where nothing else was asked for."""
        if self.asked.default_schema:
            return StructuredAnswer({"answer": text})
        raise StructuredOutputInvalid((problem,))

    def _mended(self, text: str, candidate: Candidate) -> StructuredAnswer:
        """What was meant as the answer does not fit: if it is broken, repair it."""
        broken = text[candidate.start : candidate.end].strip(BLANK)
        if candidate.whole:
            raise StructuredOutputInvalid(self.schema.problems(candidate.value, broken))
        if not candidate.closed:
            raise StructuredOutputInvalid((f"{BROKEN}: it is cut off",))
        try:
            value = repaired(broken)
        except NotJson:
            raise StructuredOutputInvalid((BROKEN,)) from None
        for meaning in self._meanings(value):
            if not self.schema.problems(meaning, broken):
                return StructuredAnswer(meaning, repaired=True)
        raise StructuredOutputInvalid((BROKEN, *self.schema.problems(value, broken)))

    def _fit(self, text: str, candidate: Candidate) -> list[Any]:
        """The value of a candidate in a list of its own, as far as it fits."""
        if not candidate.whole:
            return []
        stretch = text[candidate.start : candidate.end]
        return [value for value in self._meanings(candidate.value) if not self.schema.problems(value, stretch)][:1]

    def _meanings(self, value: Any) -> list[Any]:
        """What a value may stand for: itself, the JSON that a string holds, what a wrapper wraps."""
        if isinstance(value, str):
            try:
                inner = read(value)
            except NotJson:
                return [value]
            return [value, inner] if isinstance(inner, dict | list) else [value]
        return [value] if unwrapped(value) is value else [value, unwrapped(value)]

    def _asked_for(self, candidate: Candidate, text: str) -> bool:
        """Whether what does not fit was meant to: a property of the schema is in it."""
        if not candidate.whole:
            stretch = text[candidate.start : min(candidate.end, candidate.start + MOST_NAMED_CHARS)]
            return not self.schema.names or any(name in stretch for name in self.schema.names)
        if isinstance(candidate.value, dict):
            return not self._unasked if not self.schema.names else not self.schema.names.isdisjoint(candidate.value)
        return isinstance(candidate.value, list) and self.asked.answer_schema.get("type") == "array"

    @property
    def _cut(self) -> bool:
        return self.finish_reason == "length"

    @property
    def _unasked(self) -> bool:
        """Whether the model was asked for no JSON at all."""
        return self.asked.default_schema and self.asked.means == "text"


def _whole_characters(text: str) -> str:
    """Join the halves of characters that came in two chunks; a half that stays alone becomes the replacement mark."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _fills(text: str, candidate: Candidate) -> bool:
    """Whether a text is one candidate, perhaps in a fence."""
    return _OPENS_FENCE.fullmatch(text, 0, candidate.start) is not None and ends(text, candidate)
