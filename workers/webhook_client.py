"""Endpoints, signing secrets and deliveries of a tenant: the face of webhooks that the API imports.

It promises that no tenant sees another's, and that a secret is shown once, when it is made.
"""

from __future__ import annotations

import re
import secrets
import time

from redis.asyncio import Redis

from workers.contracts.errors import InvalidRequest, NotFound, WrongState
from workers.contracts.webhooks import (
    Delivery,
    DeliveryFilter,
    DeliveryPage,
    Endpoint,
    EndpointRequest,
    NewEndpoint,
    NewSecret,
)
from workers.settings import Settings
from workers.store.scripts import Scripts
from workers.store.webhooks import WebhookStore
from workers.submission.destination import read_destination

ENDPOINT_ID = re.compile(r"we_[0-9a-f]{32}\Z")
DELIVERY_ID = re.compile(r"msg_[0-9a-f]{32}_[0-9]{1,9}\Z")
CURSOR = re.compile(r"[0-9]{1,15}-msg_[0-9a-f]{32}_[0-9]{1,9}\Z")
NOT_AGAIN = {
    "pending": "it is on its way already",
    "deleted": "its endpoint was deleted",
    "disabled": "its endpoint is disabled; enable it first",
}


class WebhookClient:
    """The webhooks of all tenants, for one process."""

    def __init__(self, redis: Redis, scripts: Scripts, settings: Settings) -> None:
        self._store = WebhookStore(redis, scripts, settings)
        self._settings = settings.webhooks

    async def create(self, tenant: str, wanted: EndpointRequest) -> NewEndpoint:
        """Register an endpoint.

        Raises:
            InvalidRequest: its address may not be sent to.
            WrongState: there are too many endpoints.
            StoreUnavailable: Redis is away.
        """
        url = read_destination(wanted.url, self._settings).url
        endpoint_id, now_ms = f"we_{secrets.token_hex(16)}", int(time.time() * 1000)
        events = list(dict.fromkeys(wanted.events))
        record = {
            "url": url,
            "events": ",".join(events),
            "description": wanted.description,
            "created_at": str(now_ms),
        }
        added, secret = await self._store.add(tenant, endpoint_id, record)
        if not added:
            most = self._settings.max_endpoints
            raise WrongState(f"there are {most} endpoints already, and more are not allowed", status="full")
        made = await self.get(tenant, endpoint_id)
        return NewEndpoint(**made.model_dump(), secret=secret.get_secret_value() if secret else None)

    async def get(self, tenant: str, endpoint_id: str) -> Endpoint:
        """Read an endpoint.

        Raises:
            NotFound: the tenant has no such endpoint.
        """
        for endpoint in await self._store.endpoints(tenant):
            if endpoint.id == endpoint_id:
                return endpoint
        raise NotFound("there is no such endpoint")

    async def endpoints(self, tenant: str) -> list[Endpoint]:
        """List a tenant's endpoints, oldest first; secrets are not among what they show."""
        return await self._store.endpoints(tenant)

    async def delete(self, tenant: str, endpoint_id: str) -> None:
        """Delete an endpoint; what was on its way to it is not sent any more.

        Raises:
            NotFound: the tenant has no such endpoint.
        """
        if not ENDPOINT_ID.match(endpoint_id) or not await self._store.change("delete", tenant, endpoint_id):
            raise NotFound("there is no such endpoint")

    async def enable(self, tenant: str, endpoint_id: str) -> Endpoint:
        """Let a disabled endpoint have events again, and a paused one at once.

        Raises:
            NotFound: the tenant has no such endpoint.
        """
        if not ENDPOINT_ID.match(endpoint_id) or not await self._store.change("enable", tenant, endpoint_id):
            raise NotFound("there is no such endpoint")
        return await self.get(tenant, endpoint_id)

    async def rotate(self, tenant: str) -> NewSecret:
        """Make a new signing secret for a tenant; the old one signs, too, for `webhooks.rotation_s` seconds."""
        secret, until = await self._store.rotate(tenant)
        return NewSecret(secret=secret.get_secret_value(), previous_until=until)

    async def delivery(self, tenant: str, delivery_id: str) -> Delivery:
        """Read a delivery with its tries.

        Raises:
            NotFound: the tenant has no such delivery.
        """
        found = await self._store.delivery(tenant, delivery_id) if DELIVERY_ID.match(delivery_id) else None
        if found is None:
            raise NotFound("there is no such delivery")
        return found

    async def deliveries(
        self, tenant: str, wanted: DeliveryFilter, *, limit: int = 20, cursor: str | None = None
    ) -> DeliveryPage:
        """List a tenant's deliveries, newest first.

        Raises:
            InvalidRequest: the cursor is not one of ours.
        """
        if cursor is not None and not CURSOR.match(cursor):
            raise InvalidRequest("is not a cursor of this list", field="cursor")
        asked = {name: value for name in wanted.__slots__ if (value := getattr(wanted, name)) is not None}
        found, following = await self._store.page(tenant, limit=limit, cursor=cursor, wanted=asked)
        return DeliveryPage(data=found, next_cursor=following)

    async def send_again(self, tenant: str, delivery_id: str) -> Delivery:
        """Send an ended delivery again, under the same id.

        Raises:
            NotFound: the tenant has no such delivery.
            WrongState: it is on its way, or its endpoint is gone or disabled.
        """
        answer = await self._store.again(tenant, delivery_id) if DELIVERY_ID.match(delivery_id) else "unknown"
        if answer == "unknown":
            raise NotFound("there is no such delivery")
        if answer != "ok":
            raise WrongState(f"the delivery cannot be sent again: {NOT_AGAIN[answer]}", status=answer)
        return await self.delivery(tenant, delivery_id)
