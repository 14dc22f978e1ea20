"""For operators: what the classify workers decide with and what they decided."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.document import refusals
from api.state import state_of
from workers.contracts.routing import RouterStatus

router = APIRouter(tags=["operations"])
JSON = "application/json"


@router.get("/v1/router", summary="How queries are routed", response_model=RouterStatus, responses=refusals())
async def router_status(request: Request) -> Response:
    """Show the artefact of each classify worker, decisions by lane and task type, and a candidate's differences.

    Counts are those of all tenants and hold no text; a key needs the scope `operations:read`.
    """
    state = state_of(request)
    state.gate.tenant(request, "operations:read")
    return Response((await state.client.router()).model_dump_json(), media_type=JSON)
