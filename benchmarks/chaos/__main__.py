"""`python -m benchmarks.chaos [--jobs N] [--seed N]`: one run of the chaos, its table, and its seed when it fails."""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import redis
from redis.asyncio import Redis

from benchmarks import report
from benchmarks.chaos import check
from benchmarks.chaos.client import Client
from benchmarks.chaos.fleet import Fleet
from benchmarks.chaos.jobs import Wanted, draw, poisonous_numbers
from benchmarks.chaos.receiver import Receiver, receiving
from benchmarks.chaos.trouble import GONE, Odds, Trouble
from benchmarks.server import durable_redis
from tests.support.redis import RedisServer
from tests.support.system import System, running_system

UPSTREAM = "benchmarks.chaos.upstream"
CHANGES = {
    "lanes.reasoning.silence_s": 2.0, "lanes.standard.silence_s": 2.0, "lanes.fallback.silence_s": 2.0,
    "upstreams.scripted.max_retries": 0,  # so that each call of a model is an attempt that the record tells
    "breaker.failures": 30, "breaker.window_s": 5.0, "breaker.open_s": 2.0, "api.page_limit": 1000,
    "webhooks.allow_http": True, "webhooks.allow_networks": ["127.0.0.0/8"], "webhooks.max_kept": 1_000_000,
    "webhooks.retry_s": [0.5] * 80, "webhooks.total_s": 1.5, "webhooks.endpoint_failures": 8, "webhooks.endpoint_slots": 50,
    "webhooks.endpoint_pause_s": 0.1, "webhooks.endpoint_max_pause_s": 0.5,
}  # fmt: skip
SHOWN = 25  # violations printed


@dataclass(slots=True)
class Chaos:
    """One run."""

    arguments: argparse.Namespace
    system: System
    server: RedisServer
    store: Redis
    client: Client
    trouble: Trouble
    open_jobs: int = 0
    began: float = 0.0

    async def run(self, jobs: Iterator[Wanted]) -> None:
        """Submit under trouble until every job has ended, then let the rest come to an end in peace."""
        self.began = time.monotonic()
        watching = asyncio.create_task(self._watch())
        poisoning = asyncio.create_task(self.trouble.poison_for_ever())
        making = asyncio.create_task(self.trouble.tick_for_ever())
        await self.client.submit_all(jobs)
        await self._until_open(0, self.arguments.trouble_after_s)
        making.cancel()
        with suppress(asyncio.CancelledError):
            await making
        print(f"{self._elapsed()} no more trouble: {await self._numbers()}", flush=True)
        await self._until_open(0, self.arguments.rest_s)
        async with asyncio.timeout(self.arguments.rest_s):
            await self.client.finish()
        await self._until_delivered()
        for task in (watching, poisoning):
            task.cancel()

    async def _watch(self) -> None:
        """Keep count of what is open; tell it every five seconds."""
        told = 0.0
        while True:
            with suppress(*GONE):
                self.open_jobs = await self.store.zcard("tl:due")
                if time.monotonic() - told > self.arguments.progress_s:
                    told = time.monotonic()
                    print(f"{self._elapsed()} {await self._numbers()}", flush=True)
            await asyncio.sleep(0.2)

    async def _numbers(self) -> str:
        made = ", ".join(f"{count} {name}" for name, count in self.trouble.made.items())
        return f"{len(self.client.asked)} acknowledged, {self.open_jobs} open; {made or 'no trouble yet'}"

    def _elapsed(self) -> str:
        return f"{time.monotonic() - self.began:6.1f} s:"

    async def _until_open(self, most: int, for_s: float) -> None:
        until, quiet = time.monotonic() + for_s, 0
        while quiet < 3 and time.monotonic() < until:
            with suppress(*GONE):
                quiet = quiet + 1 if await self.store.zcard("tl:due") <= most else 0
            await asyncio.sleep(0.25)

    async def _until_delivered(self) -> None:
        """Wait until the webhooks are sent and the last hints are taken."""
        until = time.monotonic() + self.arguments.rest_s
        while time.monotonic() < until:
            left = await self.store.zcard("tl:deliveries")
            for queue in check.QUEUES:
                left += await self.store.llen(f"tl:{queue}")
            if not left:
                return
            await asyncio.sleep(0.5)


async def main(arguments: argparse.Namespace, folder: Path) -> bool:
    """Start everything, run, check, tell; whether nothing was wrong."""
    with durable_redis(folder / "redis") as server:
        async with receiving(arguments.seed) as heard:
            changes = {**CHANGES}
            with running_system(
                folder / "system", server.url, changes=changes, models={"deep": "deep", "quick": "quick"}, workers=(),
                upstream=UPSTREAM,
            ) as system:  # fmt: skip
                return await _measured(arguments, system, server, heard)


