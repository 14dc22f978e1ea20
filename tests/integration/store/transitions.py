"""The transition table of a job: the one that docs/state-machine.md shows and that the state machine test holds."""

from __future__ import annotations

from typing import NamedTuple


class Transition(NamedTuple):
    """One row: a script moves a job from a state to another. `-` is no record at all."""

    before: str
    script: str
    after: str
    by: str


TABLE = (
    Transition("-", "submit", "queued", "the API, for its owner"),
    Transition("-", "submit", "succeeded", "the API, when the exact cache has the answer"),
    Transition("queued", "claim", "running", "a worker that got the message"),
    Transition("queued", "republish", "queued", "the reaper, when the message was lost"),
    Transition("queued", "move", "queued", "the reaper, when the wait ate reasoning's share: to the fallback"),
    Transition("queued", "finish", "failed", "the reaper, when the caller's deadline passed"),
    Transition("queued", "cancel", "cancelled", "its owner"),
    Transition("running", "claim", "running", "the same worker, when the reply to its claim was lost"),
    Transition("running", "heartbeat", "running", "its worker, every second"),
    Transition("running", "move", "queued", "its worker: routed to a lane, or from reasoning to the fallback"),
    Transition("running", "requeue", "queued", "its worker when it stops; the reaper when the lease ran out"),
    Transition("running", "finish", "succeeded", "its worker"),
    Transition("running", "finish", "failed", "its worker; the reaper after too many crashes or past the deadline"),
    Transition("running", "serve", "succeeded", "a classify worker, when the cache has the answer"),
    Transition(
        "running", "join", "queued", "a classify worker, when the same is being answered already: it waits for that"
    ),
    Transition("running", "cancel", "cancelled", "its owner"),
    Transition("cancelled", "note_spend", "cancelled", "the worker that it was taken from: what it had cost"),
    Transition("cancelled", "retry", "queued", "its owner"),
    Transition("failed", "retry", "queued", "its owner"),
)
ALLOWED = frozenset((row.before, row.script, row.after) for row in TABLE)
