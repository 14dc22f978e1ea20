"""How the semantic tier of one process heeds what audits found, and what models judged, on a real Redis."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.integration.cache.test_semantic import ask, cache, claim
from tests.support.cache import SCOPE, entries, hash_of, keep, vector_of
from tests.support.checks import CALL, check_of, checks
from tests.support.judge import Said
from tests.support.store import TENANT, Store, open_store
from workers.cache.semantic import SemanticCache
from workers.contracts.job import CacheNote
from workers.settings import Settings
from workers.store.checks import Check, Outcome
from workers.store.record import Claim

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(make: Callable[..., Settings]) -> Settings:
    """A few pairs may be judged a day."""
    return make(cache={"grey": {"per_day": 3, "usd_per_day": 10}})


@dataclass(frozen=True, slots=True)
class Says:
    """A judge that accepts everything in one way."""

    how: str

    def glance(self, *_: Any) -> None:
        """Leave every pair to be read."""

    def chars(self, *_: Any) -> int:
        """Read it in the loop."""
        return 0

    def read(self, *_: Any) -> Said:
        """Accept."""
        return Said(hit=True, reason="accepted", guard=self.how)


async def set_level(store: Store, level: int) -> None:
    """Make the scope strict for an hour, as two wrong answers of nine do."""
    now = round(time.time() * 1000)
    fields = {
        "level": level,
        "since": now,
        "until": now + 3_600_000,
        "pause": 3_600_000,
        "found_wrong": 2,
        "found_audited": 9,
    }
    await store.redis.hset(store.key(f"audit:{TENANT}/{SCOPE}"), mapping=fields)


def noted(looked: Any) -> CacheNote:
    """What the job is told without a hit."""
    note: CacheNote = looked.fields["cache"]
    return note


async def test_a_strict_scope_takes_the_same_words_alone(store: Store) -> None:
    """What the judge accepts with other words is refused, and the job says why."""
    await keep(store, "a b")
    await set_level(store, 1)
    assert (await ask(cache(store, Says("same")), "a b", "B a")).hit is not None
    refused = await ask(cache(store, Says("rephrased")), "a b", "b, a")
    assert refused.hit is None
    note = noted(refused)
    assert (note.outcome, note.guard) == ("miss", "audit")
    assert note.reason is not None
    assert "2 of 9" in note.reason


async def test_an_exact_only_scope_gives_nothing_by_meaning(store: Store) -> None:
    """Not even the same words, whatever the judge says; the same query is answered as ever."""
    await keep(store, "a b")
    await set_level(store, 2)
    one = cache(store)
    missed = await ask(one, "a b", "b a")
    assert missed.hit is None
    assert "nothing is answered by meaning in this scope: its audit found 2 of 9" in (noted(missed).reason or "")
    assert await one.look_up(claim("a b")) is not None


async def test_other_scopes_stay_open(store: Store) -> None:
    """What was found in one says nothing of another."""
    await set_level(store, 2)
    await keep(store, "a b", scope="b" * 32)
    assert (await ask(cache(store), "a b", "b a", scope="b" * 32)).hit is not None


def grey(store: Store) -> SemanticCache:
    """A cache that has undecided pairs judged later."""
    return replace(cache(store), pairs=checks(store))


async def asked(store: Store, text: str, *, tenant: str = TENANT) -> Claim:
    """A job in the hands of a classify worker, with its record."""
    key = hash_of(text)
    held = await store.running("classify", tenant=tenant, fields={"cache_key": key, "cache_scope": SCOPE})
    return replace(claim(text, tenant=tenant, key=key), job_id=held.job_id)


async def judged(store: Store, job: Claim, outcome: Outcome) -> None:
    """Have a model judge the pair of a job."""
    check = await checks(store).claim(check_of(job.job_id), 0)
    assert isinstance(check, Check), check
    assert check.kind == "grey"
    assert await checks(store).settle(check, outcome, [CALL], "quick") == "ok"


async def test_a_pair_that_was_judged_the_same_is_a_hit_from_then_on(store: Store) -> None:
    """With the model in the reason; the asked text is an alias of the stored entry."""
    source = await keep(store, "capital of France")
    job = await asked(store, "chief city of France")
    one = grey(store)
    assert (await one.look_near(job, vector_of("capital of France"))).hit is None
    await judged(store, job, "same")
    hit = (await one.look_near(job, vector_of("anything"))).hit
    assert hit is not None
    assert (hit.source, hit.result, hit.note.tier, hit.note.guard) == (
        source,
        {"answer": "Paris"},
        "semantic",
        "judged",
    )
    assert hit.note.reason == "judged by quick: both ask the same"
    assert hit.note.similarity == 1.0


@pytest.mark.parametrize("outcome", ["wrong", "undecided", "failed"])
async def test_any_other_verdict_promotes_nothing(store: Store, outcome: Outcome) -> None:
    """The next look-up misses as before."""
    await keep(store, "capital of France")
    job = await asked(store, "chief city of France")
    one = grey(store)
    await one.look_near(job, vector_of("capital of France"))
    await judged(store, job, outcome)
    assert (await one.look_near(job, vector_of("capital of France"))).hit is None


async def test_an_alias_is_void_when_its_entry_goes_or_is_answered_anew(store: Store) -> None:
    """It was judged for that answer; removal needs nothing beyond the entry's."""
    for again in (False, True):
        await keep(store, "capital of France")
        job = await asked(store, "chief city of France")
        one = grey(store)
        await one.look_near(job, vector_of("capital of France"))
        await judged(store, job, "same")
        assert (await one.look_near(job, vector_of("x"))).hit is not None
        await entries(store).remove(TENANT, f"ent_{hash_of('capital of France')}")
        if again:
            await keep(store, "capital of France")
        assert (await one.look_near(job, vector_of("x"))).hit is None


