"""Counts the requests of this process, and adds them to those of all processes every few seconds.

A request costs two entries in a dict here. What a killed process had counted since its last report is lost; what happens
to jobs is counted with the jobs (workers/store/lua/counting.lua) and is not.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from bisect import bisect_left
from collections import Counter
from contextlib import suppress

from starlette.types import Scope

from workers.client import Client
from workers.contracts.errors import StoreUnavailable
from workers.contracts.metrics import BOUNDS_S, Face

EVERY_S = 5.0
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})  # HEAD is answered as GET
BUCKETS = (*(str(round(bound_s * 1000)) for bound_s in BOUNDS_S), "inf")


class Measures:
    """What this process counted and has not told yet: fields of the hash of counters, as counting.lua writes them."""

    def __init__(self) -> None:
        self.process = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self._counts: Counter[str] = Counter()

    def note(self, scope: Scope, status: int, took_s: float) -> None:
        """Count a request whose answer begins.

        Args:
            scope: the request's, after its route was found.
            status: of the answer.
            took_s: since the request came in.
        """
        method = scope["method"] if scope["method"] in METHODS else "other"
        route = getattr(scope.get("route"), "path", "none")  # the template: an address has ids in it
        self._counts[f"http|{method}|{status}|{route}"] += 1
        if b"wait=" not in scope.get("query_string", b""):
            name = f"http_s|{method}|{route}"
            self._counts[f"{name}|{BUCKETS[bisect_left(BOUNDS_S, took_s)]}"] += 1
            self._counts[f"{name}|sum"] += round(took_s * 1000)

    async def tell(self, client: Client) -> None:
        """Add what was counted to the counts of all processes.

        Raises:
            StoreUnavailable: Redis is away; it is told the next time.
        """
        counts, self._counts = self._counts, Counter()
        try:
            await client.metrics.report(self.process, counts, Face(client.following, client.waiting))
        except StoreUnavailable:
            self._counts.update(counts)
            raise

    async def tell_for_ever(self, client: Client) -> None:
        """Do so every few seconds until cancelled."""
        while True:
            with suppress(StoreUnavailable):  # whoever asks for something hears it
                await self.tell(client)
            await asyncio.sleep(EVERY_S)

    async def leave(self, client: Client) -> None:
        """Tell the rest, and that this process is gone."""
        with suppress(StoreUnavailable):
            await self.tell(client)
            await client.metrics.leave(self.process)
