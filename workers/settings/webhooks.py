"""Settings of webhooks."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from workers.settings.section import Seconds, Section


class WebhookSettings(Section):
    """Webhooks: where they may go, how long a try may take, and when the next one is due."""

    slots: int = Field(default=50, ge=1, le=1_000, description="deliveries in flight in one worker process")
    allow_http: bool = Field(default=False, description="also send to http:// addresses, unencrypted")
    allow_networks: list[str] = Field(
        default=[], description='networks beyond the public ones that may be sent to, e.g. `["10.1.0.0/16"]`'
    )
    ca_file: Path | None = Field(default=None, description="certificates to trust instead of the usual authorities")
    connect_timeout_s: Seconds = Field(default=5.0, description="limit for connecting to one address")
    total_s: Seconds = Field(default=15.0, description="limit for one try, from the look-up of the name to the answer")
    max_answer_bytes: int = Field(default=65_536, ge=0, description="how much of an answer is read")
    include_result: bool = Field(default=True, description="whether the result is in the event, or only its address")
    max_result_bytes: int = Field(
        default=65_536, ge=0, le=1_000_000, description="larger results are left out of the event"
    )
    retry_s: list[Seconds] = Field(
        default=[5, 300, 1_800, 7_200, 18_000, 36_000, 21_600],
        description="waits between the tries; the first try is at once",
    )
    jitter: float = Field(default=0.1, ge=0, le=0.5, description="share by which each wait is made longer or shorter")
    window_s: Seconds = Field(default=86_400, description="after that, counted from the event, the last try is made")
    max_retry_after_s: Seconds = Field(default=21_600, description="longest `Retry-After` that is honoured")
    endpoint_slots: int = Field(
        default=10,
        ge=1,
        le=1_000,
        description="tries of one endpoint at once, so that a slow one leaves slots to others",
    )
    endpoint_failures: int = Field(default=5, ge=1, le=1_000, description="failures in a row that pause an endpoint")
    endpoint_pause_s: Seconds = Field(default=10.0, description="its first pause; each further one is twice as long")
    endpoint_max_pause_s: Seconds = Field(default=1_800, description="its longest pause")
    poll_s: Seconds = Field(default=0.2, description="how often deliveries that are due are looked for")
    max_endpoints: int = Field(default=10, ge=1, le=100, description="most endpoints of one tenant")
    max_kept: int = Field(default=10_000, ge=10, description="most ended deliveries of one tenant that are kept")
    retention_s: Seconds = Field(default=259_200, description="how long an ended delivery is kept")
    rotation_s: Seconds = Field(default=86_400, description="how long the old secret signs, too, after a rotation")
    signing_key: SecretStr | None = Field(
        default=None,
        description="secrets are derived with this key, so that what lies in Redis does not suffice to sign;"
        " changing it changes every secret",
    )

    @field_validator("allow_networks")
    @classmethod
    def _are_networks(cls, value: list[str]) -> list[str]:
        for text in value:
            ipaddress.ip_network(text)  # its error names the text, and what is wrong with it
        return value

    @property
    def networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The networks beyond the public ones."""
        return tuple(ipaddress.ip_network(text) for text in self.allow_networks)
