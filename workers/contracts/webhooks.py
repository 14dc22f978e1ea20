"""Webhooks as their owner sees them, and what one delivery needs on its way.

An endpoint belongs to a tenant and gets the events that it wants; a job may name an address of its own. Each event for
each address is one delivery: its id is the `webhook-id` of every try, so that receivers can tell repeats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, WithJsonSchema

from workers.contracts.job import Frozen

EventType = Literal["job.succeeded", "job.failed", "job.cancelled", "job.fallback"]
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)
ENDINGS: tuple[EventType, ...] = ("job.succeeded", "job.failed", "job.cancelled")
DeliveryStatus = Literal["pending", "delivered", "failed"]
TryError = Literal[
    "address_refused",  # the address is not one that may be asked: see `detail`
    "unresolved",  # the name has no address
    "unreachable",  # no connection, or one that broke
    "tls",  # the certificate or the handshake
    "timeout",
    "not_http",  # what answered is not HTTP
    "status",  # answered, but not with 2xx
]
MAX_URL_CHARS = 2_048
# What an address looks like; workers/submission/destination.py says why one is refused, in better words.
URL_PATTERN = r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s#\\]+$"
Url = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_URL_CHARS),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_URL_CHARS, "pattern": URL_PATTERN}),
]
Events = Annotated[list[EventType], Field(min_length=1, max_length=len(EVENT_TYPES))]


def job_of(delivery_id: str) -> str:
    """Tell which job a delivery is about, from its id alone.

    >>> job_of("msg_019a0f3c5b7e0123456789abcdef0123_1")
    'job_019a0f3c5b7e0123456789abcdef0123'
    """
    return f"job_{delivery_id.removeprefix('msg_').rpartition('_')[0]}"


class EndpointRequest(BaseModel):
    """The body of `POST /v1/webhooks`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Url = Field(description="where events are posted to", examples=["https://example.com/thinkline"])
    events: Events = Field(
        default_factory=lambda: list(ENDINGS),
        description="what it wants to hear; by default how jobs end",
        examples=[["job.succeeded", "job.failed"]],
    )
    description: Annotated[str, StringConstraints(max_length=200)] = Field(default="", description="for people")


class Endpoint(Frozen):
    """A registered endpoint."""

    id: str = Field(examples=["we_0123456789abcdef0123456789abcdef"])
    object: Literal["webhook_endpoint"] = "webhook_endpoint"
    url: str
    events: list[EventType]
    description: str = ""
    enabled: bool = True
    disabled_reason: Literal["gone"] | None = Field(
        default=None, description="`gone`: it answered 410 and gets nothing until it is enabled again"
    )
    failures: int = Field(default=0, description="failed tries in a row, of all its deliveries")
    paused_until: datetime | None = Field(default=None, description="when it is tried again; all deliveries wait")
    created_at: datetime


class NewEndpoint(Endpoint):
    """An endpoint that was just registered."""

    secret: str | None = Field(
        default=None,
        description="what the tenant's webhooks are signed with: shown here only if it was never shown before",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="],
    )


class EndpointList(Frozen):
    """All endpoints of a tenant."""

    object: Literal["list"] = "list"
    data: list[Endpoint]


class NewSecret(Frozen):
    """A signing secret, shown this once."""

    object: Literal["webhook_secret"] = "webhook_secret"
    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="])
    previous_until: datetime | None = Field(description="until then webhooks carry a second signature with the old one")


class Try(Frozen):
    """One try at a delivery."""

    at: datetime
    status: int | None = Field(default=None, description="what the receiver answered")
    error: TryError | None = None
    detail: str | None = None
    took_s: float


class Delivery(Frozen):
    """One event on its way to one address."""

    id: str = Field(description="the `webhook-id` of every try", examples=["msg_019a0f3c5b7e0123456789abcdef0123_1"])
    object: Literal["webhook_delivery"] = "webhook_delivery"
    event: EventType
    job_id: str
    endpoint_id: str | None = Field(default=None, description="None for the address that the job itself named")
    url: str
    status: DeliveryStatus
    reason: str | None = Field(default=None, description="why it failed: `exhausted`, `gone`, `disabled`, `deleted`")
    tries: int = 0
    log: list[Try] = Field(default_factory=list, description="its tries since it was last sent again, oldest first")
    created_at: datetime
    next_at: datetime | None = Field(
        default=None, description="when the next try is due; a paused endpoint waits longer"
    )
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries a list shows; what is None is not asked."""

    status: DeliveryStatus | None = None
    event: EventType | None = None
    endpoint_id: str | None = None
    job_id: str | None = None


class DeliveryPage(Frozen):
    """One page of a tenant's deliveries, newest first."""

    object: Literal["list"] = "list"
    data: list[Delivery]
    next_cursor: str | None = Field(default=None, description="give it back as `cursor` for the next page")


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent in one try.

    Args:
        delivery_id: the `webhook-id`.
        url: where to.
        event: its type.
        at_ms: when it happened, Unix milliseconds; the same in every try.
        job_id: the job.
        job: fields of its record as they were at that moment, as texts.
        secrets: what to sign with, one or two while rotating.
    """

    delivery_id: str
    url: str
    event: EventType
    at_ms: int
    job_id: str
    job: Mapping[str, str]
    secrets: tuple[SecretStr, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one try: a status, or the error that kept it from having one."""

    took_s: float
    status: int | None = None
    error: TryError | None = None
    detail: str | None = None
    retry_after_s: float | None = None

    @property
    def delivered(self) -> bool:
        """Whether the receiver has it: 2xx alone says so."""
        return self.error is None and self.status is not None and 200 <= self.status < 300
