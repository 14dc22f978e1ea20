"""Gathers a streamed reply while its progress is told, and keeps count of what the attempt cost."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

from workers.contracts.calls import Delta, End, ModelSpec, Reply
from workers.contracts.job import Usage
from workers.stages.lease import Live
from workers.store.record import Claim

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

CHARS_A_TOKEN = 4  # the usual rule of thumb, used only where an upstream reports no usage


class Tally:
    """What one attempt used so far: time, tokens, money, and the thinking that a fallback may be given."""

    def __init__(self, claim: Claim) -> None:
        self.job_id = claim.job_id
        self.began = time.monotonic()
        self.model: ModelSpec | None = None
        self.served_by: str = ""
        self.first_token_s: float | None = None
        self.thinking = ""
        self.raw_text: str | None = None
        self.usage = Usage()
        self.cost_usd = 0.0
        self._prompt_chars = sum(len(turn.content) for turn in claim.request.messages)
        self._pending = 0  # tokens streamed by the call under way
        self._pending_model: ModelSpec | None = None

    @property
    def elapsed_s(self) -> float:
        """Seconds since the claim."""
        return time.monotonic() - self.began

    @property
    def prompt_chars(self) -> int:
        """Size of the prompt, for the failure log."""
        return self._prompt_chars

    def begin(self, model: ModelSpec) -> None:
        """Note which model the attempt asks."""
        self.model = self._pending_model = model

    def reshape(self, model: ModelSpec) -> None:
        """Note which model is asked to bring the reply into shape."""
        self._pending_model = model

    def piece(self) -> None:
        """Count a streamed token, and the time of the first."""
        self._pending += 1
        if self.first_token_s is None:
            self.first_token_s = self.elapsed_s

    def close(self, reported: Usage | None) -> None:
        """Account for a call that ended: by the upstream's usage, else by an estimate of what was streamed."""
        if self._pending_model is None:
            return
        usage = reported
        if usage is None or not (usage.prompt_tokens or usage.completion_tokens):
            if reported is None and not self._pending:
                return  # nothing came, so nothing is known to be paid
            usage = Usage(
                prompt_tokens=self._prompt_chars // CHARS_A_TOKEN, completion_tokens=self._pending, estimated=True
            )
        self.usage += usage
        self.cost_usd += self._pending_model.cost_usd(usage)
        self._pending = 0


async def collect(stream: AsyncIterator[Delta | End], live: Live, tally: Tally) -> Reply:
    """Gather a stream into a Reply; the stream is closed, and with it the connection, however this ends."""
    parts: dict[str, list[str]] = {"thinking": [], "answer": [], "tool": []}
    end: End | None = None
    try:
        async with aclosing(cast("AsyncGenerator[Delta | End]", stream)) as pieces:
            async for piece in pieces:
                if isinstance(piece, End):
                    end = piece
                    continue
                tally.piece()
                parts[piece.kind].append(piece.text)
                if piece.kind == "thinking":
                    live.thought(piece.text)
                else:
                    live.said(piece.text)
    finally:
        tally.thinking = "".join(parts["thinking"])
        tally.close(end.usage if end else None)
    return Reply(
        text="".join(parts["answer"]),
        thinking=tally.thinking,
        tool_arguments="".join(parts["tool"]) or None,
        finish_reason=end.finish_reason if end else None,
        usage=end.usage if end else Usage(),
    )
