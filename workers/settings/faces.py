"""Settings of what people and programs talk to: the API with its keys, live streams, Flower."""

from __future__ import annotations

import ipaddress
from typing import Literal

from pydantic import Field, SecretStr

from workers.settings.section import Name, Seconds, Section

Scope = Literal["jobs:read", "jobs:write", "operations:read", "webhooks:read", "webhooks:write"]


class ApiSettings(Section):
    """The HTTP face."""

    host: str = Field(default="127.0.0.1", description="address to bind; without API keys only loopback is allowed")
    port: int = Field(default=8080, ge=1, le=65_535, description="port to bind")
    processes: int = Field(default=1, ge=1, le=64, description="API processes that share the port")
    max_body_bytes: int = Field(default=2_000_000, ge=1_000, description="largest request body")
    max_wait_s: Seconds = Field(default=60.0, description="longest long poll")
    max_waiters: int = Field(default=10_000, ge=1, description="long polls open at once in one process")
    page_limit: int = Field(default=100, ge=1, le=1_000, description="most jobs on one page")


class StreamSettings(Section):
    """Live streams of events."""

    per_tenant: int = Field(default=1_000, ge=1, description="streams open at once for one tenant in one API process")
    heartbeat_s: Seconds = Field(default=15.0, description="how often a comment keeps a stream alive")
    tick_s: Seconds = Field(
        default=1.0, description="how often a silent stream tells the time; above 400 streams of a process less often"
    )
    send_s: Seconds = Field(
        default=20.0, description="a reader that takes nothing for so long is dropped; it can resume"
    )
    longest_s: Seconds = Field(default=7_200.0, description="a stream ends after that; it can be resumed")
    thinking_text: bool = Field(default=False, description="keep what models think, and send it to who asks for it")


class FlowerSettings(Section):
    """The monitoring page of Celery."""

    host: str = Field(default="127.0.0.1", description="address to bind")
    port: int = Field(default=5555, ge=1, le=65_535, description="port to bind")
    broker_api: SecretStr | None = Field(
        default=None,
        description="RabbitMQ's management API, e.g. `http://user:password@rabbit:15672/api/`, for Flower's broker page",
    )


class ApiKey(Section):
    """One API key: only its hash is kept. `thinkline key new` makes one."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the key, in hex")
    tenant: Name = Field(description="whose jobs it sees")
    scopes: list[Scope] = Field(default=["jobs:read", "jobs:write"], min_length=1, description="what it may do")
    name: str = Field(default="", max_length=64, description="to tell keys apart in logs")


def is_loopback(host: str) -> bool:
    """Whether an address to bind to can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
