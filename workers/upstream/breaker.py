"""The circuit breaker of each model: after several failures calls are not made until a probe succeeds.

The state is shared by all processes; each reads it at most once a second, so that a breaker that another process opened
is seen within that second. A closed breaker costs nothing but a round trip for each failure.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

FRESH_S = 1.0


class SharedState(Protocol):
    """Where the state is kept."""

    async def read(self, model: str) -> float | None:
        """Seconds until a probe may be made; None when closed."""
        ...

    async def probe(self, model: str) -> bool:
        """Whether this caller may make the probe."""
        ...

    async def success(self, model: str) -> None:
        """Close the breaker."""
        ...

    async def failure(self, model: str) -> float | None:
        """Note a failure; like `read` afterwards."""
        ...


@dataclass(slots=True)
class _Copy:
    """What this process knows of one breaker, and since when. Times are the loop's."""

    read_at: float
    open_until: float | None


class CircuitBreaker:
    """Says which models may be called."""

    def __init__(self, state: SharedState) -> None:
        self._state = state
        self._copies: dict[str, _Copy] = {}

    async def allows(self, model: str) -> bool:
        """Whether a call may be made now; a caller that is told so while the breaker is half open is the probe."""
        now = asyncio.get_running_loop().time()
        copy = self._copies.get(model)
        if copy is None or now - copy.read_at > FRESH_S:
            copy = self._note(model, await self._state.read(model))
        if copy.open_until is None:
            return True
        return asyncio.get_running_loop().time() >= copy.open_until and await self._state.probe(model)

    async def success(self, model: str) -> None:
        """Note that a call went well; closes a breaker that was open."""
        copy = self._copies.get(model)
        if copy is not None and copy.open_until is not None:
            await self._state.success(model)
            self._note(model, None)

    async def failure(self, model: str, *, transient: bool) -> None:
        """Note that a call failed; what the caller's own request caused (not `transient`) says nothing of the model."""
        if transient:
            self._note(model, await self._state.failure(model))
        else:
            await self.success(model)

    def _note(self, model: str, opens_in_s: float | None) -> _Copy:
        now = asyncio.get_running_loop().time()
        copy = _Copy(now, None if opens_in_s is None else now + opens_in_s)
        self._copies[model] = copy
        return copy
