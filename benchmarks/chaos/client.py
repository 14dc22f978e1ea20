"""Who asks: submits, cancels, polls and follows jobs over HTTP, and tries again when the API is away.

A job counts as acknowledged once its id was given. What was seen of it on the way is kept, so that the check at the end
notices an end that changed afterwards.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks import load
from benchmarks.chaos.jobs import Wanted

SUBMITTERS = 12
TERMINAL = ("succeeded", "failed", "cancelled")
AWAY = (OSError, TimeoutError, asyncio.IncompleteReadError, httpx.HTTPError)


@dataclass(slots=True)
class Asked:
    """One acknowledged job, and what its owner has seen of it."""

    wanted: Wanted
    job_id: str
    cancelled: bool = False
    ends_seen: list[tuple[str, str]] = field(default_factory=list)
    event_ids: list[str] = field(default_factory=list)
    dones: int = 0
    followed_to_the_end: bool = False


@dataclass(slots=True)
class Client:
    """Everything that is asked in one run."""

    url: str
    seed: int
    may_go_on: Callable[[], bool]
    on_poison: Callable[[str], None]
    asked: dict[str, Asked] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    submitted_again: int = 0
    refused_for_now: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def submit_all(self, jobs: Iterable[Wanted]) -> None:
        """Submit all jobs, as fast as they are taken off."""
        waiting = iter(jobs)
        async with asyncio.TaskGroup() as group:
            for _ in range(SUBMITTERS):
                group.create_task(self._submitter(waiting))

    async def finish(self) -> None:
        """Wait for those who still follow their jobs."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _submitter(self, waiting: Any) -> None:
        line = Line(self.url)
        for wanted in waiting:
            while not self.may_go_on():  # noqa: ASYNC110 - it asks what another process's Redis says
                await asyncio.sleep(0.05)
            await self._submit(line, wanted)
        line.close()

    async def _submit(self, line: Line, wanted: Wanted) -> None:
        key = f"chaos-{self.seed}-{wanted.number}" if wanted.keyed else None
        job_id = await self._acknowledged(line, wanted, key)
        if key and wanted.number % 3 == 0:  # the caller never saw the answer
            self.submitted_again += 1
            again = await self._acknowledged(line, wanted, key)
            if again != job_id:
                self.wrong.append(f"{job_id} and {again} have one idempotency key")
        asked = self.asked[job_id] = Asked(wanted, job_id)
        if wanted.kind == "poisonous":
            self.on_poison(job_id)
        if wanted.cancel_after_s is not None:
            self._spawn(self._cancel(asked, wanted.cancel_after_s))
        if wanted.followed:
            self._spawn(self._follow(asked))
        if wanted.polled:
            self._spawn(self._poll(asked))

    async def _acknowledged(self, line: Line, wanted: Wanted, key: str | None) -> str:
        while True:
            status, reply = await line.post("/v1/jobs", wanted.body, key)
            if status in (200, 202):
                job_id: str = reply["id"]
                return job_id
            if status not in (0, 429, 503):
                raise AssertionError(f"a submission was answered with {status}: {reply}")
            self.refused_for_now += 1
            await asyncio.sleep(0.3)

    async def _cancel(self, asked: Asked, after_s: float) -> None:
        await asyncio.sleep(after_s)
        async with self._http() as http:
            reply = await self._until_answered(lambda: http.post(f"/v1/jobs/{asked.job_id}/cancel"))
        if reply.status_code == 200:
            asked.cancelled = True
            self._note(asked, reply.json())
        elif reply.status_code != 409:
            self.wrong.append(f"{asked.job_id}: cancelling was answered with {reply.status_code}")

    async def _poll(self, asked: Asked) -> None:
        async with self._http() as http:
            while not asked.ends_seen:
                reply = await self._until_answered(lambda: http.get(f"/v1/jobs/{asked.job_id}?wait=20"))
                if reply.status_code != 200:
                    self.wrong.append(f"{asked.job_id}: an acknowledged job was answered with {reply.status_code}")
                    return
                self._note(asked, reply.json())

    def _note(self, asked: Asked, job: dict[str, Any]) -> None:
        if job["status"] in TERMINAL:
            asked.ends_seen.append((job["status"], job["finished_at"]))

    async def _until_answered(self, ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        while True:
            with suppress(*AWAY):
                reply = await ask()
                if reply.status_code not in (429, 503):
                    return reply
            await asyncio.sleep(0.5)

    async def _follow(self, asked: Asked) -> None:
        """Read a job's stream to its end, going on where it broke off."""
        async with self._http() as http:
            while not asked.followed_to_the_end:
                with suppress(*AWAY):
                    await self._read_on(http, asked)
                await asyncio.sleep(0.2)

    async def _read_on(self, http: httpx.AsyncClient, asked: Asked) -> None:
        headers = {"accept": "text/event-stream"}
        if asked.event_ids:
            headers["last-event-id"] = asked.event_ids[-1]
        async with http.stream("GET", f"/v1/jobs/{asked.job_id}/events", headers=headers) as reply:
            if reply.status_code != 200:
                return
            frame: dict[str, str] = {}
            async for text in reply.aiter_lines():
                name, _, value = text.partition(": ")
                if text:
                    frame[name] = value
                    continue
                if "id" in frame:
                    asked.event_ids.append(frame["id"])
                if frame.get("event") == "done":
                    asked.dones += 1
                frame = {}
        asked.followed_to_the_end = asked.dones > 0

    def _http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, timeout=30, trust_env=False)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.wrong.append(f"who followed a job broke off: {error!r}")


class Line:
    """One connection to the API, opened again when it breaks."""

    def __init__(self, url: str) -> None:
        self._port = int(url.rsplit(":", 1)[1])
        self._open: load.Connection | None = None

    async def post(self, path: str, body: dict[str, Any], key: str | None) -> tuple[int, Any]:
        """Post JSON; the status 0 when nobody answered."""
        request = load.post(path, json.dumps(body).encode())
        if key:
            request = request.replace(b"\r\n", f"\r\nIdempotency-Key: {key}\r\n".encode(), 1)
        try:
            async with asyncio.timeout(15):
                if self._open is None:
                    self._open = await asyncio.open_connection("127.0.0.1", self._port)
                status, text = await load.exchange(self._open, request)
        except AWAY:
            self.close()
            return 0, None
        return status, json.loads(text)

    def close(self) -> None:
        """Close the connection."""
        if self._open is not None:
            self._open[1].close()
            self._open = None
