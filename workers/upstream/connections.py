"""The connections to one endpoint, in several pools.

A pool of httpcore looks at every connection it has whenever one begins or ends, so that a thousand streams in one pool
cost a thousand times a thousand looks; pools of a few dozen keep that small (benchmarks/upstream_client.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from workers.contracts.upstreams import UpstreamConfig

POOL_SIZE = 32


class Connections:
    """Sends requests to one endpoint over the least busy of its pools."""

    def __init__(self, config: UpstreamConfig, max_in_flight: int) -> None:
        self._config = config
        self._most = -(-max_in_flight // POOL_SIZE)
        self._pools: list[httpx.AsyncHTTPTransport] = []
        self._busy: list[int] = []
        # Made once: each pool would read the trusted certificates anew, 30 ms in which no other call moves.
        self._tls = httpx.create_ssl_context(verify=config.verify_tls, trust_env=False)
        self._url = httpx.URL(config.base_url.rstrip("/") + "/chat/completions")
        self._headers = {
            "accept": "text/event-stream, application/json",
            "accept-encoding": "identity",
            "content-type": "application/json",
            "user-agent": "thinkline",
            **config.headers,
        }
        if config.api_key is not None:
            self._headers["authorization"] = f"Bearer {config.api_key.get_secret_value()}"

    @asynccontextmanager
    async def post(self, content: bytes) -> AsyncIterator[httpx.Response]:
        """Send a request and stream its response; leaving the block closes what was not read.

        Raises:
            httpx.TransportError: the connection failed.
        """
        at = self._least_busy()
        limits = {"connect": self._config.connect_timeout_s, "read": None, "write": 30.0, "pool": None}
        request = httpx.Request(
            "POST", self._url, headers=self._headers, content=content, extensions={"timeout": limits}
        )
        self._busy[at] += 1
        try:
            response = await self._pools[at].handle_async_request(request)
            try:
                yield response
            finally:
                await response.stream.aclose()  # type: ignore[union-attr]
        finally:
            self._busy[at] -= 1

    async def aclose(self) -> None:
        """Close every connection."""
        for pool in self._pools:
            await pool.aclose()

    def _least_busy(self) -> int:
        if not self._pools or (min(self._busy) >= POOL_SIZE // 2 and len(self._pools) < self._most):
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=POOL_SIZE, keepalive_expiry=30)
            self._pools.append(httpx.AsyncHTTPTransport(verify=self._tls, limits=limits, retries=0, trust_env=False))
            self._busy.append(0)
            return len(self._pools) - 1
        return self._busy.index(min(self._busy))
