"""How an endpoint is reached: its address and its key, as the upstream client needs them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class UpstreamConfig(BaseModel):
    """An OpenAI-compatible endpoint with its key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = Field(description="address up to and with `/v1`")
    api_key: SecretStr | None = Field(default=None, description="sent as a bearer token")
    headers: dict[str, str] = Field(default_factory=dict, description="sent with every call")
    connect_timeout_s: float = Field(default=5.0, gt=0, description="limit for connecting, in seconds")
    max_retries: int = Field(default=2, ge=0, description="tries again before the first token")
    verify_tls: bool = Field(default=True, description="whether its certificate is checked")
