"""Reads server-sent events in tests, strictly: a line that is none of the format's fails the test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as it came; a comment has the type `:`."""

    id: str | None
    type: str
    data: dict[str, Any]


def frames(lines: Iterator[str]) -> Iterator[Frame]:
    """Read frames one by one."""
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith(":"):
            yield Frame(None, ":", {})
        elif line:
            name, colon, value = line.partition(": ")
            if not colon or name not in ("id", "event", "data", "retry") or name in fields:
                raise AssertionError(f"not a line of an event: {line!r}")
            fields[name] = value
        elif fields:
            if "event" in fields:
                yield Frame(fields.get("id"), fields["event"], json.loads(fields["data"]))
            fields = {}


@contextmanager
def streamed(
    http: httpx.Client, job_id: str, after: str | None = None, **params: str
) -> Iterator[tuple[httpx.Response, Iterator[Frame]]]:
    """Open a job's stream; gives the response and its frames."""
    headers = {"accept": "text/event-stream"} | ({"last-event-id": after} if after else {})
    with http.stream("GET", f"/v1/jobs/{job_id}/events", headers=headers, params=params) as reply:
        yield reply, frames(reply.iter_lines())


def told(http: httpx.Client, job_id: str, after: str | None = None) -> list[Frame]:
    """Read a stream to its end, without ticks and comments."""
    with streamed(http, job_id, after) as (reply, all_frames):
        if reply.status_code != 200:
            raise AssertionError(f"{reply.status_code}")
        return [frame for frame in all_frames if frame.id is not None]
