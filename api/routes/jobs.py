"""Submit, read, wait, list, cancel and retry jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AwareDatetime

from api.body import idempotency_key, read_request
from api.problems import Problem
from api.state import state_of
from workers.client import JobFilter
from workers.contracts.job import Job, JobEvent, JobPage, Lane, Status
from workers.contracts.request import JobRequest

router = APIRouter(tags=["jobs"])
JSON = "application/json"
JobId = Annotated[str, Path(description="the job's id", examples=["job_019a0f3c5b7e0123456789abcdef0123"])]
EXAMPLE = {"input": "What is the capital of France?"}
SCHEMA_EXAMPLE = {
    "input": "A train leaves at 9:40 and arrives at 13:05. How long is the ride?",
    "route": "reasoning",
    "schema": {"type": "object", "properties": {"minutes": {"type": "integer"}}, "required": ["minutes"]},
    "deadline_s": 120,
    "metadata": {"ticket": "4711"},
}
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {"$ref": "#/components/schemas/JobRequest"},
                "examples": {"short": {"value": EXAMPLE}, "with a schema": {"value": SCHEMA_EXAMPLE}},
            }
        },
    },
    "parameters": [
        {
            "name": "Idempotency-Key", "in": "header", "required": False,
            "schema": {"type": "string", "maxLength": 255},
            "description": "the same key and body give the same job for 24 hours",
        }
    ],
}  # fmt: skip
ACCEPTED = {
    "description": "accepted and durable; poll `url`",
    "headers": {"Location": {"schema": {"type": "string"}, "description": "where to poll"}},
    "content": {JSON: {"schema": {"$ref": "#/components/schemas/Accepted"}}},
}


@router.post(
    "/v1/jobs",
    status_code=202,
    summary="Submit a job",
    openapi_extra=BODY,
    response_class=Response,
    responses={200: {"description": "answered at once by the exact cache", "model": Job}, 202: ACCEPTED},
)
async def submit(request: Request) -> Response:
    """Accept a query and answer with a job id at once.

    200 with the finished job when the same query was answered before in the same scope.
    """
    state = state_of(request)
    tenant = state.gate.tenant(request, "jobs:write")
    wanted: JobRequest = await read_request(request, state.settings.api.max_body_bytes)
    done = await state.client.submit(tenant, wanted, idempotency_key=idempotency_key(request))
    headers = {"Location": f"/v1/jobs/{done.job_id}"}
    if done.outcome == "existing":
        headers["Idempotency-Replayed"] = "true"
    if done.job is not None and done.job.terminal:
        return Response(done.job.model_dump_json(), media_type=JSON, headers=headers)
    status = done.job.status if done.job is not None else "queued"
    url = headers["Location"]
    content = (
        f'{{"id":"{done.job_id}","object":"job","status":"{status}","url":"{url}",'
        f'"events_url":"{url}/events","cancel_url":"{url}/cancel"}}'
    )
    return Response(content, status_code=202, media_type=JSON, headers=headers)


@router.get("/v1/jobs/{job_id}", summary="Read a job, or wait for its end", responses={200: {"model": Job}})
async def read(
    request: Request,
    job_id: JobId,
    wait: Annotated[float, Query(ge=0, description="seconds to wait for the end; returns at once when it comes")] = 0,
) -> Response:
    """Read a job; with `wait`, hold the answer until the job ends or the time is over."""
    state = state_of(request)
    tenant = state.gate.tenant(request, "jobs:read")
    most = state.settings.api.max_wait_s
    if not wait <= most:
        raise Problem(422, "invalid_request", f"must be at most {most:g} seconds", field="wait")
    if wait and state.client.waiting >= state.settings.api.max_waiters:
        raise Problem(429, "overloaded", "too many wait already; poll without `wait`", headers={"Retry-After": "1"})
    job = await state.client.get(tenant, job_id, wait_s=wait)
    return Response(job.model_dump_json(), media_type=JSON)


@router.get("/v1/jobs", summary="List jobs, newest first", responses={200: {"model": JobPage}})
async def page(  # noqa: PLR0913, PLR0917 - one parameter for each of the query's
    request: Request,
    status: Annotated[Status | None, Query(description="only jobs in this state")] = None,
    lane: Annotated[Lane | None, Query(description="only jobs in this lane")] = None,
    created_after: Annotated[AwareDatetime | None, Query(description="only jobs from this moment on")] = None,
    created_before: Annotated[AwareDatetime | None, Query(description="only jobs before this moment")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="most jobs on the page")] = 20,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
) -> Response:
    """List the tenant's jobs. With filters a page can be short and still have a `next_cursor`: go on from there."""
    state = state_of(request)
    tenant = state.gate.tenant(request, "jobs:read")
    if limit > state.settings.api.page_limit:
        raise Problem(422, "invalid_request", f"must be at most {state.settings.api.page_limit}", field="limit")
    wanted = JobFilter(status, lane, _sane(created_after, "created_after"), _sane(created_before, "created_before"))
    found = await state.client.page(tenant, wanted, limit=limit, cursor=cursor)
    return Response(found.model_dump_json(), media_type=JSON)


@router.post("/v1/jobs/{job_id}/cancel", summary="Cancel a job", responses={200: {"model": Job}})
async def cancel(request: Request, job_id: JobId) -> Response:
    """End a job now. Its upstream call is closed within two seconds; a cancelled job never falls back."""
    state = state_of(request)
    job = await state.client.cancel(state.gate.tenant(request, "jobs:write"), job_id)
    return Response(job.model_dump_json(), media_type=JSON)


@router.post(
    "/v1/jobs/{job_id}/retry", status_code=202, summary="Try a failed job again", responses={202: {"model": Job}}
)
async def retry(request: Request, job_id: JobId) -> Response:
    """Begin a failed or cancelled job again from classification, with a fresh deadline and the same id."""
    state = state_of(request)
    job = await state.client.retry(state.gate.tenant(request, "jobs:write"), job_id)
    return Response(job.model_dump_json(), status_code=202, media_type=JSON)


@router.get("/v1/jobs/{job_id}/events", summary="Replay a job's events", responses={200: {"model": list[JobEvent]}})
async def events(
    request: Request,
    job_id: JobId,
    after: Annotated[
        str, Query(pattern=r"^\d{1,19}(-\d{1,19})?$", description="an event's id: only later ones are given")
    ] = "0",
    limit: Annotated[int, Query(ge=1, le=1000, description="most events")] = 500,
) -> Response:
    """Give the job's events from the beginning, or after one that was seen; each id can be resumed from."""
    state = state_of(request)
    tenant = state.gate.tenant(request, "jobs:read")
    found = await state.client.events(tenant, job_id, after=after, most=limit)
    return Response(f"[{','.join(event.model_dump_json() for event in found)}]", media_type=JSON)


def _sane(moment: datetime | None, field: str) -> datetime | None:
    if moment is not None and not 2000 <= moment.year <= 2200:
        raise Problem(422, "invalid_request", "must be a moment between the years 2000 and 2200", field=field)
    return moment


ACCEPTED_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["id", "object", "status", "url", "events_url", "cancel_url"],
    "properties": {
        "id": {"type": "string"},
        "object": {"const": "job"},
        "status": {"enum": ["queued", "running"]},
        "url": {"type": "string", "description": "where to poll"},
        "events_url": {"type": "string"},
        "cancel_url": {"type": "string"},
    },
}
