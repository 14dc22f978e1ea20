"""What the router leaves in Redis: who decides with what, counts of decisions, and a candidate's differences.

Keys: `router:workers` (hash: worker -> JSON), `router:decisions` (hash: `lane|task type` -> count),
`router:shadow:ARTEFACT` (hash: `all`, `agreed`, `to_reasoning`, `to_standard`, `type|TASK TYPE` -> count),
`router:shadows` (set of artefacts). Counts hold no text of any query, and are shared by all tenants.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis

from workers.contracts.routing import LateShare, RouteCount, RouterStatus, RouterWorker, ShadowReport
from workers.settings import Settings
from workers.store.connection import translated
from workers.store.reading import FADE_MS

PRESENT_S = 15.0  # a worker that did not say so for as long does not decide any more


class RouterStore:
    """Writes and reads the router's traces."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis: Any = redis
        self._prefix = settings.redis.key_prefix

    async def note(
        self, worker: RouterWorker, decisions: Mapping[str, int], shadow: Mapping[str, int], *, now_s: float
    ) -> None:
        """Say what a worker decides with, and add what it decided since it said so last.

        Args:
            worker: what it decides with.
            decisions: `lane|task type` -> count.
            shadow: counts of the candidate, as in this module's docstring.
            now_s: seconds since the epoch.
        """
        with translated():
            pipeline = self._redis.pipeline(transaction=True)
            told = json.dumps({"at": now_s, **worker.model_dump(mode="json")})
            pipeline.hset(f"{self._prefix}router:workers", worker.worker, told)
            for name, count in decisions.items():
                pipeline.hincrby(f"{self._prefix}router:decisions", name, count)
            if worker.shadow and shadow:
                pipeline.sadd(f"{self._prefix}router:shadows", worker.shadow)
                for name, count in shadow.items():
                    pipeline.hincrby(f"{self._prefix}router:shadow:{worker.shadow}", name, count)
            await pipeline.execute()

    async def status(self, *, now_s: float) -> RouterStatus:
        """Read it all; workers that are gone are forgotten."""
        with translated():
            told = await self._redis.hgetall(f"{self._prefix}router:workers")
            counts = await self._redis.hgetall(f"{self._prefix}router:decisions")
            shadows = sorted(await self._redis.smembers(f"{self._prefix}router:shadows"))
            reports = [await self._redis.hgetall(f"{self._prefix}router:shadow:{name}") for name in shadows]
            workers = {worker: json.loads(text) for worker, text in told.items()}
            gone = [worker for worker, said in workers.items() if now_s - said.pop("at") > PRESENT_S]
            if gone:
                await self._redis.hdel(f"{self._prefix}router:workers", *gone)
        return RouterStatus(
            workers=[RouterWorker(**workers[worker]) for worker in sorted(set(workers) - set(gone))],
            decisions=[
                RouteCount(lane=name.split("|")[0], task_type=name.split("|")[1], count=int(count))
                for name, count in sorted(counts.items())
            ],
            shadow=[_report(name, counts) for name, counts in zip(shadows, reports, strict=True)],
            outcomes=await self._outcomes(now_s),
        )

    async def _outcomes(self, now_s: float) -> list[LateShare]:
        found = []
        with translated():
            start = f"{self._prefix}outcomes:"
            keys = sorted([key async for key in self._redis.scan_iter(match=f"{start}*", count=1000)])
            for key in keys:
                ended, late, at = await self._redis.hmget(key, "ok", "late", "at")
                if at is None:
                    continue
                left = 0.5 ** (max(0.0, now_s * 1000 - float(at)) / FADE_MS)
                task_type, _, model = key.removeprefix(start).partition(":")
                found.append(
                    LateShare(
                        task_type=task_type,
                        model=model,
                        ended=round(float(ended) * left, 2),
                        late=round(float(late) * left, 2),
                    )
                )
        return found


def _report(name: str, counts: Mapping[str, str]) -> ShadowReport:
    return ShadowReport(
        artefact=name,
        decisions=int(counts.get("all", 0)),
        agreed=int(counts.get("agreed", 0)),
        to_reasoning=int(counts.get("to_reasoning", 0)),
        to_standard=int(counts.get("to_standard", 0)),
        by_task_type={
            field.removeprefix("type|"): int(count)
            for field, count in sorted(counts.items())
            if field.startswith("type|")
        },
    )
