"""Runs the Lua scripts beside this module, many of one loop in one round trip.

Calls that arrive while a round trip is under way leave together in the next one, so a thousand jobs that end at once
cost a few pipelines and one connection, and a lone call waits for nobody.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections import deque
from importlib import resources
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from workers.contracts.errors import StoreUnavailable
from workers.settings import Settings
from workers.settings.webhooks import WebhookSettings
from workers.store.connection import translated

LUA = resources.files("workers.store") / "lua"
BEFORE_EACH: Final = ("counting", "prelude", "webhooks")
Call = tuple[str, tuple[bytes, ...], asyncio.Future[Any]]
CACHING: Final = frozenset(
    {
        "submit",
        "finish",
        "feedback",
        "serve",
        "join",
        "cache_remove",
        "cache_sweep",
        "check_note",
        "check_due",
        "check_claim",
        "check_settle",
    }
)  # need checking.lua and caching.lua
MOST_TOGETHER: Final = 128  # a pipeline blocks Redis for others: 128 scripts are 2 to 4 ms


def life(seconds: float) -> str:
    """Write a time to live in whole seconds; half a second is one, since Redis deletes at once what has none."""
    return str(max(1, math.ceil(seconds)))


def _of_webhooks(settings: WebhookSettings) -> str:
    """What of the webhooks' settings the step that ends a job must know: largest result, most kept, how long."""
    largest = settings.max_result_bytes if settings.include_result else 0
    return f"{largest},{settings.max_kept},{life(settings.retention_s)}"


def load(name: str) -> str:
    """Read a script with what is put before it."""
    parts = (*BEFORE_EACH, "checking", "caching", name) if name in CACHING else (*BEFORE_EACH, name)
    return "".join(LUA.joinpath(f"{part}.lua").read_text() for part in parts)


class Scripts:
    """The scripts by name, bound to one Redis and one event loop."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._prefix = settings.redis.key_prefix
        kept = settings.reliability
        self._common = (
            str(int(kept.lease_s * 1000)),
            str(int(kept.lost_message_s * 1000)),
            str(kept.event_limit),
            life(kept.retention_s),
            _of_webhooks(settings.webhooks),
            "1" if settings.broker_url else "",
            f"{settings.cache.audit.rate:.9f},{settings.cache.audit.exact_rate:.9f}",
        )
        self._sources: dict[str, tuple[str, str]] = {}
        self._waiting: deque[Call] = deque()
        self._sender: asyncio.Task[None] | None = None

    async def call(self, name: str, *arguments: str) -> Any:
        """Run one script.

        Raises:
            StoreUnavailable: Redis is away; the script may or may not have run, and may be run again.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        # Encoded here, so that text which cannot be fails its own call and not all that leave with it.
        self._waiting.append((name, tuple(argument.encode() for argument in arguments), future))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send())
        return await future

    async def _send(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(MOST_TOGETHER, len(self._waiting)))]
            try:
                replies = await self._round_trip(batch)
            except StoreUnavailable as error:
                batch += self._waiting  # they would only wait for the same, one time limit after the other
                self._waiting.clear()
                replies = [StoreUnavailable(str(error)) for _ in batch]
            except Exception as error:  # noqa: BLE001 - whoever waits for an answer must get one, whatever broke
                replies = [error] * len(batch)
            for (_, _, future), reply in zip(batch, replies, strict=True):
                if future.done():  # its caller was cancelled
                    continue
                if isinstance(reply, Exception):
                    future.set_exception(reply)
                else:
                    future.set_result(reply)

    async def _round_trip(self, batch: list[Call]) -> list[Any]:
        replies = await self._execute(batch)
        unknown = {name for (name, _, _), reply in zip(batch, replies, strict=True) if isinstance(reply, NoScriptError)}
        if not unknown:
            return replies
        with translated():  # a new Redis, or one that was flushed
            for name in unknown:
                await self._redis.script_load(self._source(name)[0])
        again = [call for call, reply in zip(batch, replies, strict=True) if isinstance(reply, NoScriptError)]
        fresh = iter(await self._execute(again))
        return [next(fresh) if isinstance(reply, NoScriptError) else reply for reply in replies]

    async def _execute(self, batch: list[Call]) -> list[Any]:
        with translated():
            pipeline = self._redis.pipeline(transaction=False)
            for name, arguments, _ in batch:
                pipeline.evalsha(self._source(name)[1], 1, self._prefix, *self._common, *arguments)
            replies = await pipeline.execute(raise_on_error=False)
        return [self._translate(reply) for reply in replies]

    @staticmethod
    def _translate(reply: Any) -> Any:
        """Turn an error that is an answer within a pipeline into ours, all but the unknown script."""
        if not isinstance(reply, Exception) or isinstance(reply, NoScriptError):
            return reply
        try:
            with translated():
                raise reply
        except (StoreUnavailable, RedisError) as error:
            return error

    def _source(self, name: str) -> tuple[str, str]:
        """Give a script's text, and the digest by which Redis knows it."""
        if name not in self._sources:
            source = load(name)
            self._sources[name] = (source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())
        return self._sources[name]
