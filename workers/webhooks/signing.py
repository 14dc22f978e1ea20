"""Signs webhooks as Standard Webhooks asks (https://www.standardwebhooks.com): HMAC-SHA256 over id, time and body.

The tests verify these signatures with the independent package `standardwebhooks`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from pydantic import SecretStr

PREFIX = "whsec_"


def signature(secret: SecretStr, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Make one signature, `v1,` and its base64.

    Args:
        secret: `whsec_` and base64.
        webhook_id: the same in every try.
        timestamp: of this try, in whole seconds.
        body: the bytes that are sent.
    """
    key = base64.b64decode(secret.get_secret_value().removeprefix(PREFIX))
    signed = b".".join((webhook_id.encode(), str(timestamp).encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


def signed_headers(secrets: Sequence[SecretStr], webhook_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Make the three headers; with two secrets, while one replaces the other, there are two signatures."""
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, webhook_id, timestamp, body) for secret in secrets),
    }
