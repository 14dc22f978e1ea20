"""What the answer stage needs from others: Protocols that the adapters fit without knowing of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from workers.contracts.caching import Kept
from workers.contracts.calls import Ask, Delta, End, ModelCall, ModelSpec, Reply, StructuredAnswer
from workers.contracts.job import Expected
from workers.contracts.request import JobRequest
from workers.store.record import Claim


class Upstream(Protocol):
    """Runs models."""

    def stream(self, call: ModelCall) -> AsyncIterator[Delta | End]:
        """Stream one reply: pieces, then exactly one End; raises AttemptFailed."""
        ...


class Structure(Protocol):
    """Asks for structured answers and reads them."""

    def ask(self, request: JobRequest, model: ModelSpec) -> Ask:
        """Say how to ask this model for this answer."""
        ...

    def extract(self, reply: Reply, asked: Ask) -> StructuredAnswer:
        """Take the final JSON out of a reply; raises StructuredOutputInvalid."""
        ...

    def reshape(self, reply: Reply, asked: Ask, model: ModelSpec, problems: tuple[str, ...]) -> Ask:
        """Say how to ask another model to bring a reply into the wanted shape."""
        ...


class Breaker(Protocol):
    """Knows which models are down."""

    async def allows(self, model: str) -> bool:
        """Whether a call may be made now."""
        ...

    async def success(self, model: str) -> None:
        """Note that a call went well."""
        ...

    async def failure(self, model: str, *, transient: bool) -> None:
        """Note that a call failed."""
        ...


class Keeping(Protocol):
    """Knows which answers may be given again, and for how long."""

    def rule(self, claim: Claim, reply: Reply, answer: StructuredAnswer, size_bytes: int) -> Kept | None:
        """Name the rule for an answer; None when its job has nothing to do with the cache."""
        ...


class Expectations(Protocol):
    """Knows how long answers take."""

    async def expected(self, task_type: str, model: str, prompt_chars: int) -> Expected:
        """Tell how long an answer of this task type by this model to a prompt of this size is likely to take."""
        ...
