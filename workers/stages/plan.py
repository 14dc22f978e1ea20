"""Plans one call: which model, how to ask it, and how long it may take.

The caller's deadline was divided at submission. A reasoning attempt ends before the fallback's share begins, whatever
its lane allows; the fallback may use all that is left.
"""

from __future__ import annotations

from dataclasses import dataclass

from workers.contracts.calls import Ask, ModelCall, ModelSpec, Reply, StreamLimits
from workers.contracts.errors import BudgetTooSmall
from workers.contracts.request import Message
from workers.settings import LaneSettings, Settings
from workers.stages.ports import Structure
from workers.stages.stream import Tally
from workers.store.record import Claim

LEAST_S = 0.2  # less than this is not worth a call
NOTES = (
    "Notes of an earlier attempt at this question that ran out of time. They may be incomplete or wrong;"
    " use what helps and answer now:\n\n"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """One call, ready to be made."""

    model: ModelSpec
    ask: Ask
    call: ModelCall
    lane: LaneSettings


def plan_attempt(claim: Claim, settings: Settings, structure: Structure) -> Plan:
    """Plan an attempt's call.

    Raises:
        BudgetTooSmall: too little of the caller's deadline is left to begin.
    """
    lane: LaneSettings = getattr(settings.lanes, claim.queue)
    wanted = claim.request.model if claim.request.model and claim.queue != "fallback" else lane.model
    model = settings.models[wanted]
    total_s = min(lane.deadline_s, _left_s(claim))
    least_s = min(settings.budget.min_reasoning_s, claim.budget.reasoning_s / 2) if claim.queue == "reasoning" else 0.0
    if total_s < max(least_s, LEAST_S):
        raise BudgetTooSmall(f"{max(0.0, total_s):.1f} s of the deadline are left for the {claim.queue} lane")
    ask = structure.ask(claim.request, model)
    messages = _with_notes(ask.messages, claim.hand_on) if claim.queue == "fallback" else ask.messages
    limits = StreamLimits(
        first_token_s=min(lane.first_token_s, total_s),
        silence_s=min(lane.silence_s, total_s),
        total_s=total_s,
        reply_bytes=lane.max_reply_bytes,
    )
    return Plan(model, ask, ModelCall(model, messages, claim.request.generation, limits, ask.body), lane)


def plan_reshape(
    plan: Plan, reply: Reply, problems: tuple[str, ...], settings: Settings, structure: Structure, tally: Tally
) -> Plan | None:
    """Plan the standard model's one try at bringing a reply into shape; None when no time is left for it."""
    lane = settings.lanes.standard
    left_s = plan.call.limits.total_s - tally.elapsed_s
    if left_s < LEAST_S or reply.truncated:
        return None
    model = settings.models[settings.lanes.standard.model]
    ask = structure.reshape(reply, plan.ask, model, problems)
    limits = StreamLimits(
        first_token_s=min(lane.first_token_s, left_s),
        silence_s=min(lane.silence_s, left_s),
        total_s=min(lane.deadline_s, left_s),
        reply_bytes=lane.max_reply_bytes,
    )
    generation = plan.call.generation.model_copy(update={"stop": None, "reasoning_effort": None})
    return Plan(model, ask, ModelCall(model, ask.messages, generation, limits, ask.body), lane)


def _left_s(claim: Claim) -> float:
    """Seconds that this lane may still use: reasoning ends where the fallback's share begins."""
    end_ms = claim.reasoning_until_ms if claim.queue == "reasoning" else claim.deadline_ms
    return (end_ms - claim.now_ms) / 1000


def _with_notes(messages: tuple[Message, ...], thinking: str | None) -> tuple[Message, ...]:
    if not thinking:
        return messages
    last = messages[-1]
    return (*messages[:-1], Message(role="user", content=f"{NOTES}{thinking}"), last)
