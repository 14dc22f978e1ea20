"""Broker messages: a job id and an attempt number in the form that Celery expects, and never anything else.

They are written by the same Lua step as the record, so that no job is acknowledged without its message and no broker
client is needed to submit. tests/conformance holds the form equal to what Celery itself sends.
"""

from __future__ import annotations

import json
import secrets
import socket
from base64 import b64encode

from workers.contracts.job import ServedQueue

TASKS: dict[ServedQueue, str] = {
    "classify": "thinkline.classify",
    "reasoning": "thinkline.reasoning",
    "standard": "thinkline.standard",
    "fallback": "thinkline.fallback",
    "deliver": "thinkline.deliver",
}
CHECK = "thinkline.check"  # a check of the cache, in the queue of the lane that it needs
_ORIGIN = f"thinkline@{socket.gethostname()}"


def message(queue: ServedQueue, job_id: str, attempt: int, *, task: str | None = None) -> str:
    """Make the message that asks a worker of a queue for one attempt (Celery's protocol 2, kombu's Redis envelope).

    For the queue `deliver` the id is a delivery's, and the number that of its next try; with the task `CHECK` a check's.
    """
    task_id = f"{job_id}.{attempt}"
    body = json.dumps([[job_id, attempt], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}])
    return json.dumps(
        {
            "body": b64encode(body.encode()).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {
                "lang": "py",
                "task": task or TASKS[queue],
                "id": task_id,
                "shadow": None,
                "eta": None,
                "expires": None,
                "group": None,
                "group_index": None,
                "retries": 0,
                "timelimit": [None, None],
                "root_id": task_id,
                "parent_id": None,
                "argsrepr": f"('{job_id}', {attempt})",
                "kwargsrepr": "{}",
                "origin": _ORIGIN,
                "ignore_result": True,
                "replaced_task_nesting": 0,
                "stamped_headers": None,
                "stamps": {},
            },
            "properties": {
                "correlation_id": task_id,
                "reply_to": "",
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": queue},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": secrets.token_hex(16),
            },
        }
    )
