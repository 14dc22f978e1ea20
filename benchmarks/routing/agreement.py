"""How far two people agree who labelled the same prompts by one guideline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.routing.sources import labels


def show_agreement() -> None:
    """Print percent and Cohen's kappa of the two passes, by field and by task type."""
    one, two = ({row["id"]: row for row in labels(f"arena_pass_{name}")} for name in "ab")
    told = {row["id"]: row for row in labels("arena")}
    print(f"Agreement of two independent passes over {len(one)} prompts")
    for field in ("label", "task_type"):
        pairs = [(one[key][field], two[key][field]) for key in one]
        print(f"  {field:10s} {share(pairs):.1%} agree, Cohen's kappa {kappa(pairs):.3f}")
    print("  label, by adjudicated task type:")
    for task, count in Counter(row["task_type"] for row in told.values()).most_common():
        pairs = [(one[key]["label"], two[key]["label"]) for key in one if told[key]["task_type"] == task]
        print(f"    {task:15s} {count:4d} prompts  {share(pairs):7.1%}  kappa {kappa(pairs):.2f}")
    changed = sum(row["by"] == "adjudicated" for row in told.values())
    print(f"  {changed} of {len(told)} were read again and decided by the guideline")


def share(pairs: Sequence[tuple[str, str]]) -> float:
    """Part of the pairs that are equal."""
    return sum(a == b for a, b in pairs) / len(pairs)


def kappa(pairs: Sequence[tuple[str, str]]) -> float:
    """Cohen's kappa: agreement beyond chance, 1 at the most; 1 where both said one thing throughout."""
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(first[name] * second[name] for name in first) / len(pairs) ** 2
    return 1.0 if chance == 1 else (share(pairs) - chance) / (1 - chance)
