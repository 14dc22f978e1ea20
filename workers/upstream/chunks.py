"""Reads one chunk of a chat completion: pieces of thinking, answer and tool call, finish reason, usage, error."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from workers.contracts.calls import Delta, ModelSpec
from workers.contracts.errors import (
    StreamBroken,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamUnavailable,
)
from workers.contracts.job import Usage
from workers.upstream.thinking import ThinkingSplitter

_WORD = re.compile(r"^[A-Za-z0-9_.-]{1,40}$")


@dataclass(slots=True)
class ReplyReader:
    """Reads the chunks of one reply in order."""

    splitter: ThinkingSplitter
    finish_reason: str | None = None
    usage: Usage | None = None
    tokens: int = 0
    chars: int = 0
    _deltas: list[Delta] = field(default_factory=list)

    @classmethod
    def of(cls, model: ModelSpec) -> ReplyReader:
        """Begin a reply of a model."""
        return cls(ThinkingSplitter(opens_in_thinking=model.opens_in_thinking))

    def read(self, chunk: Any) -> list[Delta]:
        """Read one chunk.

        Raises:
            UpstreamFailed: it is an error, or no chunk at all.
        """
        if not isinstance(chunk, dict):
            raise StreamBroken("the stream holds something that is no chunk")
        if chunk.get("error"):
            raise error_of(chunk["error"], began=self.tokens > 0)
        if isinstance(chunk.get("usage"), dict):
            self.usage = usage_of(chunk["usage"])
        for choice in chunk.get("choices") or ():
            if isinstance(choice, dict) and choice.get("index", 0) == 0:
                self._choice(choice)
        return self._taken()

    def finish(self) -> list[Delta]:
        """Take what was held back until the end."""
        self._deltas += self.splitter.flush()
        return self._taken()

    def _choice(self, choice: dict[str, Any]) -> None:
        delta = choice.get("delta") or choice.get("message") or {}
        for name in ("reasoning_content", "reasoning"):
            if thought := text_of(delta.get(name)):
                self._deltas.append(Delta("thinking", thought))
                break
        if said := text_of(delta.get("content")):
            self._deltas += self.splitter.feed(said)
        for call in delta.get("tool_calls") or ():
            if arguments := text_of((call.get("function") or {}).get("arguments")):
                self._deltas.append(Delta("tool", arguments))
        if choice.get("finish_reason"):
            self.finish_reason = str(choice["finish_reason"])

    def _taken(self) -> list[Delta]:
        deltas, self._deltas = self._deltas, []
        self.tokens += len(deltas)
        self.chars += sum(len(delta.text) for delta in deltas)
        return deltas


def text_of(value: Any) -> str:
    """Read a text that may come as a string or as a list of parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(str(part.get("text") or "") for part in value if isinstance(part, dict))
    return ""


def usage_of(usage: dict[str, Any]) -> Usage:
    """Read an upstream's usage; what is missing or no number counts as nothing."""
    details = usage.get("completion_tokens_details")
    reasoning = details.get("reasoning_tokens") if isinstance(details, dict) else usage.get("reasoning_tokens")
    return Usage(
        prompt_tokens=_count(usage.get("prompt_tokens")),
        completion_tokens=_count(usage.get("completion_tokens")),
        reasoning_tokens=_count(reasoning),
    )


def error_of(error: Any, *, began: bool) -> UpstreamFailed:
    """Name an error object inside a stream by its short code; its message may echo the prompt and is dropped."""
    code = error_word(error)
    detail = f"the upstream sent an error in its stream ({code})"
    if "rate" in code or code == "429" or "overloaded" in code or "quota" in code:
        return UpstreamRateLimited(detail)
    if "invalid" in code or "authentication" in code or "permission" in code or code in ("400", "401", "403", "404"):
        return UpstreamRejected(detail)
    return StreamBroken(detail) if began else UpstreamUnavailable(detail)


def error_word(error: Any) -> str:
    """Find the short identifier in an error object."""
    if isinstance(error, dict):
        for name in ("code", "type", "status"):
            word = str(error.get(name) or "")
            if _WORD.match(word):
                return word.lower()
    return "no code"


def _count(value: Any) -> int:
    return max(0, value) if isinstance(value, int) and not isinstance(value, bool) else 0
