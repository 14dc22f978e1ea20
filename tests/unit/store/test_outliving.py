"""What is waited for is read again while Redis is away, as long as there is time."""

from __future__ import annotations

import asyncio

import pytest

from workers.contracts.errors import StoreUnavailable
from workers.store import connection
from workers.store.connection import outliving

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("seconds", "outlives"), [(60.0, True), (0.02, False)])
async def test_it_is_read_until_the_wait_is_over(
    monkeypatch: pytest.MonkeyPatch, seconds: float, *, outlives: bool
) -> None:
    """Then the outage is told."""
    monkeypatch.setattr(connection, "AGAIN_S", 0.01)
    failures = iter([StoreUnavailable("Redis is not available")] * 10)

    async def read() -> str:
        if (failure := next(failures, None)) is not None:
            raise failure
        return "a job"

    reading = outliving(read, asyncio.get_running_loop().time() + seconds)
    if outlives:
        assert await reading == "a job"
    else:
        with pytest.raises(StoreUnavailable):
            await reading
