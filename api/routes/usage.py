"""What a tenant used, what it cost, and what its reasoning model struggles with."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.document import refusals
from api.state import state_of
from workers.contracts.usage import FailureReport, UsageReport

router = APIRouter(tags=["operations"])
JSON = "application/json"


class PeriodQuery(BaseModel):
    """Which days are summed up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int = Field(default=7, ge=1, le=400, description="the last so many days, today included (UTC)")


@router.get("/v1/usage", summary="Tokens and money", response_model=UsageReport, responses=refusals(422))
async def usage(request: Request, query: Annotated[PeriodQuery, Query()]) -> Response:
    """Sum up tokens and money by day, lane, model and task type, beside what always-reasoning would have cost."""
    state = state_of(request)
    tenant = state.gate.tenant(request, "jobs:read")
    return Response((await state.client.usage(tenant, query.days)).model_dump_json(), media_type=JSON)


@router.get(
    "/v1/failures", summary="What reasoning struggles with", response_model=FailureReport, responses=refusals(422)
)
async def failures(request: Request, query: Annotated[PeriodQuery, Query()]) -> Response:
    """Count failed reasoning attempts by task type, cause, model and size, and what the fallback made of the jobs."""
    state = state_of(request)
    tenant = state.gate.tenant(request, "jobs:read")
    return Response((await state.client.failures(tenant, query.days)).model_dump_json(), media_type=JSON)
