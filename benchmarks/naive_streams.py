"""What live streams are compared with: a server that opens one Redis connection for each stream and blocks on it.

It reads the same events and does nothing with them but pass them on. `uvicorn benchmarks.naive_streams:app`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")


async def _events(job_id: str) -> AsyncIterator[bytes]:
    key, last = f"tl:job:{job_id}:events", "0"
    redis: Any = Redis.from_url(URL, protocol=2, single_connection_client=True, socket_timeout=None)
    async with redis:
        while True:
            for _, rows in await redis.xread({key: last}, block=15_000) or ():
                for row_id, row in rows:
                    last = row_id.decode()
                    yield b"id: %b\nevent: %b\ndata: %b\n\n" % (row_id, row[b"type"], row[b"data"])


async def stream(request: Request) -> StreamingResponse:
    """Stream a job's events."""
    return StreamingResponse(_events(request.path_params["job_id"]), media_type="text/event-stream")


app = Starlette(routes=[Route("/v1/jobs/{job_id}/events", stream)])
