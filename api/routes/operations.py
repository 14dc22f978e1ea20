"""For operators: the metrics of the whole system, what the classify workers decide with and what they decided."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.responses import PlainTextResponse

from api import exposition
from api.document import refusals
from api.state import state_of
from workers.contracts.errors import StoreUnavailable
from workers.contracts.routing import RouterStatus

router = APIRouter(tags=["operations"])
JSON = "application/json"
EXAMPLE = """# HELP thinkline_fallbacks_total Jobs sent to the fallback lane, by cause
# TYPE thinkline_fallbacks_total counter
thinkline_fallbacks_total{cause="deadline"} 3.0
"""


@router.get("/v1/router", summary="How queries are routed", response_model=RouterStatus, responses=refusals())
async def router_status(request: Request) -> Response:
    """Show the artefact of each classify worker, decisions by lane and task type, and a candidate's differences.

    Counts are those of all tenants and hold no text; a key needs the scope `operations:read`.
    """
    state = state_of(request)
    state.gate.tenant(request, "operations:read")
    return Response((await state.client.router()).model_dump_json(), media_type=JSON)


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=PlainTextResponse,
    responses={
        200: {"description": "Prometheus' text format 0.0.4", "content": {"text/plain": {"example": EXAMPLE}}},
        **{status: refusal for status, refusal in refusals().items() if status != 503},
    },
)
async def metrics(request: Request) -> Response:
    """Tell what happens in the whole system: all API processes and workers, all tenants in one sum.

    Any API process tells the same, so one of them is asked. No tenant, job or text is in it; a key needs the scope
    `operations:read`. While Redis is away `thinkline_redis_up` is 0 and nothing else is there.
    """
    state = state_of(request)
    state.gate.tenant(request, "operations:read")
    try:
        await state.measures.tell(state.client)
        found = await state.client.metrics.read()
    except StoreUnavailable:
        found = exposition.AWAY
    return Response(exposition.exposed(found), media_type=exposition.MEDIA_TYPE)
