"""Every error that Thinkline raises on purpose.

ThinklineError
├── SettingsError              a setting stops the start
├── InvalidRequest             the caller's request cannot be accepted (422)
│   └── IdempotencyMismatch    the key was used with another body
├── NotFound                   no such job for this tenant (404)
├── WrongState                 the job's state does not allow it (409)
├── Overloaded                 a lane's queue is full (429)
├── StoreUnavailable           Redis is away (503)
├── BrokerUnavailable          the broker beside Redis is away; messages wait in Redis
├── AttemptLost                the attempt is no longer ours: cancelled, superseded or ended
├── StructuredOutputInvalid    no valid JSON came out of the reply
└── AttemptFailed              an attempt at answering failed; carries its cause
    ├── DeadlineExceeded  FirstTokenTimeout  SilenceTimeout
    ├── BudgetTooSmall  BreakerOpen
    └── UpstreamFailed
        └── UpstreamUnavailable  UpstreamRateLimited  UpstreamRejected  StreamBroken  ReplyTooLarge  ReplyUnusable

A retry decision reads `transient`, never a class name. Messages name limits and statuses, never prompts or answers.
"""

from __future__ import annotations

from typing import ClassVar

from workers.contracts.causes import Cause


class ThinklineError(Exception):
    """Base of all errors of Thinkline."""

    code: ClassVar[str] = "internal_error"
    transient: ClassVar[bool] = False


class SettingsError(ThinklineError):
    """A setting is wrong; the message names it, its value unless secret, and what is allowed."""

    code = "settings_invalid"


class InvalidRequest(ThinklineError):
    """The request cannot be accepted.

    Args:
        detail: what is wrong, in one sentence.
        field: the dotted path of the offending field, e.g. `schema.properties.age`.
    """

    code = "invalid_request"

    def __init__(self, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class IdempotencyMismatch(InvalidRequest):
    """The idempotency key was used with a different body."""

    code = "idempotency_key_reused"


class NotFound(ThinklineError):
    """There is no such thing for this tenant."""

    code = "not_found"


class WrongState(ThinklineError):
    """The job's state does not allow this."""

    code = "wrong_state"

    def __init__(self, detail: str, *, status: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


class Overloaded(ThinklineError):
    """A lane's queue is full; try again after `retry_after_s` seconds."""

    code = "overloaded"
    transient = True

    def __init__(self, detail: str, *, retry_after_s: int, lane: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.lane = lane


class StoreUnavailable(ThinklineError):
    """Redis cannot be reached or refuses to write; try again after `retry_after_s` seconds."""

    code = "store_unavailable"
    transient = True
    retry_after_s: ClassVar[int] = 2


class BrokerUnavailable(ThinklineError):
    """The broker beside Redis cannot be reached or did not confirm; what it was to carry waits in Redis."""

    code = "broker_unavailable"
    transient = True


class AttemptLost(ThinklineError):
    """The attempt is no longer ours: the job was cancelled, ended, or given to a successor."""

    code = "attempt_lost"

    def __init__(self, status: str) -> None:
        super().__init__(f"the attempt was lost: the job is {status}")
        self.status = status


class StructuredOutputInvalid(ThinklineError):
    """No JSON that fits the schema came out of the reply.

    Args:
        problems: what did not fit, each with its JSON path; never a value of the reply.
    """

    code = "structured_output_invalid"

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems[:5]) or "the reply holds no JSON")
        self.problems = problems


class AttemptFailed(ThinklineError):
    """An attempt at answering failed; `cause` says why in one word of the fixed vocabulary."""

    code = "attempt_failed"
    cause: ClassVar[Cause] = "upstream_error"


class DeadlineExceeded(AttemptFailed):
    """The attempt used up the time that it was given."""

    code = "deadline_exceeded"
    cause = "deadline"


class FirstTokenTimeout(AttemptFailed):
    """The upstream sent no token within the limit for the first one."""

    code = "first_token_timeout"
    cause = "first_token_timeout"


class SilenceTimeout(AttemptFailed):
    """The upstream fell silent in the middle of its stream."""

    code = "silence_timeout"
    cause = "silence"


class BudgetTooSmall(AttemptFailed):
    """Too little of the caller's deadline is left for an attempt in this lane."""

    code = "budget_too_small"
    cause = "budget"


class BreakerOpen(AttemptFailed):
    """The model is known to be down; the call was not made."""

    code = "model_down"
    cause = "model_down"


class UpstreamFailed(AttemptFailed):
    """The upstream failed; `retry_after_s` is what it asked for, if it did."""

    code = "upstream_error"
    cause: ClassVar[Cause] = "upstream_error"

    def __init__(self, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class UpstreamUnavailable(UpstreamFailed):
    """The upstream could not be reached, or answered with a server error."""

    code = "upstream_unavailable"
    cause = "upstream_unavailable"
    transient = True


class UpstreamRateLimited(UpstreamFailed):
    """The upstream refused for load."""

    code = "upstream_rate_limited"
    cause = "upstream_rate_limited"
    transient = True


class UpstreamRejected(UpstreamFailed):
    """The upstream refused the request itself (its key, its model or its content)."""

    code = "upstream_rejected"
    cause = "upstream_rejected"


class StreamBroken(UpstreamFailed):
    """The stream ended, or turned into garbage, before the answer was complete."""

    code = "stream_broken"
    cause = "stream_broken"
    transient = True


class ReplyTooLarge(UpstreamFailed):
    """The reply passed the limit on its size."""

    code = "reply_too_large"
    cause = "reply_too_large"


class ReplyUnusable(UpstreamFailed):
    """The reply came whole but holds no usable answer (empty, or it does not fit the schema)."""

    code = "reply_unusable"
    cause = "unusable_output"
