"""Who is told how jobs ended: a receiver that fails, hangs, cuts and lies, and notes what it took."""

from __future__ import annotations

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from standardwebhooks import Webhook

GOOD = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"
BAD = (
    b"HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    b"HTTP/1.1 503 No\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    b"HTTP/1.1 302 There\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    b"HTTP/1.1 200 O",
    b"220 ready\r\n",
    b"",
)
BAD_SHARE = 0.25
HANG_S = 2.0


class Receiver:
    """What came in: (job, event) -> the ids under which it was taken, and what was told."""

    def __init__(self, seed: int) -> None:
        self.taken: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self.told: dict[tuple[str, str], dict[str, Any]] = {}
        self.requests = 0
        self.unsigned = 0
        self.secret = ""
        self.url = ""
        self._dice = random.Random(seed)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request."""
        try:
            async with asyncio.timeout(30):
                await self._answer(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        body = await reader.readexactly(int(headers["content-length"]))
        self.requests += 1
        event = json.loads(body)
        try:
            Webhook(self.secret).verify(body, headers)
        except Exception:  # noqa: BLE001 - whatever the package says of it, this is not signed by us
            self.unsigned += 1
        good = self._dice.random() >= BAD_SHARE
        reply = GOOD if good else self._dice.choice(BAD)
        if not reply:
            await asyncio.sleep(HANG_S)
        writer.write(reply)
        await writer.drain()
        if good:
            name = (event["data"]["id"], event["type"])
            self.taken[name].add(headers["webhook-id"])
            self.told[name] = event["data"]


@asynccontextmanager
async def receiving(seed: int) -> AsyncIterator[Receiver]:
    """Listen on a free port of this machine."""
    receiver = Receiver(seed)
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0, backlog=512)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    async with server:
        yield receiver
