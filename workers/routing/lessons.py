"""What the failure log teaches: a task type that keeps timing out in reasoning is expected to do so again.

The expected use of reasoning is the probability that the query needs it times the share of such attempts that came to
an end of late. The counts fade by half in a quarter of an hour (lua/prelude.lua, note_outcome), so that after an
incident some jobs are tried again by themselves, and their success brings the lane back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from workers.contracts.routing import RouteDecision

ENOUGH: Final = 3.0  # attempts of late, faded; with fewer nothing was learned
KEEPS_FAILING: Final = 0.5  # share of them that ran out of time, from which on less is expected


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Reasoning attempts of one task type and model of late: how many came to an end, and how many ran out of time."""

    ended: float = 0.0
    late: float = 0.0

    @property
    def late_share(self) -> float:
        """The share that ran out of time, from 0 to 1; 0 when there is not enough to say."""
        attempts = self.ended + self.late
        share = self.late / attempts if attempts >= ENOUGH else 0.0
        return share if share >= KEEPS_FAILING else 0.0


def tempered(decision: RouteDecision, outcomes: Outcomes, threshold: float) -> RouteDecision:
    """Lower the expectation of reasoning where it keeps running out of time.

    Args:
        decision: what the classifier said.
        outcomes: how reasoning did of late with this task type.
        threshold: the p_reasoning from which on the policy sends a query to reasoning.
    """
    share = outcomes.late_share
    if decision.lane != "reasoning" or not share:
        return decision
    learned = (
        f"{decision.task_type} ran out of time in {share:.0%} of the last reasoning attempts, so less is expected of it"
    )
    use = decision.p_reasoning * (1 - share)
    if use >= threshold:
        return decision.model_copy(update={"reason": f"{decision.reason}; {learned}"})
    return decision.model_copy(
        update={
            "lane": "standard",
            "confidence": round(decision.confidence * (1 - share), 4),
            "reason": f"{learned}; {decision.reason}",
        }
    )
