"""Submit, read, wait, list, cancel and retry jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api import answers
from api.answers import Accepted
from api.body import idempotency_key, read_model, read_request
from api.document import refusals, shown
from api.problems import Problem
from api.routes.submission import FEEDBACK, SUBMISSION
from api.state import state_of
from api.waiting import job_at_its_end
from workers.client import JobFilter, Submission
from workers.contracts.job import Feedback, Job, JobPage, Lane, Status

router = APIRouter(tags=["jobs"])
JSON = "application/json"
FEEDBACK_BYTES = 20_000
JobId = Annotated[str, Path(description="the job's id", examples=[answers.JOB_ID])]


class Strict(BaseModel):
    """Query parameters of one route; a misspelt one is refused, since it would otherwise not be missed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ReadQuery(Strict):
    """How a job is read."""

    wait: float = Field(
        default=0, ge=0, description="seconds to wait for the end; the answer comes at once when the job ends"
    )
    include: Literal["request"] | None = Field(
        default=None, description="`request`: give the job back as it was submitted, too"
    )


class ListQuery(Strict):
    """Which jobs are listed."""

    status: Status | None = Field(default=None, description="only jobs in this state")
    lane: Lane | None = Field(default=None, description="only jobs in this lane")
    created_after: AwareDatetime | None = Field(default=None, description="only jobs from this moment on")
    created_before: AwareDatetime | None = Field(default=None, description="only jobs before this moment")
    limit: int = Field(default=20, ge=1, le=1000, description="most jobs on the page")
    cursor: str | None = Field(
        default=None,
        description="`next_cursor` of the page before",
        json_schema_extra={"pattern": "^job_[0-9a-f]{32}$"},
    )


@router.post(
    "/v1/jobs",
    status_code=202,
    summary="Submit a job",
    openapi_extra=SUBMISSION,
    response_model=Accepted,
    responses={
        200: {
            "model": Job,
            **shown("answered at once by the exact cache, or a repeat that has ended", hit=answers.HIT),
        },
        202: {
            "description": "accepted and durable; poll `url`",
            "headers": {"Location": {"schema": {"type": "string"}}},
        },
        **refusals(400, 408, 413, 415, 422, 429),
    },
)
async def submit(request: Request) -> Response:
    """Accept a query and answer with a job id at once.

    200 with the finished job when the same query was answered before in the same scope, or when the idempotency key's
    job has ended. A repeat under an idempotency key says so: `Idempotency-Replayed: true`.
    """
    state = state_of(request)
    tenant = state.gate.tenant(request, "jobs:write")
    wanted = await read_request(request, state.settings.api.max_body_bytes)
    return _submitted(await state.client.submit(tenant, wanted, idempotency_key=idempotency_key(request)))


@router.get(
    "/v1/jobs/{job_id}",
    summary="Read a job, or wait for its end",
    response_model=Job,
    responses={
        200: shown("the job", thinking=answers.RUNNING, succeeded=answers.SUCCEEDED, fell_back=answers.FELL_BACK),
        **refusals(404, 422, 429),
    },
)
async def read(request: Request, job_id: JobId, query: Annotated[ReadQuery, Query()]) -> Response:
    """Read a job; with `wait`, hold the answer until the job ends or the time is over."""
    state = state_of(request)
    tenant = state.gate.tenant(request, "jobs:read")
    job = await job_at_its_end(request, state, tenant, job_id, query.wait)
    if job is None:
        return Response(status_code=204)
    return _job(await state.client.with_request(job) if query.include else job)


@router.get("/v1/jobs", summary="List jobs, newest first", response_model=JobPage, responses=refusals(422))
async def page(request: Request, query: Annotated[ListQuery, Query()]) -> Response:
    """List the tenant's jobs. With filters a page can be short and still have a `next_cursor`: go on from there."""
    state = state_of(request)
    tenant = state.gate.tenant(request, "jobs:read")
    if query.limit > state.settings.api.page_limit:
        raise Problem(422, "invalid_request", f"must be at most {state.settings.api.page_limit}", field="limit")
    after, before = _sane(query.created_after, "created_after"), _sane(query.created_before, "created_before")
    wanted = JobFilter(query.status, query.lane, after, before)
    found = await state.client.page(tenant, wanted, limit=query.limit, cursor=query.cursor)
    return Response(found.model_dump_json(), media_type=JSON)


@router.post(
    "/v1/jobs/{job_id}/cancel",
    summary="Cancel a job",
    response_model=Job,
    responses={200: shown("the job, cancelled", cancelled=answers.CANCELLED), **refusals(404, 409, 422)},
)
async def cancel(request: Request, job_id: JobId) -> Response:
    """End a job now. Its upstream call is closed within two seconds; a cancelled job never falls back."""
    state = state_of(request)
    return _job(await state.client.cancel(state.gate.tenant(request, "jobs:write"), job_id))


@router.post(
    "/v1/jobs/{job_id}/retry",
    status_code=202,
    summary="Try a failed job again",
    response_model=Job,
    responses={202: shown("the job, queued again", queued=answers.AGAIN), **refusals(404, 409, 422)},
)
async def retry(request: Request, job_id: JobId) -> Response:
    """Begin a failed or cancelled job again from classification, with a fresh deadline and the same id."""
    state = state_of(request)
    return _job(await state.client.retry(state.gate.tenant(request, "jobs:write"), job_id), 202)


@router.post(
    "/v1/jobs/{job_id}/feedback",
    summary="Say whether the answer was right",
    response_model=Job,
    openapi_extra=FEEDBACK,
    responses={
        200: shown("the job, with the feedback", judged=answers.JUDGED),
        **refusals(400, 404, 408, 409, 413, 415, 422),
    },
)
async def feedback(request: Request, job_id: JobId) -> Response:
    """Judge a succeeded job's answer; the last word counts. A wrong answer is not served from the cache again.

    What is said here can be exported as labels to fit the router to your own traffic (`thinkline router export-labels`).
    """
    state = state_of(request)
    tenant = state.gate.tenant(request, "jobs:write")
    words = await read_model(request, Feedback, FEEDBACK_BYTES)
    return _job(await state.client.feedback(tenant, job_id, words))


def _submitted(done: Submission) -> Response:
    url = f"/v1/jobs/{done.job_id}"
    headers = {"Location": url}
    if done.outcome == "existing":
        headers["Idempotency-Replayed"] = "true"
    if done.job is not None and done.job.terminal:
        return Response(done.job.model_dump_json(), media_type=JSON, headers=headers)
    status = done.job.status if done.job is not None else "queued"
    content = (  # ids and addresses need no escapes, and this is the busiest answer
        f'{{"id":"{done.job_id}","object":"job","status":"{status}","url":"{url}",'
        f'"events_url":"{url}/events","cancel_url":"{url}/cancel"}}'
    )
    return Response(content, status_code=202, media_type=JSON, headers=headers)


def _job(job: Job, status: int = 200) -> Response:
    return Response(job.model_dump_json(), status_code=status, media_type=JSON)


def _sane(moment: datetime | None, field: str) -> datetime | None:
    if moment is not None and not 2000 <= moment.year <= 2200:
        raise Problem(422, "invalid_request", "must be a moment between the years 2000 and 2200", field=field)
    return moment