async def test_an_alias_holds_in_its_scope_and_tenant_alone(store: Store) -> None:
    """Another tenant's same words find nothing."""
    await keep(store, "capital of France")
    job = await asked(store, "chief city of France")
    one = grey(store)
    await one.look_near(job, vector_of("capital of France"))
    await judged(store, job, "same")
    other = await asked(store, "chief city of France", tenant="umbra")
    assert (await one.look_near(other, vector_of("x"))).hit is None
    elsewhere = replace(job, cache_key=hash_of("chief city of France", "b" * 32), cache_scope="b" * 32)
    assert (await one.look_near(elsewhere, vector_of("x"))).hit is None


async def test_a_scope_that_audits_made_strict_heeds_no_alias(store: Store) -> None:
    """A model's word is less than the same words."""
    await keep(store, "capital of France")
    job = await asked(store, "chief city of France")
    one = grey(store)
    await one.look_near(job, vector_of("capital of France"))
    await judged(store, job, "same")
    await set_level(store, 1)
    assert (await one.look_near(job, vector_of("x"))).hit is None


@dataclass(frozen=True, slots=True)
class Refuses:
    """A judge that refuses by one guard."""

    guard: str

    def glance(self, *_: Any) -> None:
        """Leave every pair to be read."""

    def chars(self, *_: Any) -> int:
        """Read it in the loop."""
        return 0

    def read(self, *_: Any) -> Said:
        """Refuse."""
        return Said(hit=False, reason="refused", guard=self.guard)


@pytest.mark.parametrize(("guard", "count"), [("words", 1), ("negation", 0), ("numbers", 0), ("order", 0)])
async def test_what_a_guard_refused_is_not_judged_again(store: Store, guard: str, count: int) -> None:
    """Only pairs in which a word merely has no counterpart."""
    await keep(store, "a b")
    job = await asked(store, "c d")
    await replace(cache(store, Refuses(guard)), pairs=checks(store)).look_near(job, vector_of("a b"))
    assert await store.redis.zcard(store.key("checks:standard")) == count


@dataclass(frozen=True, slots=True)
class Glances(Refuses):
    """One that sees at a glance that a word has no counterpart, and finds more when it reads."""

    def glance(self, *_: Any) -> Said:
        """Refuse."""
        return Said(hit=False, reason="refused", guard="words")


@pytest.mark.parametrize(("guard", "count"), [("words", 1), ("negation", 0)])
async def test_what_a_glance_refused_is_read_before_it_is_judged(store: Store, guard: str, count: int) -> None:
    """A glance names what it sees first; a guard of its own may refuse the pair as well."""
    await keep(store, "a b")
    job = await asked(store, "c d")
    await replace(cache(store, Glances(guard)), pairs=checks(store)).look_near(job, vector_of("a b"))
    assert await store.redis.zcard(store.key("checks:standard")) == count


async def test_grey_checks_have_a_budget_and_are_off_by_default(store: Store, make: Callable[..., Settings]) -> None:
    """None is noted without one."""
    assert Settings(_env_file=None).cache.grey.per_day == 0
    await keep(store, "a b")
    jobs = [await asked(store, f"c {number}") for number in range(4)]
    for job in jobs:
        await grey(store).look_near(job, vector_of("a b"))
    for job in jobs[:3]:
        await judged(store, job, "wrong")
    assert await checks(store).claim(check_of(jobs[3].job_id), 0) == "skipped"
    async with open_store(make(cache={"grey": {"per_day": 0}})) as none:
        await keep(none, "a b")
        job = await asked(none, "c d")
        await grey(none).look_near(job, vector_of("a b"))
        assert await none.redis.zcard(none.key("checks:standard")) == 0
