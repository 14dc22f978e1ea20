"""The processes of a run: several workers of each kind, some of them behind a link, replaced when they die."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.support.processes import Process, free_port
from tests.support.redis import RedisServer
from tests.support.system import System


@dataclass(slots=True)
class Post:
    """A place in the fleet, and the process that fills it now."""

    queues: str
    slots: int
    linked: bool
    process: Process
    frozen: bool = False


class Fleet:
    """Keeps one process in each place."""

    PLACES = (
        ("classify", 32, False), ("classify", 32, True), ("reasoning", 100, False), ("reasoning", 100, True),
        ("standard,fallback", 60, False), ("standard,fallback", 60, True), ("deliver", 30, False), ("deliver", 30, True),
    )  # fmt: skip

    def __init__(self, system: System, redis: RedisServer) -> None:
        self._system, self._redis = system, redis
        self._link_port = free_port()
        self._started = 0
        self.ended_by_themselves: list[str] = []
        self.cut_off = False
        self.link = self._start_link()
        self.posts = [
            Post(queues, slots, linked, self._start(queues, slots, linked=linked))
            for queues, slots, linked in self.PLACES
        ]

    def by_pid(self, pid: int) -> Post | None:
        """Find the place of a process that runs."""
        return next((post for post in self.posts if post.process.pid == pid), None)

    def kill(self, post: Post) -> None:
        """Kill a worker and put another in its place."""
        post.process.send(signal.SIGKILL)
        self._replace(post)

    def mend(self) -> None:
        """Replace who ended without having been killed, and note it."""
        for post in self.posts:
            if not post.process.alive:
                self.ended_by_themselves.append(f"{post.process.name} ({post.process.returncode})")
                self._replace(post)
        if not self.link.alive and not self.cut_off:
            self.link = self._start_link()

    async def freeze(self, post: Post, for_s: float) -> None:
        """Stop a worker for a while; it lives, and does not know that time went on. The caller has noted it as frozen."""
        process = post.process
        process.send(signal.SIGSTOP)
        await asyncio.sleep(for_s)
        if process.alive:
            process.send(signal.SIGCONT)
        post.frozen = False

    async def cut(self, for_s: float, *, refuse: bool) -> None:
        """Cut the linked workers off: nothing gets through, or connections are reset and refused."""
        link, self.cut_off = self.link, True
        link.send(signal.SIGKILL if refuse else signal.SIGSTOP)
        await asyncio.sleep(for_s)
        if not refuse and link.alive:
            link.send(signal.SIGCONT)
        self.cut_off = False

    def _replace(self, post: Post) -> None:
        post.process.stop(signal.SIGKILL)
        post.process = self._start(post.queues, post.slots, linked=post.linked)

    def _start(self, queues: str, slots: int, *, linked: bool) -> Process:
        self._started += 1
        name = f"{queues.replace(',', '-')}-{self._started}"
        env = {"REDIS_URL": f"redis://127.0.0.1:{self._link_port}/0"} if linked else {}
        return self._system.processes.start(
            name, "-m", "workers.cli", "worker", "--queues", queues, "--slots", str(slots), "--name", name, env=env
        )

    def _start_link(self) -> Process:
        there = str(urlsplit(self._redis.url).port)
        return self._system.processes.start(
            "link", "-m", "benchmarks.chaos.link", "--port", str(self._link_port), "--to", there
        )
