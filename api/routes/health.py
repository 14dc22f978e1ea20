"""Whether the process lives, whether the whole system is there, and which models it has."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request, Response

from api.state import state_of
from workers.contracts.errors import StoreUnavailable

router = APIRouter(tags=["operations"])
JSON = "application/json"


@router.get("/healthz", summary="Whether this process lives")
async def healthz() -> Response:
    """Answer as long as the process can; asks nobody else."""
    return Response('{"status":"ok"}', media_type=JSON)


@router.get("/readyz", summary="Whether every part is there")
async def readyz(request: Request) -> Response:
    """200 when Redis answers and every queue has a worker; else 503 with the parts that are missing."""
    try:
        parts = await state_of(request).client.health()
    except StoreUnavailable:
        parts = {"redis": False}
    missing = sorted(name for name, there in parts.items() if not there)
    body = {"status": "missing" if missing else "ok", "missing": missing, "parts": parts}
    headers = {"Retry-After": "2"} if missing else {}
    return Response(json.dumps(body), status_code=503 if missing else 200, media_type=JSON, headers=headers)


@router.get("/v1/models", summary="The catalogue of models")
async def models(request: Request) -> Response:
    """List the models with their lanes and prices, and whether they are simulated."""
    state = state_of(request)
    state.gate.tenant(request, "jobs:read")
    settings = state.settings
    lanes = {name: getattr(settings.lanes, name).model for name in ("reasoning", "standard", "fallback")}
    data = [
        {
            "id": name,
            "object": "model",
            "model": model.model,
            "lanes": [lane for lane, answered_by in lanes.items() if answered_by == name],
            "structured": model.structured,
            "input_usd_per_mtok": model.input_usd_per_mtok,
            "output_usd_per_mtok": model.output_usd_per_mtok,
            "simulated": model.simulated,
        }
        for name, model in sorted(settings.models.items())
    ]
    return Response(json.dumps({"object": "list", "data": data}), media_type=JSON)