async def _measured(arguments: argparse.Namespace, system: System, server: RedisServer, heard: Receiver) -> bool:
    fleet = Fleet(system, server)
    store = Redis.from_url(server.url, decode_responses=True, socket_timeout=2, socket_connect_timeout=2)
    odds = Odds(arguments.kill, arguments.restart, arguments.freeze, arguments.cut, arguments.stall)
    trouble = Trouble(fleet, server, store, odds, arguments.seed)
    await _ready(system)
    heard.secret = system.http.post("/v1/webhooks/secret/rotate").json()["secret"]
    client = Client(system.url, arguments.seed, lambda: chaos.open_jobs < arguments.open, trouble.poison)
    chaos = Chaos(arguments, system, server, store, client, trouble)
    deadly = poisonous_numbers(arguments.seed, arguments.jobs, arguments.poisonous)
    await chaos.run(
        draw(arguments.seed, number, poisonous=number in deadly, webhook_url=heard.url)
        for number in range(arguments.jobs)
    )
    took_s = time.monotonic() - chaos.began
    verdict = _judge(system, server, client, heard, trouble)
    await store.aclose()
    _tell(arguments, verdict, chaos, took_s)
    return not verdict.wrong


async def _ready(system: System) -> None:
    until = time.monotonic() + 90
    while not await asyncio.to_thread(system.ready):
        if time.monotonic() > until:
            raise AssertionError("the system did not become ready")
        await asyncio.sleep(0.2)


def _judge(system: System, server: RedisServer, client: Client, heard: Receiver, trouble: Trouble) -> check.Verdict:
    verdict = check.Verdict(wrong=[*client.wrong, *trouble.broken])
    for name in trouble.fleet.ended_by_themselves:
        verdict.wrong.append(f"a worker ended by itself: {name}")
    jobs = check.all_jobs(system.http)
    calls = httpx.get(f"{system.upstream_url}/calls", trust_env=False).json()
    check.check_jobs(verdict, client.asked, jobs)
    check.check_calls(verdict, jobs, calls)
    check.check_webhooks(verdict, client.asked, jobs, heard)
    with redis.Redis.from_url(server.url, decode_responses=True) as store:
        check.check_left_over(verdict, store, jobs)
    return verdict


def _tell(arguments: argparse.Namespace, verdict: check.Verdict, chaos: Chaos, took_s: float) -> None:
    client = chaos.client
    print(f"\n{len(client.asked)} jobs in {took_s:.0f} s, seed {arguments.seed}\n")
    print("| kind of job | ended as | jobs |\n|---|---|---|")
    for kind, ends in sorted(verdict.ends.items()):
        for end, count in sorted(ends.items()):
            print(f"| {kind} | {end} | {count} |")
    print("\n| trouble and work | times |\n|---|---|")
    again = {"submissions sent again": client.refused_for_now, "repeats under a key": client.submitted_again}
    for name, count in (chaos.trouble.made | verdict.counts | again).items():
        print(f"| {name} | {count} |")
    for text in verdict.wrong[:SHOWN]:
        print(f"WRONG: {text}")
    if verdict.wrong:
        print(
            f"{len(verdict.wrong)} violations. Repeat with --jobs {arguments.jobs} --seed {arguments.seed}", flush=True
        )
    else:
        print("\nNothing lost, nothing ended twice, nothing left over.", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--open", type=int, default=300, help="jobs that may be open at once")
    parser.add_argument("--poisonous", type=int, default=3, help="jobs that kill whoever runs them")
    for name, share in (("kill", 0.08), ("restart", 0.02), ("freeze", 0.01), ("cut", 0.005), ("stall", 0.005)):
        parser.add_argument(f"--{name}", type=float, default=share, help="how likely in each quarter of a second")
    parser.add_argument("--trouble-after-s", type=float, default=120, help="most trouble after the last submission")
    parser.add_argument("--rest-s", type=float, default=120, help="most time in peace for what is still open")
    parser.add_argument("--progress-s", type=float, default=5, help="how often progress is told")
    parser.add_argument("--keep", type=Path, help="folder for configuration and logs, kept; by default a temporary one")
    return parser.parse_args()


def _main() -> None:
    arguments = _arguments()
    report.conditions(f"{arguments.jobs} jobs under chaos, seed {arguments.seed}, {arguments.poisonous} poisonous")
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="chaos-"))
    fine = asyncio.run(main(arguments, folder))
    if fine and not arguments.keep:
        shutil.rmtree(folder, ignore_errors=True)
    elif not fine:
        print(f"Logs are in {folder}", flush=True)
    raise SystemExit(0 if fine else 1)


if __name__ == "__main__":
    _main()
