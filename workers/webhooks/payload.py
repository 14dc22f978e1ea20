"""What a webhook says: the event, its time, and the job as it was then. Never the prompt.

The body is the same, byte for byte, in every try. A result above `webhooks.max_result_bytes` is left out; its place is
taken by its size, and the job's address has it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from workers.contracts.webhooks import Parcel

# In this order, always: Redis gives the fields of a hash in any.
ORDER = (
    "status", "lane", "attempt", "model", "served_by", "task_type", "truncated", "repaired", "usage", "cost_usd", "cache",
    "fallback", "error", "metadata", "created_at", "started_at", "finished_at",
)  # fmt: skip
JSON_FIELDS = frozenset({"usage", "fallback", "error", "cache", "metadata"})
NUMBERS = frozenset({"attempt", "cost_usd"})
TIMES = frozenset({"created_at", "started_at", "finished_at"})
FLAGS = frozenset({"truncated", "repaired"})


def body_of(parcel: Parcel) -> bytes:
    """Write the body of a webhook."""
    event = {"type": parcel.event, "timestamp": _time(parcel.at_ms), "data": _data(parcel)}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _data(parcel: Parcel) -> dict[str, Any]:
    data: dict[str, Any] = {"id": parcel.job_id, "object": "job", "url": f"/v1/jobs/{parcel.job_id}"}
    data |= {name: _value(name, parcel.job[name]) for name in ORDER if name in parcel.job}
    if "result" in parcel.job:
        data["result"] = json.loads(parcel.job["result"])
    elif "result_bytes" in parcel.job:
        data["result_bytes"], data["result_omitted"] = int(parcel.job["result_bytes"]), True
    return data


def _value(name: str, text: str) -> Any:
    if name in JSON_FIELDS:
        return json.loads(text)
    if name in NUMBERS:
        return float(text) if "." in text else int(text)
    if name in TIMES:
        return _time(int(text))
    return text == "true" if name in FLAGS else text


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
