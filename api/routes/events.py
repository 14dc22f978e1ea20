"""A job's events: a list of what has happened, or a live stream of server-sent events until it ends."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api import answers
from api.document import refusals
from api.problems import Problem
from api.routes.jobs import JSON, JobId, Strict
from api.state import State, state_of
from api.streaming import MEDIA_TYPE, EventStream, wants_stream
from workers.contracts.events import EVENT_ID
from workers.contracts.job import JobEvent

router = APIRouter(tags=["jobs"])
LAST_EVENT_ID = "last-event-id"


class EventsQuery(Strict):
    """Which events are given."""

    after: str | None = Field(
        default=None, pattern=EVENT_ID.pattern, description="an event's id: only later ones are given"
    )
    limit: int = Field(default=500, ge=1, le=1000, description="most events of a list; a stream has no such limit")
    thinking: bool = Field(
        default=False, description="also what the model thinks, in words, where `streams.thinking_text` allows it"
    )


SAMPLE = """retry: 1000

id: 1767603600000-0
event: queued
data: {"queue": "classify", "place": 1, "estimate_s": 0.2, "retry": false}

id: 1767603600210-0.1
event: routed
data: {"lane": "reasoning", "model": "deep", "confidence": 0.82, "reason": "several steps", "task_type": "arithmetic",
data:  "expected": {"known": true, "p50_s": 14.0, "p90_s": 31.5, "samples": 120}}

event: thinking
data: {"phase": "thinking", "lane": "reasoning", "attempt": 1, "thinking_tokens": 412, "elapsed_s": 6.2, ...}

: still here
"""
STREAM: dict[str, Any] = {
    "schema": {"type": "string"},
    "example": SAMPLE,
    "x-event-types": {},  # filled in by api/document.py from workers/contracts/events.py
}
EVENTS_DOCUMENT: dict[str, Any] = {
    "parameters": [
        {
            "name": "Last-Event-ID",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "pattern": f"^$|{EVENT_ID.pattern}"},
            "description": "for a stream: the id of the last event that was received; the stream goes on behind it, without"
            " loss or repetition, on any API process. Browsers send it by themselves; an empty one is none. Wins over `after`",
        },
        {
            "name": "Accept",
            "in": "header",
            "required": False,
            "schema": {"type": "string"},
            "description": "`text/event-stream` for a live stream; anything else is answered with a list",
        },
    ],
}


@router.get(
    "/v1/jobs/{job_id}/events",
    summary="Follow a job live, or replay its events",
    response_model=list[JobEvent],
    responses={
        200: {
            "description": "events, oldest first: a list, or a stream that goes on until the job has ended",
            "content": {"application/json": {"examples": {"thinking": {"value": answers.EVENTS}}}, MEDIA_TYPE: STREAM},
        },
        204: {"description": "a stream was asked for behind the last event of a job that has ended: stop asking"},
        **refusals(404, 422, 429),
    },
    openapi_extra=EVENTS_DOCUMENT,
)
async def events(request: Request, job_id: JobId, query: Annotated[EventsQuery, Query()]) -> Response:
    """Give a job's events, as a list or, for `Accept: text/event-stream`, as a live stream.

    A stream begins with the first event (or behind `Last-Event-ID`), goes on live, and closes after `done`, which holds the
    whole job. Its types: `queued`, `cache`, `routed`, `started`, `thinking`, `answer.delta`, `extracting`, `fallback`,
    `requeued`, `done`; ignore those that you do not know. `thinking` and `queued` also come as ticks without an id, which
    tell the time between two events. A comment comes every 15 seconds. When the stream ends without `done`, connect again
    with `Last-Event-ID`.
    """
    state = state_of(request)
    tenant = state.gate.tenant(request, "jobs:read")
    if query.thinking and not state.settings.streams.thinking_text:
        detail = "what models think is not told here: `streams.thinking_text` is off in the settings"
        raise Problem(403, "thinking_not_told", detail, field="thinking")
    last = request.headers.get(LAST_EVENT_ID) or None
    if last is not None and not EVENT_ID.fullmatch(last):
        raise Problem(422, "invalid_request", "is not the id of an event", field="Last-Event-ID")
    if wants_stream(request.headers.get("accept", "")):
        return await _stream(state, tenant, job_id, last or query.after, thinking=query.thinking)
    after = query.after or "0"
    found = await state.client.events(tenant, job_id, after=after, most=query.limit, thinking_text=query.thinking)
    body = f"[{','.join(event.model_dump_json() for event in found)}]"
    return Response(body, media_type=JSON, headers={"Vary": "Accept"})


async def _stream(state: State, tenant: str, job_id: str, after: str | None, *, thinking: bool) -> Response:
    following = await state.client.follow(tenant, job_id, after=after, thinking_text=thinking)
    if following is None:
        return Response(status_code=204, headers={"Vary": "Accept"})
    open_streams: Counter[str] = state.streams
    if open_streams[tenant] >= state.settings.streams.per_tenant:
        following.close()
        detail = f"{state.settings.streams.per_tenant} streams are open already; close one, or poll"
        raise Problem(429, "too_many_streams", detail, headers={"Retry-After": "5"})
    open_streams[tenant] += 1

    def closed() -> None:
        following.close()
        open_streams[tenant] -= 1
        if not open_streams[tenant]:
            del open_streams[tenant]

    return EventStream(following, state.settings.streams, many=lambda: state.client.following, closed=closed)
