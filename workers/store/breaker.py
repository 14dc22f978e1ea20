"""Where the circuit breakers' state is kept, so that all processes share it."""

from __future__ import annotations

import secrets

from workers.settings import BreakerSettings
from workers.store.scripts import Scripts

PROBE_S = 60.0  # a prober that died is forgotten after that


class BreakerStore:
    """The state of every model's breaker."""

    def __init__(self, scripts: Scripts, settings: BreakerSettings) -> None:
        self._call = scripts.call
        self._limits = (
            str(settings.failures), str(int(settings.window_s * 1000)), str(int(settings.open_s * 1000)),
            str(int(PROBE_S * 1000)),
        )  # fmt: skip

    async def read(self, model: str) -> float | None:
        """Read how many seconds until a probe may be made; None when the breaker is closed."""
        return _seconds(await self._call("breaker", "read", model, *self._limits, ""))

    async def probe(self, model: str) -> bool:
        """Ask to be the one that tries; whether this caller may."""
        return bool(await self._call("breaker", "probe", model, *self._limits, ""))

    async def success(self, model: str) -> None:
        """Close the breaker."""
        await self._call("breaker", "success", model, *self._limits, "")

    async def failure(self, model: str) -> float | None:
        """Note a failure; like `read` afterwards."""
        return _seconds(await self._call("breaker", "failure", model, *self._limits, secrets.token_hex(8)))


def _seconds(ms: int) -> float | None:
    return None if ms < 0 else ms / 1000
