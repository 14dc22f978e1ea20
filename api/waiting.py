"""Long polls: one waits for the end of a job, for its time to be over, or for its caller to go away."""

from __future__ import annotations

import asyncio

from fastapi import Request

from api.problems import Problem
from api.state import State
from workers.contracts.job import Job


async def job_at_its_end(request: Request, state: State, tenant: str, job_id: str, wait_s: float) -> Job | None:
    """Read a job, when it has ended or `wait_s` seconds are over; None when the caller went away before.

    Raises:
        Problem: 422 for a wait beyond the limit, 429 when too many wait already.
        NotFound: the tenant has no such job.
        StoreUnavailable: Redis is away.
    """
    limits = state.settings.api
    if not 0 <= wait_s <= limits.max_wait_s:  # NaN, too
        raise Problem(422, "invalid_request", f"must be from 0 to {limits.max_wait_s:g} seconds", field="wait")
    job = await state.client.get(tenant, job_id)
    if job.terminal or not wait_s:
        return job
    if state.client.waiting >= limits.max_waiters:
        raise Problem(429, "overloaded", "too many wait already; poll without `wait`", headers={"Retry-After": "1"})
    reading = asyncio.ensure_future(state.client.get(tenant, job_id, wait_s=wait_s))
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((reading, leaving), return_when=asyncio.FIRST_COMPLETED)
        return reading.result() if reading.done() else None
    finally:
        leaving.cancel()
        reading.cancel()


async def _left(request: Request) -> None:
    """Return when the caller has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
