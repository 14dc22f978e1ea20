"""Which rule applies to an answer, and how long it is kept by it."""

from __future__ import annotations

from typing import Any

import pytest

from workers.cache.keeping import Keeping
from workers.contracts.caching import Kept
from workers.contracts.calls import Reply, StructuredAnswer
from workers.contracts.job import Budget, Queue, Usage
from workers.contracts.request import JobRequest
from workers.settings import CacheSettings
from workers.store.record import Claim

SETTINGS = CacheSettings(ttl_s=1000, now_ttl_s=60, own_data_ttl_s=0, max_answer_bytes=1000)
BUDGET = Budget(deadline_s=9, reasoning_s=5, fallback_s=2, margin_s=1)


def kept(
    text: str = "What is the capital of France?", *, queue: Queue = "standard", key: str | None = "k",
    finish: str = "stop", repaired: bool = False, size: int = 10, settings: CacheSettings = SETTINGS,
) -> Kept | None:  # fmt: skip
    """What is decided on an answer."""
    claim = Claim("job_x", 1, queue, "acme", JobRequest(input=text), BUDGET, 0, 0, 9000, 5000, cache_key=key)
    reply = Reply("{}", "", None, finish, Usage())
    return Keeping(settings).rule(claim, reply, StructuredAnswer({}, repaired=repaired), size)


@pytest.mark.parametrize(
    ("how", "rule"),
    [
        ({}, Kept("kept", 1000)),
        ({"queue": "reasoning"}, Kept("kept", 1000)),
        ({"queue": "fallback"}, Kept("fell_back", 0)),
        ({"finish": "length"}, Kept("truncated", 0)),
        ({"repaired": True}, Kept("repaired", 0)),
        ({"size": 1001}, Kept("too_large", 0)),
        ({"text": "What is the latest news?"}, Kept("asks_about_now", 60)),
        ({"text": "What is my balance?"}, Kept("asks_about_own_data", 0)),
        ({"text": "What is my balance today?"}, Kept("asks_about_own_data", 0)),
        ({"text": "What is the latest news?", "finish": "length"}, Kept("truncated", 0)),
    ],
)
def test_the_rule_has_a_name_and_a_life(how: dict[str, Any], rule: Kept) -> None:
    """What was spoilt is never kept; what is about the present or the asker only as long as the settings say."""
    assert kept(**how) == rule


def test_a_job_without_a_cache_key_has_no_rule() -> None:
    """`off` and too hot a temperature: nothing is decided."""
    assert kept(key=None) is None


def test_no_life_is_longer_than_that_of_any_answer() -> None:
    """A short `cache.ttl_s` bounds the others."""
    short = CacheSettings(ttl_s=30, now_ttl_s=60, own_data_ttl_s=90)
    assert kept("What is the latest news?", settings=short) == Kept("asks_about_now", 30)
    assert kept("What is my balance?", settings=short) == Kept("asks_about_own_data", 30)
