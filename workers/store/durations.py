"""How long answers take: past durations of a task type and a model, and the quantiles that they promise. Pure.

A duration is kept as text, e.g. `14.203 1800 31.500 1`: seconds, characters of the prompt, the 90 % quantile that was
promised (`-` for none), and 1 when the answer came or 0 when a limit cut the attempt off. What was cut off is known to
have needed more: it counts by the estimate of Kaplan and Meier (1958), and not as if it had ended there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from workers.contracts.expectations import Expectation, PromptSize
from workers.contracts.job import Expected

ENOUGH = 5  # below this a quantile is the maximum of a handful and promises nothing
PRIOR = 5.0  # what other sizes, and other task types, of the same model count for at most, in durations each
SIZES: tuple[tuple[int, PromptSize], ...] = ((1_000, "short"), (8_000, "medium"), (1 << 62, "long"))
Weighted = tuple["Duration", float]


@dataclass(frozen=True, slots=True)
class Duration:
    """One attempt that ended."""

    seconds: float
    prompt_chars: int = 0
    promised_s: float | None = None
    answered: bool = True

    @property
    def size(self) -> PromptSize:
        """The size of its prompt, roughly."""
        return size_of(self.prompt_chars)

    def write(self) -> str:
        """Write it for the store."""
        promised = "-" if self.promised_s is None else f"{self.promised_s:.3f}"
        return f"{self.seconds:.3f} {self.prompt_chars} {promised} {int(self.answered)}"

    @classmethod
    def read(cls, text: str) -> Duration:
        """Read what `write` wrote; a bare number is a duration of which no more is known."""
        seconds, *rest = text.split()
        if len(rest) < 3:
            return cls(float(seconds))
        return cls(float(seconds), int(rest[0]), None if rest[1] == "-" else float(rest[1]), rest[2] == "1")


def size_of(prompt_chars: int) -> PromptSize:
    """Sort a prompt by its size."""
    return next(name for most, name in SIZES if prompt_chars < most)


def expect(past: dict[str, Sequence[Duration]], task_type: str, prompt_chars: int) -> Expected:
    """Tell how long an answer is likely to take.

    Durations of the same task type and prompt size count in full. The same type with other sizes, and other types, are
    the prior: each counts for at most `PRIOR` durations in all, so that it carries a new kind and hardly moves a known one.

    Args:
        past: durations of one model by task type, the latest first.
        task_type: of the new job.
        prompt_chars: size of its prompt.
    """
    size = size_of(prompt_chars)
    same = past.get(task_type, ())
    own = [each for each in same if each.size == size]
    sizes = [each for each in same if each.size != size]
    types = [each for other, many in past.items() if other != task_type for each in many]
    if len(own) + len(sizes) + len(types) < ENOUGH:
        return Expected(known=False, samples=len(own))
    weighted = [(each, 1.0) for each in own] + _prior(sizes) + _prior(types)
    basis = next(
        name
        for name, many in (("kind and size", own), ("kind", [*own, *sizes]), ("model", [*own, *sizes, *types]))
        if len(many) >= ENOUGH
    )
    p50, p90 = quantile(weighted, 0.5), quantile(weighted, 0.9)
    return Expected(known=True, p50_s=p50, p90_s=p90, samples=len(own), basis=basis)


def quantile(weighted: Iterable[Weighted], share: float) -> float:
    """Find the time by which this share of attempts has answered: one that was really seen.

    The longest time of all when fewer have: so long at least.

    >>> quantile([(Duration(n), 1.0) for n in range(1, 11)], 0.9)
    9.0
    """
    ordered = sorted(weighted, key=lambda each: each[0].seconds)
    at_risk, alive = sum(weight for _, weight in ordered), 1.0
    for seconds, together in groupby(ordered, key=lambda each: each[0].seconds):
        group = list(together)
        alive *= 1 - sum(weight for each, weight in group if each.answered) / at_risk
        at_risk -= sum(weight for _, weight in group)
        if alive <= 1 - share + 1e-9:
            return float(seconds)
    return ordered[-1][0].seconds


def published(past: dict[str, Sequence[Duration]], model: str) -> list[Expectation]:
    """Tell what is expected of each task type and prompt size of a model, and how often its p90 held."""
    found = []
    for task_type, durations in sorted(past.items()):
        for limit, size in SIZES:
            own = [each for each in durations if each.size == size]
            if not own:
                continue
            expected = expect(past, task_type, limit - 1)
            held, checked = kept_promises(own)
            found.append(
                Expectation(
                    task_type=task_type, model=model, prompt_size=size, expected=expected,
                    p90_held=round(held / checked, 4) if checked else None, p90_checked=checked,
                )
            )  # fmt: skip
    return found


def kept_promises(durations: Iterable[Duration]) -> tuple[int, int]:
    """Count the promised 90 % quantiles that held, and those that can be judged.

    An attempt that was cut off before its promised time says nothing about it.
    """
    held = checked = 0
    for each in durations:
        if each.promised_s is None or (not each.answered and each.seconds <= each.promised_s):
            continue
        checked += 1
        held += each.answered and each.seconds <= each.promised_s
    return held, checked


def _prior(durations: Sequence[Duration]) -> list[Weighted]:
    weight = min(1.0, PRIOR / len(durations)) if durations else 0.0
    return [(each, weight) for each in durations]
