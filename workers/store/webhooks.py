"""Webhooks in Redis: endpoints, signing secrets and deliveries.

That an event happened is noted by the scripts that end a job (`tell` in webhooks.lua); what is here takes it on from there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast

from pydantic import SecretStr
from redis.asyncio import Redis

from workers.contracts.webhooks import Delivery, Endpoint, EventType, Parcel, Try
from workers.settings import Settings
from workers.store.connection import translated
from workers.store.messages import message
from workers.store.record import as_json, encode
from workers.store.scripts import Scripts

Outcome = Literal["delivered", "retry", "failed", "gone", "released"]
PREFIX = "whsec_"
SECRET_BYTES = 32
SLACK_S = 5.0  # added to a try's own limit before its claim counts as lost
SCAN = 200  # deliveries looked at in one go when a list is filtered
MOST_SCANNED = 2_000
SHOWN = (
    "tenant",
    "job",
    "event",
    "endpoint",
    "url",
    "status",
    "reason",
    "tries",
    "log",
    "created_at",
    "next_at",
    "delivered_at",
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that this process may try now, once.

    Args:
        parcel: what to send.
        claim: the number of this claim; a later one fences it off.
        tries: which try it is, counted from 1; those whose worker died are not counted.
        since_ms: when its window began, by Redis' clock.
        now_ms: the time of the claim.
    """

    parcel: Parcel
    claim: int
    tries: int
    since_ms: int
    now_ms: int


@dataclass(frozen=True, slots=True)
class Settled:
    """How a try ended.

    Args:
        outcome: what becomes of the delivery.
        wait_s: before its next try.
        note: the try, for the delivery's log.
        pause_s: for so long its whole target is to be left alone; 0 when it did not ask for it.
        share: of the target's pause, so that not all begin again at once.
    """

    outcome: Outcome
    wait_s: float = 0.0
    note: Try | None = None
    pause_s: float = 0.0
    share: float = 1.0


def new_material() -> str:
    """Make what a secret is made of: 32 random bytes in base64, with its padding."""
    return base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def secret_of(material: str, tenant: str, signing_key: SecretStr | None) -> SecretStr:
    """Make a signing secret of what lies in Redis.

    Without a key of the operator it is the material itself. With one it is HMAC-SHA256(key, label, tenant, material), so
    that whoever reads Redis alone cannot sign.

    Returns:
        `whsec_` and 32 bytes in padded base64.
    """
    if signing_key is None:
        return SecretStr(PREFIX + material)
    text = f"thinkline webhook secret\n{tenant}\n{material}".encode()
    derived = hmac.new(signing_key.get_secret_value().encode(), text, hashlib.sha256).digest()
    return SecretStr(PREFIX + base64.b64encode(derived).decode())


