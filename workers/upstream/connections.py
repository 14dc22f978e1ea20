"""The connections to one endpoint: one pool of aiohttp, which costs half the processor time that httpx' did.

A worker process starts hundreds of streams in a second and reads thousands of tokens in one, all on one event loop, so
what a connection costs is what a burst waits for (docs/decisions/0017, `python -m benchmarks.upstream_client`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import httpx

from workers.contracts.upstreams import UpstreamConfig

KEEP_S = 30.0  # an idle connection is kept so long
MOST_HEADER_BYTES = 65_536  # of one line of the response's head


class Connections:
    """Sends requests to one endpoint. Bound to the event loop of its first request."""

    def __init__(self, config: UpstreamConfig) -> None:
        self._url = config.base_url.rstrip("/") + "/chat/completions"
        self._timeout = aiohttp.ClientTimeout(total=None, connect=config.connect_timeout_s)
        self._tls = httpx.create_ssl_context(verify=config.verify_tls)
        self._session: aiohttp.ClientSession | None = None
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
    async def post(self, content: bytes) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request and stream its response; leaving the block closes a connection that was not read to its end.

        Raises:
            aiohttp.ClientError: the connection failed, or what came is no HTTP.
        """
        response = await self._open().post(
            self._url, data=content, headers=self._headers, allow_redirects=False, timeout=self._timeout
        )
        try:
            yield response
        finally:
            response.close()

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # No limit here: the lanes' slots are the limit.
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_S, ssl=self._tls),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                max_line_size=MOST_HEADER_BYTES,
                max_field_size=MOST_HEADER_BYTES,
            )
        return self._session
