"""Webhook endpoints of a tenant, its signing secret, and what was sent."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from api import webhook_answers as examples
from api.body import read_model
from api.document import refusals, shown
from api.problems import Problem
from api.routes.jobs import Strict
from api.state import state_of
from workers.contracts.webhooks import (
    Delivery,
    DeliveryFilter,
    DeliveryPage,
    DeliveryStatus,
    Endpoint,
    EndpointList,
    EndpointRequest,
    EventType,
    NewEndpoint,
    NewSecret,
)

router = APIRouter(tags=["webhooks"])
JSON = "application/json"
MOST_BYTES = 16_384
EndpointId = Annotated[str, Path(description="the endpoint's id", examples=[examples.ENDPOINT_ID])]
DeliveryId = Annotated[str, Path(description="the delivery's id", examples=[examples.DELIVERY_ID])]
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {"$ref": "#/components/schemas/EndpointRequest"},
                "examples": {"endings": {"value": examples.SHORT}, "chosen events": {"value": examples.CHOSEN}},
            }
        },
    }
}


class DeliveriesQuery(Strict):
    """Which deliveries are listed."""

    status: DeliveryStatus | None = Field(default=None, description="only deliveries in this state")
    event: EventType | None = Field(default=None, description="only deliveries of this event")
    endpoint_id: str | None = Field(default=None, max_length=64, description="only deliveries to this endpoint")
    job_id: str | None = Field(default=None, max_length=64, description="only deliveries of this job")
    limit: int = Field(default=20, ge=1, le=1000, description="most deliveries on the page")
    cursor: str | None = Field(
        default=None,
        max_length=100,
        description="`next_cursor` of the page before",
        json_schema_extra={"pattern": "^[0-9]{1,15}-msg_[0-9a-f]{32}_[0-9]{1,9}$"},
    )


@router.post(
    "/v1/webhooks",
    status_code=201,
    summary="Register an endpoint",
    openapi_extra=BODY,
    response_model=NewEndpoint,
    responses={201: shown("registered", first=examples.FIRST), **refusals(400, 408, 409, 413, 415, 422)},
)
async def create(request: Request) -> Response:
    """Register where events are posted to.

    The tenant's signing secret is shown with the first endpoint, and never again: to have another one, rotate it.
    """
    state = state_of(request)
    tenant = state.gate.tenant(request, "webhooks:write")
    wanted = await read_model(request, EndpointRequest, MOST_BYTES)
    made = await state.client.webhooks.create(tenant, wanted)
    headers = {"Location": f"/v1/webhooks/{made.id}"}
    return Response(made.model_dump_json(), status_code=201, media_type=JSON, headers=headers)


@router.get(
    "/v1/webhooks",
    summary="List endpoints",
    response_model=EndpointList,
    responses={200: shown("the endpoints, oldest first", one=examples.LIST), **refusals()},
)
async def listed(request: Request) -> Response:
    """List the tenant's endpoints and how they fare. Secrets are not shown."""
    state = state_of(request)
    found = await state.client.webhooks.endpoints(state.gate.tenant(request, "webhooks:read"))
    return Response(EndpointList(data=found).model_dump_json(), media_type=JSON)


@router.post(
    "/v1/webhooks/secret/rotate",
    summary="Make a new signing secret",
    response_model=NewSecret,
    responses={200: shown("the new secret, shown this once", rotated=examples.ROTATED), **refusals()},
)
async def rotate(request: Request) -> Response:
    """Make a new signing secret for the tenant; for a day every webhook carries a signature with the old one, too."""
    state = state_of(request)
    made = await state.client.webhooks.rotate(state.gate.tenant(request, "webhooks:write"))
    return Response(made.model_dump_json(), media_type=JSON)


@router.get(
    "/v1/webhooks/deliveries",
    summary="List deliveries, newest first",
    response_model=DeliveryPage,
    responses={200: shown("deliveries", one=examples.PAGE), **refusals(422)},
)
async def deliveries(request: Request, query: Annotated[DeliveriesQuery, Query()]) -> Response:
    """List what was sent and what is to be sent. With filters a page can be short and still have a `next_cursor`."""
    state = state_of(request)
    tenant = state.gate.tenant(request, "webhooks:read")
    if query.limit > state.settings.api.page_limit:
        raise Problem(422, "invalid_request", f"must be at most {state.settings.api.page_limit}", field="limit")
    wanted = DeliveryFilter(query.status, query.event, query.endpoint_id, query.job_id)
    page = await state.client.webhooks.deliveries(tenant, wanted, limit=query.limit, cursor=query.cursor)
    return Response(page.model_dump_json(), media_type=JSON)


@router.get(
    "/v1/webhooks/deliveries/{delivery_id}",
    summary="Read a delivery with its tries",
    response_model=Delivery,
    responses={200: shown("the delivery", retrying=examples.DELIVERY), **refusals(404, 422)},
)
async def delivery(request: Request, delivery_id: DeliveryId) -> Response:
    """Read a delivery: each try with what the receiver answered, and when the next one is due."""
    state = state_of(request)
    return _delivery(await state.client.webhooks.delivery(state.gate.tenant(request, "webhooks:read"), delivery_id))


@router.post(
    "/v1/webhooks/deliveries/{delivery_id}/resend",
    status_code=202,
    summary="Send a delivery again",
    response_model=Delivery,
    responses={202: shown("the delivery, on its way again", again=examples.AGAIN), **refusals(404, 409, 422)},
)
async def resend(request: Request, delivery_id: DeliveryId) -> Response:
    """Send an ended delivery again, with the same id and body, and with a schedule that begins anew."""
    state = state_of(request)
    tenant = state.gate.tenant(request, "webhooks:write")
    return _delivery(await state.client.webhooks.send_again(tenant, delivery_id), 202)


@router.get(
    "/v1/webhooks/{endpoint_id}",
    summary="Read an endpoint",
    response_model=Endpoint,
    responses={200: shown("the endpoint", healthy=examples.ENDPOINT), **refusals(404, 422)},
)
async def read(request: Request, endpoint_id: EndpointId) -> Response:
    """Read an endpoint and how it fares. The secret is not shown."""
    state = state_of(request)
    found = await state.client.webhooks.get(state.gate.tenant(request, "webhooks:read"), endpoint_id)
    return Response(found.model_dump_json(), media_type=JSON)


@router.delete(
    "/v1/webhooks/{endpoint_id}",
    status_code=204,
    summary="Delete an endpoint",
    response_class=Response,
    responses={204: {"description": "deleted"}, **refusals(404, 422)},
)
async def delete(request: Request, endpoint_id: EndpointId) -> Response:
    """Delete an endpoint; what is on its way to it is not sent any more."""
    state = state_of(request)
    await state.client.webhooks.delete(state.gate.tenant(request, "webhooks:write"), endpoint_id)
    return Response(status_code=204)


@router.post(
    "/v1/webhooks/{endpoint_id}/enable",
    summary="Enable an endpoint",
    response_model=Endpoint,
    responses={200: shown("the endpoint, enabled", healthy=examples.ENDPOINT), **refusals(404, 422)},
)
async def enable(request: Request, endpoint_id: EndpointId) -> Response:
    """Let an endpoint that answered 410 have events again, and try a paused one at once."""
    state = state_of(request)
    found = await state.client.webhooks.enable(state.gate.tenant(request, "webhooks:write"), endpoint_id)
    return Response(found.model_dump_json(), media_type=JSON)


def _delivery(found: Delivery, status: int = 200) -> Response:
    return Response(found.model_dump_json(), status_code=status, media_type=JSON)