class WebhookStore:
    """The endpoints and deliveries of all tenants."""

    def __init__(self, redis: Redis, scripts: Scripts, settings: Settings) -> None:
        self._redis: Any = redis  # the library's types allow bytes; our connections decode them
        self._call = scripts.call
        self._prefix = settings.redis.key_prefix
        self._kept = settings.webhooks
        self._limits = (str(self._kept.endpoint_failures), _ms(self._kept.window_s), str(self._kept.endpoint_slots))

    async def add(self, tenant: str, endpoint_id: str, record: Mapping[str, Any]) -> tuple[bool, SecretStr | None]:
        """Register an endpoint; whether there was room, and the tenant's secret if it was never shown."""
        most = str(self._kept.max_endpoints)
        reply = await self._call("endpoint", "add", tenant, endpoint_id, most, as_json(record), new_material())
        if reply[0] == "full":
            return False, None
        return True, secret_of(reply[1], tenant, self._kept.signing_key) if reply[1] else None

    async def change(self, what: Literal["delete", "enable"], tenant: str, endpoint_id: str) -> bool:
        """Delete or enable an endpoint; whether there is one."""
        reply = await self._call("endpoint", what, tenant, endpoint_id)
        return bool(reply[0] == "ok")

    async def rotate(self, tenant: str) -> tuple[SecretStr, datetime | None]:
        """Make a new secret; with it comes the moment until which the old one signs, too."""
        material = new_material()
        reply = await self._call("endpoint", "rotate", tenant, "", material, _ms(self._kept.rotation_s))
        until = _moment(reply[1]) if reply[1] != "0" else None
        return secret_of(material, tenant, self._kept.signing_key), until

    async def endpoints(self, tenant: str) -> list[Endpoint]:
        """List a tenant's endpoints, oldest first."""
        key = f"{self._prefix}tenant:{tenant}:endpoints"
        with translated():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hgetall(key)
            pipeline.hgetall(f"{key}:off")
            records, off = await pipeline.execute()
            pipeline = self._redis.pipeline(transaction=False)
            for endpoint_id in records:
                pipeline.hmget(f"{self._prefix}target:{tenant}:{endpoint_id}", "failures", "until")
            fares = await pipeline.execute() if records else []
        found = [
            _endpoint(endpoint_id, json.loads(record), off.get(endpoint_id), fare)
            for (endpoint_id, record), fare in zip(records.items(), fares, strict=True)
        ]
        return sorted(found, key=lambda endpoint: (endpoint.created_at, endpoint.id))

    async def due(self, most: int, queue_room: int) -> list[tuple[str, int]]:
        """Take the deliveries whose time has come, with the tries that they had; the rest of their way is `send_hints`."""
        reply = await self._call("deliveries_due", str(most), str(queue_room), *self._limits)
        return list(zip(reply[::2], map(int, reply[1::2]), strict=True))

    async def send_hints(self, found: Sequence[tuple[str, int]]) -> None:
        """Put a message for each delivery into the queue; one that is lost is sent again when it is due again."""
        if found:
            with translated():
                await self._redis.lpush(
                    f"{self._prefix}deliver", *(message("deliver", delivery_id, tries) for delivery_id, tries in found)
                )

    async def claim(self, delivery_id: str) -> Taken | str:
        """Take a delivery for one try; a string says why not."""
        lease = _ms(self._kept.total_s + SLACK_S)
        reply = await self._call("deliver_claim", delivery_id, lease, *self._limits, new_material())
        if reply[0] != "claimed":
            return str(reply[0])
        _, now, claim, current, previous, *flat = reply
        record = dict(zip(flat[::2], flat[1::2], strict=True))
        materials = [material for material in (current, previous) if material]
        parcel = Parcel(
            delivery_id=delivery_id,
            url=record["url"],
            event=cast("EventType", record["event"]),
            at_ms=int(record["created_at"]),
            job_id=record["job"],
            job={name[4:]: value for name, value in record.items() if name.startswith("job.")},
            secrets=tuple(secret_of(one, record["tenant"], self._kept.signing_key) for one in materials),
        )
        return Taken(parcel, int(claim), int(record["tries"]) + 1, int(record["since"]), int(now))

    async def settle(self, taken: Taken, settled: Settled) -> str:
        """Write how a try ended; `ok`, or the status that stood in the way."""
        kept = self._kept
        return cast(
            "str",
            await self._call(
                "deliver_settle", taken.parcel.delivery_id, str(taken.claim), settled.outcome, _ms(settled.wait_s),
                encode(settled.note) if settled.note else "", str(kept.endpoint_failures), _ms(kept.endpoint_pause_s),
                _ms(kept.endpoint_max_pause_s), _ms(settled.pause_s), f"{settled.share:.4f}",
            ),
        )  # fmt: skip

    async def again(self, tenant: str, delivery_id: str) -> str:
        """Send an ended delivery again; `ok`, `unknown`, or why not."""
        return cast("str", await self._call("deliver_again", delivery_id, tenant))

    async def delivery(self, tenant: str, delivery_id: str) -> Delivery | None:
        """Read a delivery of a tenant."""
        return (await self._read([delivery_id], tenant))[0]

    async def page(
        self, tenant: str, *, limit: int, cursor: str | None, wanted: Mapping[str, str]
    ) -> tuple[list[Delivery], str | None]:
        """Read a tenant's deliveries, newest first, that have the wanted values.

        Args:
            tenant: whose.
            limit: most deliveries returned.
            cursor: what the page before gave.
            wanted: fields of Delivery with the value that each must have.

        Returns:
            The deliveries and the cursor of the next page, None at the end.
        """
        key, found, scanned = f"{self._prefix}tenant:{tenant}:deliveries", list[Delivery](), 0
        at = _position(cursor) if cursor else None
        while scanned < MOST_SCANNED:
            with translated():
                # From the cursor's moment on, its own millisecond included: several deliveries may share it.
                rows = await self._redis.zrevrangebyscore(
                    key, at[0] if at else "+inf", "-inf", start=0, num=SCAN, withscores=True
                )
            fresh = [(name, int(score)) for name, score in rows if at is None or (int(score), name) < at]
            for (name, score), delivery in zip(
                fresh, await self._read([name for name, _ in fresh], tenant), strict=True
            ):
                if delivery is not None and all(getattr(delivery, part) == value for part, value in wanted.items()):
                    if len(found) == limit:
                        return found, _cursor(at)
                    found.append(delivery)
                at = (score, name)
            scanned += len(rows)
            if len(rows) < SCAN or not fresh:
                return found, None
        return found, _cursor(at)

    async def _read(self, delivery_ids: Sequence[str], tenant: str) -> list[Delivery | None]:
        with translated():
            pipeline = self._redis.pipeline(transaction=False)
            for delivery_id in delivery_ids:
                pipeline.hmget(f"{self._prefix}delivery:{delivery_id}", SHOWN)
            rows = await pipeline.execute() if delivery_ids else []
        return [_delivery(name, row, tenant) for name, row in zip(delivery_ids, rows, strict=True)]


def _endpoint(endpoint_id: str, record: dict[str, Any], off: str | None, fare: list[str | None]) -> Endpoint:
    paused = _moment(fare[1]) if fare[1] else None
    return Endpoint.model_validate(
        {
            "id": endpoint_id,
            "url": record["url"],
            "events": record["events"].split(","),
            "description": record["description"],
            "enabled": off is None,
            "disabled_reason": off,
            "failures": int(fare[0] or 0),
            "paused_until": paused if paused and paused > datetime.now(UTC) else None,
            "created_at": _moment(record["created_at"]),
        }
    )


def _delivery(delivery_id: str, row: list[str | None], tenant: str) -> Delivery | None:
    found = {name: value for name, value in zip(SHOWN, row, strict=True) if value not in (None, "")}
    if found.pop("tenant", None) != tenant:
        return None
    data: dict[str, Any] = {
        "id": delivery_id,
        "job_id": found.pop("job"),
        "endpoint_id": found.pop("endpoint", None),
        **found,
    }
    data["log"] = json.loads(f"[{found.get('log', '')}]")
    for name in ("created_at", "next_at", "delivered_at"):
        if name in data:
            data[name] = _moment(data[name])
    if data["status"] != "pending":
        data["next_at"] = None
    return Delivery.model_validate(data)


def _cursor(at: tuple[int, str] | None) -> str | None:
    return f"{at[0]}-{at[1]}" if at else None


def _position(cursor: str) -> tuple[int, str]:
    score, _, name = cursor.partition("-")
    return int(score), name


def _moment(ms: Any) -> datetime:
    return datetime.fromtimestamp(int(ms) / 1000, tz=UTC)


def _ms(seconds: float) -> str:
    return str(round(seconds * 1000))
