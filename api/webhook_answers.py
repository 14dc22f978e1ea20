"""Examples of webhooks for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from api.answers import JOB_ID

ENDPOINT_ID = "we_0123456789abcdef0123456789abcdef"
DELIVERY_ID = f"msg_{JOB_ID.removeprefix('job_')}_1"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="  # noqa: S105 - an example, and nobody's
SHORT = {"url": "https://example.com/thinkline"}
CHOSEN = {
    "url": "https://example.com/thinkline",
    "events": ["job.failed", "job.fallback"],
    "description": "alerts of the night shift",
}
ENDPOINT: dict[str, Any] = {
    "id": ENDPOINT_ID, "object": "webhook_endpoint", "url": "https://example.com/thinkline",
    "events": ["job.succeeded", "job.failed", "job.cancelled"], "description": "", "enabled": True,
    "disabled_reason": None, "failures": 0, "paused_until": None, "created_at": "2026-01-05T09:00:00Z",
}  # fmt: skip
FIRST = {**ENDPOINT, "secret": SECRET}
LIST = {"object": "list", "data": [ENDPOINT]}
ROTATED = {"object": "webhook_secret", "secret": SECRET, "previous_until": "2026-01-06T09:00:00Z"}
DELIVERY: dict[str, Any] = {
    "id": DELIVERY_ID, "object": "webhook_delivery", "event": "job.succeeded", "job_id": JOB_ID,
    "endpoint_id": ENDPOINT_ID, "url": "https://example.com/thinkline", "status": "pending", "reason": None, "tries": 1,
    "log": [{
        "at": "2026-01-05T09:00:16Z", "status": 503, "error": "status", "detail": "the receiver answered 503",
        "took_s": 0.212,
    }],
    "created_at": "2026-01-05T09:00:15.800Z", "next_at": "2026-01-05T09:00:21Z", "delivered_at": None,
}  # fmt: skip
AGAIN = {**DELIVERY, "tries": 0, "log": [], "next_at": "2026-01-05T09:30:00Z"}
PAGE = {"object": "list", "data": [DELIVERY], "next_cursor": None}
