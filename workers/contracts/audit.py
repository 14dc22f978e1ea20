"""What audits found in a scope of the cache, and how strict the scope is for that.

lua/checking.lua holds the same rules and is the one that changes a scope; here they are read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from workers.contracts.job import Frozen

Level = Literal["open", "strict", "exact_only"]
LEVELS: Final[tuple[Level, ...]] = ("open", "strict", "exact_only")
Z: Final = 1.959964  # 95 %, two-sided
TEMPER_FIELDS: Final = ("level", "since", "until", "pause", "window", "found_wrong", "found_audited")


def wilson_upper(wrong: int, audited: int) -> float:
    """Give the upper end of the 95 % interval of an error rate (Wilson 1927); 1 when nothing was audited.

    >>> round(wilson_upper(2, 100), 4)
    0.07
    """
    if not audited:
        return 1.0
    share = wrong / audited
    middle = share + Z * Z / (2 * audited)
    width = Z * math.sqrt(share * (1 - share) / audited + Z * Z / (4 * audited * audited))
    return min(1.0, (middle + width) / (1 + Z * Z / audited))


@dataclass(frozen=True, slots=True)
class Temper:
    """How strict a scope is at a moment.

    Attributes:
        level: `open`; `strict`: only queries of the same words are answered by meaning; `exact_only`: none is.
        wrong: audits of this level that found another answer.
        audited: audits of this level.
        since_ms: when it came to this level; None when it was never another one.
        until_ms: when it becomes one level less strict; None when it is open.
        found: wrong ones and audits that made it as strict as it was last.
    """

    level: Level = "open"
    wrong: int = 0
    audited: int = 0
    since_ms: int | None = None
    until_ms: int | None = None
    found: tuple[int, int] = (0, 0)

    @classmethod
    def read(cls, values: Sequence[str | None], now_ms: int) -> Temper:
        """Read the fields TEMPER_FIELDS of an `audit:` hash, at a time of Redis' clock."""
        if not any(values):
            return OPEN
        row = dict(zip(TEMPER_FIELDS, values, strict=True))
        level, window = int(row["level"] or 0), row["window"] or ""
        since, until, pause = (int(row[name] or 0) for name in ("since", "until", "pause"))
        if level and now_ms >= until:
            steps = 1 + (now_ms - until) // max(1, pause)
            level, window = max(0, level - steps), ""
            since, until = until + (steps - 1) * pause, until + steps * pause
        return cls(
            LEVELS[level],
            window.count("w"),
            len(window),
            since or None,
            until if level else None,
            (int(row["found_wrong"] or 0), int(row["found_audited"] or 0)),
        )

    def why(self, limit: float) -> str:
        """Say why the scope is as strict as it is."""
        wrong, audited = self.found
        return (
            f"its audit found {wrong} of {audited} answers given by meaning to be wrong"
            f" (at most {wilson_upper(wrong, audited):.1%}, the limit is {limit:.1%})"
        )


OPEN: Final = Temper()  # of a scope that no audit has touched


class Audited(Frozen):
    """How many audits of one kind there were, and what they found."""

    audited: int = Field(description="compared: the same answer, or another one")
    wrong: int = Field(description="those that found another answer")
    undecided: int = Field(description="those that could not be compared; not counted as audited")
    error_rate: float | None = Field(default=None, description="wrong / audited; null when nothing was audited")
    upper_bound: float = Field(description="upper end of its 95 % interval (Wilson); 1 when nothing was audited")

    @classmethod
    def of(cls, audited: int, wrong: int, undecided: int = 0) -> Audited:
        """Reckon the rate and its upper bound."""
        return cls(
            audited=audited,
            wrong=wrong,
            undecided=undecided,
            error_rate=round(wrong / audited, 6) if audited else None,
            upper_bound=round(wilson_upper(wrong, audited), 6),
        )

    @classmethod
    def read(cls, tier: str, row: Mapping[str, str]) -> Audited:
        """Read the totals of a tier, `semantic` or `exact`, out of an `audit:` hash."""
        same, wrong, undecided = (int(row.get(f"{tier}_{name}") or 0) for name in ("same", "wrong", "undecided"))
        return cls.of(same + wrong, wrong, undecided)


class ScopeAudit(Frozen):
    """One scope of the cache."""

    scope: str
    shared: str | None = Field(default=None, description="the group of tenants that share it, if any")
    level: Level = Field(
        description="`open`: as the judge decides; `strict`: by meaning only where the words are the same;"
        " `exact_only`: not by meaning at all"
    )
    since: datetime | None = Field(default=None, description="when it came to this level, if it ever was at another")
    until: datetime | None = Field(default=None, description="when it becomes one level less strict")
    reason: str | None = Field(default=None, description="why it is stricter than `open`")
    latest: Audited = Field(description="audits by meaning at the present level: these decide")
    semantic: Audited = Field(description="all audits of answers that were given by meaning")
    exact: Audited = Field(
        description="all audits of answers to the same query: what ageing and the model's own mood do"
    )
    audited_at: datetime


class CheckDay(Frozen):
    """The checks of one kind that were begun for a tenant today (UTC)."""

    kind: Literal["audit", "grey"]
    begun: int
    skipped: int = Field(description="left out since the day's budget was used up")
    cost_usd: float
    most: int = Field(description="most of them a day")
    most_usd: float = Field(description="most US dollars a day")


class CacheAudit(Frozen):
    """What audits found in each scope of a tenant, worst first."""

    object: Literal["cache_audit"] = "cache_audit"
    limit: float = Field(description="upper bound of the error rate from which on a scope becomes stricter")
    data: list[ScopeAudit]
    today: list[CheckDay]
