"""Why an attempt failed: the fixed vocabulary of the failure log, the fallback's cause and the metrics."""

from __future__ import annotations

from typing import Literal, get_args

Cause = Literal[
    "deadline",  # the attempt's time was used up
    "first_token_timeout",  # no first token within the limit
    "silence",  # a pause between tokens beyond the limit
    "budget",  # too little of the caller's deadline was left to begin
    "queue_wait",  # the job waited in the lane's queue into the fallback's share
    "queue_full",  # the lane's queue was above its limit when the job was routed
    "model_down",  # the circuit breaker of the model is open
    "upstream_unavailable",
    "upstream_rate_limited",
    "upstream_rejected",
    "upstream_error",
    "stream_broken",
    "reply_too_large",
    "unusable_output",  # empty, cut off, or no JSON that fits the schema
    "worker_lost",  # the worker died, or lost its lease, too often
]
CAUSES: tuple[str, ...] = get_args(Cause)
