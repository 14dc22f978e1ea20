"""What a webhook says."""

from __future__ import annotations

import json
from dataclasses import replace

from workers.contracts.webhooks import Parcel
from workers.webhooks.payload import body_of

PARCEL = Parcel(
    "msg_1", "https://example.com/", "job.succeeded", 1_767_603_615_800, "job_1",
    {
        "status": "succeeded", "lane": "reasoning", "attempt": "1", "model": "deep", "served_by": "model",
        "usage": '{"prompt_tokens":3}', "cost_usd": "0.010062000", "metadata": '{"ticket":"4711"}', "truncated": "true",
        "created_at": "1767603600000", "finished_at": "1767603615800", "result": '{"minutes":205}',
    },
    (),
)  # fmt: skip


def test_it_tells_the_event_its_time_and_the_job() -> None:
    """In the shape of Standard Webhooks: type, timestamp, data."""
    assert json.loads(body_of(PARCEL)) == {
        "type": "job.succeeded",
        "timestamp": "2026-01-05T09:00:15.800Z",
        "data": {
            "id": "job_1", "object": "job", "url": "/v1/jobs/job_1", "status": "succeeded", "lane": "reasoning", "attempt": 1,
            "model": "deep", "served_by": "model", "usage": {"prompt_tokens": 3}, "cost_usd": 0.010062,
            "metadata": {"ticket": "4711"}, "truncated": True, "created_at": "2026-01-05T09:00:00.000Z",
            "finished_at": "2026-01-05T09:00:15.800Z", "result": {"minutes": 205},
        },
    }  # fmt: skip


def test_it_is_the_same_in_every_try() -> None:
    """Byte for byte, so that a receiver may compare."""
    shuffled = dict(reversed(list(PARCEL.job.items())))
    assert body_of(PARCEL) == body_of(replace(PARCEL, job=shuffled))


def test_a_large_result_is_named_by_its_size() -> None:
    """Whoever wants it reads the job."""
    job = {name: text for name, text in PARCEL.job.items() if name != "result"} | {"result_bytes": "70000"}
    data = json.loads(body_of(replace(PARCEL, job=job)))["data"]

    assert "result" not in data
    assert (data["result_bytes"], data["result_omitted"], data["url"]) == (70_000, True, "/v1/jobs/job_1")


def test_a_result_of_null_is_told() -> None:
    """None is an answer, and not the lack of one."""
    assert json.loads(body_of(replace(PARCEL, job={"result": "null"})))["data"]["result"] is None
