"""Divides a caller's deadline at submission, so that the fallback always keeps its share."""

from __future__ import annotations

from workers.contracts.errors import InvalidRequest
from workers.contracts.job import Budget
from workers.settings import Settings


def divide(deadline_s: float | None, settings: Settings) -> Budget:
    """Divide a deadline into reasoning, fallback and margin.

    The margin is at most a tenth. The fallback gets what its lane allows, but at most half of the rest, so that a
    short deadline still leaves reasoning a chance: 60 s are 29 s + 29 s + 2 s, 10 s are 4.5 s + 4.5 s + 1 s.

    Args:
        deadline_s: what the caller allows in all, in seconds; None for the default.
        settings: lanes and budget.

    Raises:
        InvalidRequest: the deadline is above `budget.max_deadline_s`.
    """
    total = settings.budget.default_deadline_s if deadline_s is None else deadline_s
    if total > settings.budget.max_deadline_s:
        raise InvalidRequest(f"must be at most {settings.budget.max_deadline_s:g} seconds", field="deadline_s")
    margin = min(settings.budget.margin_s, total / 10)
    fallback = min(settings.lanes.fallback.deadline_s, (total - margin) / 2)
    return Budget(deadline_s=total, reasoning_s=total - margin - fallback, fallback_s=fallback, margin_s=margin)
