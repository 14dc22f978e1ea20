"""Settings of what keeps and carries jobs: Redis, a broker beside it, leases and retention."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field

from workers.settings.section import Seconds, Section


class RedisSettings(Section):
    """How Redis is reached."""

    connect_timeout_s: Seconds = Field(default=2.0, description="limit for connecting")
    command_timeout_s: Seconds = Field(default=5.0, description="limit for one command")
    key_prefix: str = Field(default="tl:", pattern=r"^[A-Za-z0-9:_-]{1,32}$", description="begins every key")
    max_connections: int = Field(default=64, ge=4, le=10_000, description="connections of one process")


class BrokerSettings(Section):
    """How a broker beside Redis is reached; only with `broker_url`."""

    connect_timeout_s: Seconds = Field(default=3.0, description="limit for connecting")
    publish_timeout_s: Seconds = Field(default=5.0, description="limit for a message until the broker confirms it")
    heartbeat_s: Seconds = Field(default=10.0, description="after two of them without a sign a connection is dead")


class ReliabilitySettings(Section):
    """Leases, the reaper and what is kept how long."""

    lease_s: Seconds = Field(default=5.0, description="a worker that did not renew for so long is presumed dead")
    heartbeat_s: Seconds = Field(default=1.0, description="how often leases are renewed and progress is written")
    reap_s: Seconds = Field(default=0.5, description="how often overdue jobs are looked for")
    max_crashes: int = Field(default=3, ge=1, le=100, description="dead workers after which a job is set aside")
    lost_message_s: Seconds = Field(default=5.0, description="wait before a job's broker message counts as lost")
    shutdown_grace_s: Seconds = Field(default=3.0, description="what a stopping worker gives its jobs to end")
    retention_s: Seconds = Field(default=604_800, description="how long an ended job is kept")
    idempotency_s: Seconds = Field(default=86_400, description="how long an idempotency key is remembered")
    event_limit: int = Field(default=1_000, ge=10, le=100_000, description="most events kept for one job")


def check_address(url: str) -> None:
    """Refuse what redis-py would fail on, or pass over, when it connects; says nothing of the address itself."""
    check_port(url)
    parts = urlsplit(url)
    if parts.scheme != "unix" and not (parts.path.strip("/") or "0").isdigit():
        raise ValueError("its path must be the number of a database, e.g. /0")


def check_port(url: str) -> None:
    """Refuse a port that is no number; says nothing of the address itself."""
    try:
        port = urlsplit(url).port
        fits = port is None or port > 0
    except ValueError:  # its words quote a part of the address, which may be the password
        fits = False
    if not fits:
        raise ValueError(
            "its port must be a number; `/`, `?`, `#` and `@` in a password are written as %2F, %3F, %23, %40"
        )
