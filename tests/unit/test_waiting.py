"""A job that is waited for is read again while Redis is away, as long as there is time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from workers import client
from workers.client import Client
from workers.contracts.errors import StoreUnavailable

pytestmark = pytest.mark.anyio


class Away(Client):
    """A client whose Redis is away for some readings."""

    def __init__(self, readings: int) -> None:
        self.left = readings

    async def _known(self, tenant: str, job_id: str) -> Any:
        if self.left:
            self.left -= 1
            raise StoreUnavailable("Redis is not available")
        return f"{tenant}'s {job_id}"


@pytest.mark.parametrize(("seconds", "outlives"), [(60.0, True), (0.02, False)])
async def test_it_is_read_until_the_wait_is_over(
    monkeypatch: pytest.MonkeyPatch, seconds: float, *, outlives: bool
) -> None:
    """Then the outage is told."""
    monkeypatch.setattr(client, "AGAIN_S", 0.01)
    until = asyncio.get_running_loop().time() + seconds
    reading = Away(10)._known_by(until, "acme", "job_1")
    if outlives:
        assert await reading == "acme's job_1"
    else:
        with pytest.raises(StoreUnavailable):
            await reading
