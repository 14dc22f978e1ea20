"""Takes the final answer out of a reply and validates it; never out of the thinking, never by guessing.

A reply that was cut off at the token limit is never completed: what is missing cannot be known. Repair is tried only
after every strict reading failed, and what it gives must fit the schema like anything else.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import json_repair

from workers.contracts.calls import Ask, Reply, StructuredAnswer
from workers.contracts.errors import StructuredOutputInvalid
from workers.structured.candidates import BLANK, Broken, candidates, fenced, parse
from workers.submission.schema import validator_of

MOST_REPAIRED_CHARS = 100_000  # the library's time grows faster than the text
MOST_PROBLEMS = 10


def extract(reply: Reply, asked: Ask) -> StructuredAnswer:
    """Take the final JSON out of a reply.

    Args:
        reply: a whole reply.
        asked: how it was asked for, with the schema to fit.

    Raises:
        StructuredOutputInvalid: nothing in it fits; its problems name paths and keywords, never values.
    """
    text = (reply.tool_arguments or reply.text).strip(BLANK)
    validator = _compiled(json.dumps(asked.answer_schema))
    problems: tuple[str, ...] = ()
    for value in _opened(candidates(text), asked):
        if isinstance(value, Broken):
            break  # what stands before it is a draft
        found = _problems(validator, value)
        if not found:
            return StructuredAnswer(value)
        problems = problems or found
        if _is_attempt(value, asked.answer_schema):
            break  # the same
    if asked.default_schema and text and not _tries_json(text, asked):
        return StructuredAnswer({"answer": text})
    if reply.truncated:
        raise StructuredOutputInvalid(("the reply was cut off at the token limit", *problems))
    return _repaired(text, validator, asked, problems)


def _repaired(text: str, validator: Any, asked: Ask, problems: tuple[str, ...]) -> StructuredAnswer:
    for broken in _broken(text):
        value = _repair(broken)
        for opened in _opened([value] if value is not None else [], asked):
            found = _problems(validator, opened)
            if not found:
                return StructuredAnswer(opened, repaired=True)
            problems = problems or found
    raise StructuredOutputInvalid(problems or ("the reply holds no JSON",))


def _opened(values: Any, asked: Ask) -> Any:
    """Take an answer out of the property that a tool's arguments wrap it in."""
    wrapped = asked.means == "tool" and asked.answer_schema.get("type") != "object"
    for value in values:
        yield value["value"] if wrapped and isinstance(value, dict) and set(value) == {"value"} else value


def _is_attempt(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value that does not fit was meant to be the answer: it has a property that the schema names."""
    names = schema.get("properties")
    return isinstance(value, dict) and isinstance(names, dict) and not set(names).isdisjoint(value)


def _tries_json(text: str, asked: Ask) -> bool:
    """Whether a reply that fits nothing was meant to be the JSON that was asked for."""
    if asked.means == "text":
        return text.startswith('{"answer"')
    block = fenced(text)
    return text[:1] in "{[" or (block is not None and block.lstrip()[:1] in ("{", "["))


def _broken(text: str) -> list[str]:
    """What is worth repairing: the last fenced block, else from the first opening to the last closing bracket.

    A text that ends before its last bracket was cut off somewhere: to close it would be to guess what is missing.
    """
    block = fenced(text)
    if block is not None and block.lstrip()[:1] in ("{", "["):
        return [block] if block.rstrip()[-1:] in ("}", "]") else []
    starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    end = max(text.rfind("}"), text.rfind("]")) + 1
    return [text[min(starts) : end]] if starts and end > min(starts) else []


def _repair(text: str) -> Any:
    if len(text) > MOST_REPAIRED_CHARS:
        return None
    try:
        value = json_repair.loads(text, skip_json_loads=True)
    except (ValueError, RecursionError, IndexError, TypeError):
        return None
    good, again = parse(json.dumps(value)) if isinstance(value, dict | list) else (False, None)
    return again if good else None


def _problems(validator: Any, value: Any) -> tuple[str, ...]:
    """What does not fit, by path and keyword."""
    try:
        if validator.is_valid(value):
            return ()
        errors = [error for error, _ in zip(validator.iter_errors(value), range(MOST_PROBLEMS), strict=False)]
    except (ValueError, RecursionError, OverflowError):
        return ("$: cannot be checked",)
    return tuple(f"{_path(error.instance_path)}: {_keyword(error)}" for error in errors)


def _path(pieces: list[str | int]) -> str:
    # Property names of the reply are the model's words: only those that look like names are told.
    return "$" + "".join(f"[{piece}]" if isinstance(piece, int) else f".{_name(piece)}" for piece in pieces[:8])


def _name(piece: str) -> str:
    return piece if len(piece) <= 40 and piece.isidentifier() else "?"


def _keyword(error: Any) -> str:
    words = [word for word in error.schema_path if isinstance(word, str)]
    return words[-1] if words else "does not fit"


@lru_cache(maxsize=256)
def _compiled(schema: str) -> Any:
    return validator_of(json.loads(schema))
