"""Gathers the texts of many jobs into one pass of the encoder: a pass of 32 costs a third of 32 passes of one.

While a pass runs, what comes in waits for the next one; a lone text waits for `wait_s` at the most. The pass runs in a
thread of its own, so that heartbeats go on meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vector]


class BatchedEncoder:
    """The encoder of one event loop.

    Args:
        embed: encodes texts, one row each; runs in a thread, one call at a time.
        most: texts in one pass.
        wait_s: how long a first text waits for others, in seconds.
    """

    def __init__(self, embed: Embed, *, most: int, wait_s: float) -> None:
        self._embed = embed
        self._most = most
        self._wait_s = wait_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="thinkline-encoder")
        self._waiting: deque[tuple[str, asyncio.Future[Vector]]] = deque()
        self._full = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None

    async def embed(self, text: str) -> Vector:
        """Encode one text together with whatever else waits; returns an array of shape (dimensions,)."""
        future: asyncio.Future[Vector] = asyncio.get_running_loop().create_future()
        self._waiting.append((text, future))
        if len(self._waiting) >= self._most:
            self._full.set()
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send())
        return await future

    def close(self) -> None:
        """Let the thread end after its pass."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _send(self) -> None:
        await self._gather()
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            self._full.clear()
            texts = [text for text, _ in batch]
            try:
                rows: Any = await asyncio.get_running_loop().run_in_executor(self._thread, self._embed, texts)
            except Exception as error:  # noqa: BLE001 - whoever waits for a vector must get an answer, whatever broke
                rows = [error] * len(batch)
            for (_, future), row in zip(batch, rows, strict=True):
                if future.done():  # its caller was cancelled
                    continue
                if isinstance(row, Exception):
                    future.set_exception(row)
                else:
                    future.set_result(row)

    async def _gather(self) -> None:
        """Give others the chance to come along."""
        if self._wait_s and len(self._waiting) < self._most:
            try:
                await asyncio.wait_for(self._full.wait(), self._wait_s)
            except TimeoutError:
                return
