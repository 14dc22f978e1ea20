"""How commands talk to the API: submit once whatever the network does, follow a job to its end, end with a code.

Exit codes, for scripts: 0 the job succeeded, 1 it failed, 2 the command or its settings are wrong, or the API refused,
3 the job was cancelled, 4 the API cannot be reached or is too busy now, 130 the command was interrupted and the job runs on.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
from httpx_sse import EventSource, SSEError

from workers.cli.failing import fail, settings_or_exit
from workers.local.services import api_url
from workers.settings.environment import CLIENT_KEY, CLIENT_URL, take_over_env_file

SUCCEEDED, FAILED, WRONG, CANCELLED, UNREACHABLE, LEFT_RUNNING = 0, 1, 2, 3, 4, 130
CODES: Final = {"succeeded": SUCCEEDED, "failed": FAILED, "cancelled": CANCELLED}
BUSY = frozenset({429, 502, 503, 504})
TRIES = 8
SILENCE_S = 45.0  # three heartbeats of a stream: beyond that the connection is dead, whatever it looks like
CODES_HELP = (
    "Exit codes: 0 the job succeeded, 1 it failed, 2 wrong usage or settings, or refused by the API, 3 cancelled,"
    " 4 the API cannot be reached or is too busy, 130 interrupted: the job was left running, its id is printed."
)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream; a tick has no news but the time."""

    type: str
    data: dict[str, Any]


class Api:
    """The API as a command sees it."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    @classmethod
    def at(cls, url: str | None) -> Api:
        """Open the API at an address, or at the one of the environment or the settings, with the environment's key."""
        take_over_env_file()
        base = url or os.environ.get(CLIENT_URL) or api_url(settings_or_exit())
        key = os.environ.get(CLIENT_KEY)
        headers = {"authorization": f"Bearer {key}"} if key else {}
        try:
            return cls(httpx.Client(base_url=base, headers=headers, timeout=30, trust_env=False))
        except (httpx.InvalidURL, UnicodeError):
            fail(f"{base!r} is not an address of an API", WRONG)

    @property
    def base(self) -> str:
        """Its address."""
        return str(self._http.base_url)

    def submit(self, body: dict[str, Any]) -> str:
        """Submit a job, once even if it has to be tried again; its id."""
        headers = {"idempotency-key": secrets.token_hex(16)}
        reply = self._tried(lambda: self._http.post("/v1/jobs", json=body, headers=headers))
        return str(reply.json()["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        """Read a job."""
        found: dict[str, Any] = self._tried(lambda: self._http.get(f"/v1/jobs/{job_id}")).json()
        return found

    def cancel(self, job_id: str) -> None:
        """Cancel a job; one that has ended stays as it is."""
        self._tried(lambda: self._http.post(f"/v1/jobs/{job_id}/cancel"), fine=(409,))

    def follow(self, job_id: str) -> Iterator[Event]:
        """Give a job's events until it has ended; a connection that breaks is taken up again where it was."""
        last, tries = "", 0
        while True:
            try:
                for event_id, event in self._stream(job_id, last):
                    last, tries = event_id, 0
                    yield event
                    if event.type == "done" and event.data.get("job"):
                        return  # without it, the job was begun again since
            except (httpx.TransportError, SSEError) as error:
                tries += 1
                if tries >= TRIES:
                    fail(f"the connection to {self.base} broke ({type(error).__name__}); {job_id} runs on", UNREACHABLE)
            except _Ended:
                return
            time.sleep(min(5.0, 0.5 * 2**tries))

    def _stream(self, job_id: str, last: str) -> Iterator[tuple[str, Event]]:
        headers = {"accept": "text/event-stream"} | ({"last-event-id": last} if last else {})
        timeout = httpx.Timeout(10, read=SILENCE_S)
        with self._http.stream("GET", f"/v1/jobs/{job_id}/events", headers=headers, timeout=timeout) as reply:
            if reply.status_code == 204:
                raise _Ended
            if reply.status_code != 200:
                reply.read()
                if reply.status_code not in BUSY:
                    self._refused(reply)
                raise httpx.ReadError("busy")
            for sse in EventSource(reply).iter_sse():
                if sse.data:
                    yield sse.id, Event(sse.event, sse.json())

    def _tried(self, ask: Callable[[], httpx.Response], fine: tuple[int, ...] = ()) -> httpx.Response:
        """Ask some times; end the command when that is in vain."""
        why = ""
        for n in range(3):
            if n:
                time.sleep(n)
            try:
                reply = ask()
            except httpx.TransportError as error:
                why = f"nothing answers at {self.base} ({type(error).__name__}): is the system running?"
                continue
            if reply.status_code not in BUSY:
                break
            why = f"the API is too busy or not ready: {_detail(reply)}"
        else:
            fail(why, UNREACHABLE)
        if not reply.is_success and reply.status_code not in fine:
            self._refused(reply)
        return reply

    def _refused(self, reply: httpx.Response) -> None:
        hint = f"; the key is read from {CLIENT_KEY}" if reply.status_code == 401 else ""
        fail(f"the API refused with {reply.status_code}: {_detail(reply)}{hint}", WRONG)


class _Ended(Exception):
    """The job had ended, and all of it was seen."""


def _detail(reply: httpx.Response) -> str:
    try:
        return str(reply.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return reply.reason_phrase
