"""Whether the process lives, whether the whole system is there, and which models it has."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from api.answers import Alive, Catalogue, CatalogueEntry, Readiness
from api.document import refusals
from api.state import state_of
from workers.contracts.errors import StoreUnavailable
from workers.contracts.expectations import Expectations
from workers.contracts.job import LANES

router = APIRouter(tags=["operations"])
JSON = "application/json"
NOT_NEEDED = frozenset({"worker_deliver"})  # without it jobs are answered all the same, and webhooks wait
OPEN: dict[str, Any] = {"security": []}  # probes carry no key


@router.get("/healthz", summary="Whether this process lives", response_model=Alive, openapi_extra=OPEN)
async def healthz() -> Response:
    """Answer as long as the process can; asks nobody else."""
    return Response('{"status":"ok"}', media_type=JSON)


@router.get(
    "/readyz",
    summary="Whether every part is there",
    response_model=Readiness,
    responses={503: {"description": "a part is missing; see `missing`", "model": Readiness}},
    openapi_extra=OPEN,
)
async def readyz(request: Request) -> Response:
    """200 when Redis answers and every queue of jobs has a worker; else 503 with the parts that are missing.

    Where a RabbitMQ carries the messages it is a part, too: `broker`, there while a worker reaches it.
    `parts` also tells whether a worker delivers webhooks; while there is none, they wait and jobs are answered.
    """
    try:
        parts = await state_of(request).client.health()
    except StoreUnavailable:
        parts = {"redis": False}
    missing = sorted(name for name, there in parts.items() if not there and name not in NOT_NEEDED)
    found = Readiness(status="missing" if missing else "ok", missing=missing, parts=parts)
    headers = {"Retry-After": "2"} if missing else {}
    return Response(found.model_dump_json(), status_code=503 if missing else 200, media_type=JSON, headers=headers)


@router.get(
    "/v1/expectations",
    summary="How long answers take, and how often that held",
    response_model=Expectations,
    responses=refusals(),
)
async def expectations(request: Request) -> Response:
    """Tell the learned durations by task type, model and prompt size, and how often an attempt ended within its p90.

    They come from the latest 200 attempts of each task type and model, of all tenants, and hold no text. An attempt that was
    cut off by a limit counts as needing longer. Needs the scope `operations:read`.
    """
    state = state_of(request)
    state.gate.tenant(request, "operations:read")
    return Response((await state.client.expectations()).model_dump_json(), media_type=JSON)


@router.get("/v1/models", summary="The catalogue of models", response_model=Catalogue, responses=refusals())
async def models(request: Request) -> Response:
    """List the models with their lanes and prices, and whether they are simulated. Keys and addresses are not shown."""
    state = state_of(request)
    state.gate.tenant(request, "jobs:read")
    lanes = {lane: getattr(state.settings.lanes, lane).model for lane in LANES}
    data = [
        CatalogueEntry(
            id=name,
            model=model.model,
            lanes=[lane for lane, answered_by in lanes.items() if answered_by == name],
            structured=model.structured,
            input_usd_per_mtok=model.input_usd_per_mtok,
            output_usd_per_mtok=model.output_usd_per_mtok,
            simulated=model.simulated,
        )
        for name, model in sorted(state.settings.models.items())
    ]
    return Response(Catalogue(data=data).model_dump_json(), media_type=JSON)
