"""What a run asks for: each job is drawn from the seed and its own number, so that a run can be repeated.

The query carries its own script, e.g. `[[q17;stall,ok]]`: the reasoning model stalls at this question, the standard model
answers it. The name of the question and the number of the call come back in the answer, so that the check at the end
sees whose answer a job was given.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Any

MARK = re.compile(r"\[\[(q\w+);([a-z,]+)\]\]")
REPEATED = 40  # different questions among those that are asked again and again
SCHEMA = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "call": {"type": "integer"}},
    "required": ["question", "call"],
    "additionalProperties": False,
}
HARD, EASY = "Prove that the sum of two odd integers is even", "What is the capital of France?"
# Kind -> how often among 100, the lane that is asked for, and what the reasoning and the standard model do.
KINDS: dict[str, tuple[int, str, str]] = {
    "auto, hard": (12, "auto", "think"),
    "auto, easy": (16, "auto", "ok"),
    "reasoning": (14, "reasoning", "think"),
    "long thinking": (5, "reasoning", "long"),
    "standard": (18, "standard", "ok"),
    "repeated": (12, "standard", "brief"),
    "with a schema": (8, "reasoning", "brief"),
    "stalls": (3, "reasoning", "stall,ok"),
    "cuts": (3, "reasoning", "cut,ok"),
    "refuses": (3, "reasoning", "refuse,ok"),
    "lies": (3, "reasoning", "lie,ok"),
    "garbles": (2, "reasoning", "garble,ok"),
    "never good": (1, "reasoning", "refuse"),
}
POISON = "poisonous"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One job to submit, and what is to be done with it."""

    number: int
    kind: str
    question: str
    body: dict[str, Any] = field(repr=False)
    keyed: bool = False
    cancel_after_s: float | None = None
    told: bool = False
    followed: bool = False
    polled: bool = False


def draw(seed: int, number: int, *, poisonous: bool, webhook_url: str) -> Wanted:
    """Draw a job.

    Args:
        seed: of the run.
        number: of the job, from 0.
        poisonous: whether this one kills whoever runs it.
        webhook_url: where those that want it are told how they ended.
    """
    dice = random.Random(seed * 1_000_003 + number)
    kind = dice.choices(list(KINDS), [share for share, _, _ in KINDS.values()])[0]
    lane, script = KINDS[kind][1:]
    if poisonous:
        kind, lane, script = POISON, "reasoning", "endless"
    question = f"qr{dice.randrange(REPEATED)}" if kind == "repeated" else f"q{number}"
    text = f"{HARD if kind == 'auto, hard' else EASY} [[{question};{script}]]"
    told, cancelled = dice.random() < 0.15, dice.random() < 0.04
    body: dict[str, Any] = {"input": text, "route": lane, "cache": "use" if kind == "repeated" else "off"}
    body["metadata"] = {"question": question, "kind": kind}
    if kind in ("with a schema", "lies"):  # prose would do as the answer where no schema is asked for
        body["schema"] = SCHEMA
    if told:
        body["webhook_url"] = webhook_url
        body["webhook_events"] = ["job.succeeded", "job.failed", "job.cancelled", "job.fallback"]
    return Wanted(
        number=number,
        kind=kind,
        question=question,
        body=body,
        keyed=dice.random() < 0.5,
        cancel_after_s=dice.uniform(0, 2) if cancelled and not poisonous else None,
        told=told,
        followed=dice.random() < 0.04,
        polled=dice.random() < 0.04,
    )


def poisonous_numbers(seed: int, jobs: int, poisonous: int) -> frozenset[int]:
    """Choose which jobs kill: spread over the first two thirds of the run, so that there is time for three tries."""
    dice = random.Random(seed)
    return frozenset(dice.sample(range(max(poisonous, jobs * 2 // 3)), poisonous))
