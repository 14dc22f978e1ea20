"""Audits on a real Redis: which hits are chosen, when a check may begin, what it costs whom, and how a scope becomes stricter."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.cache import SCOPE, hash_of, keep
from tests.support.checks import check_of, checks, serve, settled
from tests.support.store import TENANT, Store, open_store, read_message
from workers.contracts.audit import wilson_upper
from workers.contracts.job import Usage
from workers.settings import Settings
from workers.store.checks import AT_A_TIME, LEAST_WRONG, MOST_TRIES, WINDOW, Check, Spent, Stricter
from workers.store.usage import UsageReader

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(make: Callable[..., Settings]) -> Settings:
    """Every hit by meaning is audited, and no other."""
    return make(cache={"audit": {"rate": 1.0, "usd_per_day": 100}})


async def quiet(store: Store) -> None:
    """Take the messages of the claimed jobs out of the queues, as workers do."""
    await store.redis.delete(store.key("standard"), store.key("classify"))


async def waiting(store: Store) -> set[str]:
    """List the checks of the standard lane."""
    found: set[str] = set(await store.redis.zrange(store.key("checks:standard"), 0, -1))
    return found


async def level(store: Store) -> str:
    """How strict the scope is."""
    (scope,) = (await checks(store).report(TENANT)).data
    return scope.level


async def test_the_rate_decides_which_hits_are_audited(make: Callable[..., Settings]) -> None:
    """About half of them at a half, none at 0, and hits of the same query by a rate of their own."""
    for rate, exact_rate, least, most in ((0.5, 0.0, 12, 52), (0.0, 1.0, 0, 0), (1.0, 0.0, 64, 64)):
        async with open_store(make(cache={"audit": {"rate": rate, "exact_rate": exact_rate}})) as store:
            source = await keep(store, "a b")
            for _ in range(64):
                await serve(store, "a b", source)
            assert least <= len(await waiting(store)) <= most
            await serve(store, "a b", source, tier="exact")
            await serve(store, "a b", source, tier="join")
            assert (await _tiers(store)).count("exact") == 2 * exact_rate


async def _tiers(store: Store) -> list[str]:
    return [await store.redis.hget(store.key(f"check:{check}"), "tier") for check in await waiting(store)]


@pytest.mark.parametrize("rule", ["asks_about_now", "asks_about_own_data"])
async def test_what_is_only_right_for_a_moment_is_not_audited(store: Store, rule: str) -> None:
    """It would differ without being wrong."""
    source = await keep(store, "a b", cache_rule=rule)
    await serve(store, "a b", source)
    assert await waiting(store) == set()


async def test_a_check_holds_no_text(store: Store) -> None:
    """Neither its hash nor its message: both are references."""
    source = await keep(store, "a b")
    job = await serve(store, "a b", source)
    held = await store.redis.hgetall(store.key(f"check:{check_of(job)}"))
    assert "Paris" not in json.dumps(held)
    await quiet(store)
    found = await checks(store).due("standard")
    await checks(store).send_hints("standard", found)
    (raw,) = await store.messages("standard")
    assert read_message(raw) == (check_of(job), 0)
    assert json.loads(raw)["headers"]["task"] == "thinkline.check"
    assert "Paris" not in raw
    assert "France" not in raw


async def test_no_check_begins_while_a_users_job_waits(store: Store) -> None:
    """None is hinted at, and one whose hint was on its way gives way: it is not lost, and neither is the job."""
    source = await keep(store, "a b")
    job = await serve(store, "a b", source)
    await quiet(store)
    users = await store.submit(queue="standard")
    assert await checks(store).due("standard") == []
    assert await checks(store).claim(check_of(job), 0) == "later"
    assert check_of(job) in await waiting(store)
    assert (await store.record(users.job_id))["status"] == "queued"
    claim = await store.jobs.claim("standard", users.job_id, 0, "w1")
    assert not isinstance(claim, str)
    assert isinstance(await checks(store).claim(check_of(job), 0), Check)


async def test_few_run_at_a_time(store: Store) -> None:
    """However many wait, and in however many processes."""
    source = await keep(store, "a b")
    for _ in range(5):
        await serve(store, "a b", source)
    await quiet(store)
    first = await checks(store).due("standard")
    assert len(first) == AT_A_TIME
    for check, tries in first:
        assert isinstance(await checks(store).claim(check, tries), Check)
    assert await checks(store).due("standard") == []


async def test_a_check_is_taken_once_and_settled_once(store: Store) -> None:
    """A duplicate message is refused, and a repeated settlement counts nothing twice."""
    source = await keep(store, "a b")
    job = await serve(store, "a b", source)
    one = checks(store)
    check = await one.claim(check_of(job), 0)
    assert isinstance(check, Check)
    assert (check.served, check.model, check.scope) == ({"answer": "Paris"}, "quick", f"{TENANT}/{SCOPE}")
    assert await one.claim(check_of(job), 0) == "gone"
    spent = [Spent("quick", Usage(prompt_tokens=9, completion_tokens=5, reasoning_tokens=2), 0.25)]
    assert await one.settle(check, "same", spent) == "ok"
    assert await one.settle(check, "same", spent) == "gone"
    told = await store.redis.hgetall(store.key("metrics"))
    assert told["checks|audit|same"] == "1"
    assert told["spend|check|quick"] == str(10**9 // 4)
    assert [told[f"tokens|check|{kind}|quick"] for kind in ("prompt", "reasoning", "answer")] == ["9", "2", "3"]
    (scope,) = (await one.report(TENANT)).data
    assert (scope.semantic.audited, scope.latest.audited, scope.level) == (1, 1, "open")


async def test_what_fails_is_tried_again_and_given_up(store: Store) -> None:
    """The job that it is about is as it was."""
    source = await keep(store, "a b")
    job = await serve(store, "a b", source)
    before = await store.record(job)
    one = checks(store)
    for tries in range(MOST_TRIES):
        check = await one.claim(check_of(job), tries)
        assert isinstance(check, Check)
        assert await one.settle(check, "again", []) == "ok"
    assert await one.claim(check_of(job), MOST_TRIES) == "gone"
    assert await waiting(store) == set()
    assert await store.record(job) == before


async def test_the_day_has_a_budget(make: Callable[..., Settings]) -> None:
    """In checks and in dollars; what is left out is said."""
    for budget in ({"per_day": 2}, {"usd_per_day": 0.5}):
        async with open_store(make(cache={"audit": {"rate": 1.0, **budget}})) as store:
            source = await keep(store, "a b")
            jobs = [await serve(store, "a b", source) for _ in range(3)]
            for job in jobs[:2]:
                await settled(store, job, "same")
            assert await checks(store).claim(check_of(jobs[2]), 0) == "skipped"
            today = (await checks(store).report(TENANT)).today[0]
            assert (today.begun, today.skipped, today.cost_usd) == (2, 1, 0.5)


async def test_what_it_costs_is_on_the_tenants_bill(store: Store) -> None:
    """Under a name of its own and within the sum, and of no other tenant."""
    source = await keep(store, "a b")
    await settled(store, await serve(store, "a b", source), "undecided")
    reader = UsageReader(store.redis, store.settings)
    report = await reader.usage(TENANT, 1)
    (row,) = report.checks
    assert (row.kind, row.model, row.calls, row.prompt_tokens, row.reasoning_tokens) == ("audit", "quick", 1, 20, 1)
    assert report.cost_usd == 0.25
    assert (await reader.usage("umbra", 1)).checks == []


async def wrong(store: Store, number: int) -> Stricter | str:
    """Find one more answer wrong."""
    text = f"wrong {number}"
    source = await keep(store, text)
    return await settled(store, await serve(store, text, source), "wrong")


async def test_a_wrong_answer_leaves_the_cache(store: Store) -> None:
    """As if its owner had said so; one that was renewed since stays."""
    await wrong(store, 1)
    assert not await store.redis.exists(store.key(f"tenant:{TENANT}:exact:{hash_of('wrong 1')}"))
    source = await keep(store, "a b")
    job = await serve(store, "a b", source)
    await keep(store, "a b")
    await settled(store, job, "wrong")
    assert await store.redis.exists(store.key(f"tenant:{TENANT}:exact:{hash_of('a b')}"))


async def test_a_scope_becomes_stricter_when_the_bound_passes_the_limit(store: Store) -> None:
    """One wrong answer may be a slip; at each level the evidence begins anew."""
    source = await keep(store, "good")
    for _ in range(10):
        assert await settled(store, await serve(store, "good", source), "same") == "ok"
    assert await level(store) == "open"
    assert await wrong(store, 0) == "ok"
    done = await wrong(store, 1)
    assert isinstance(done, Stricter)
    assert (done.temper.level, done.temper.found) == ("strict", (LEAST_WRONG, 12))
    (scope,) = (await checks(store).report(TENANT)).data
    assert (scope.level, scope.latest.audited, scope.semantic.wrong) == ("strict", 0, 2)
    assert scope.reason is not None
    assert "2 of 12" in scope.reason
    assert scope.semantic.upper_bound == pytest.approx(wilson_upper(2, 12), abs=1e-6)
    assert await wrong(store, 2) == "ok"
    done = await wrong(store, 3)
    assert isinstance(done, Stricter)
    assert done.temper.level == "exact_only"


async def test_a_scope_that_is_shown_to_be_good_stays_open(store: Store) -> None:
    """Two wrong ones in the latest 500 are within the limit; the script's bound is the one of Python."""
    key = store.key(f"audit:{TENANT}/{SCOPE}")
    most = max(n for n in range(2, 400) if wilson_upper(2, n) > store.settings.cache.audit.limit)
    for held, stricter in ((most, True), (most + 1, False), (WINDOW, False)):
        await store.redis.delete(key)
        await store.redis.hset(key, mapping={"window": "w" + "s" * (held - 2)})
        assert isinstance(await wrong(store, held), Stricter) is stricter, held
    assert len(await store.redis.hget(key, "window")) == WINDOW


async def test_old_verdicts_count_no_more(store: Store) -> None:
    """The window moves: what was good long ago hides no fresh errors."""
    key = store.key(f"audit:{TENANT}/{SCOPE}")
    await store.redis.hset(key, mapping={"window": "w" * 5 + "s" * (WINDOW - 5)})
    source = await keep(store, "good")
    await settled(store, await serve(store, "good", source), "same")
    window = await store.redis.hget(key, "window")
    assert (len(window), window.count("w")) == (WINDOW, 4)


async def test_it_recovers_step_by_step_and_more_slowly_each_time(store: Store) -> None:
    """The clock makes it less strict; errors again make it strict for twice as long."""
    key = store.key(f"audit:{TENANT}/{SCOPE}")

    async def pause_s() -> float:
        since, until = await store.redis.hmget(key, "since", "until")
        return (int(until) - int(since)) / 1000

    async def let_it_pass() -> None:
        for name in ("since", "until"):
            await store.redis.hincrby(key, name, -round(1000 * await pause_s()) - 1)

    for number in range(2):
        await wrong(store, number)
    assert await level(store) == "strict"
    assert await pause_s() == pytest.approx(86_400)
    await store.redis.hincrby(key, "until", -86_400_000)
    assert await level(store) == "open"
    for number in range(2, 4):
        await wrong(store, number)
    assert await level(store) == "strict"
    assert await pause_s() == pytest.approx(2 * 86_400)


async def test_an_audit_of_a_hit_from_before_decides_nothing(store: Store) -> None:
    """What was given while the scope was open says nothing about how it is since."""
    jobs = []
    for number in range(4):
        source = await keep(store, f"early {number}")
        jobs.append(await serve(store, f"early {number}", source))
    done = [await settled(store, job, "wrong") for job in jobs]
    assert [isinstance(one, Stricter) for one in done] == [False, True, False, False]
    assert await level(store) == "strict"


async def test_hits_of_the_same_query_make_no_scope_stricter(make: Callable[..., Settings]) -> None:
    """They show ageing: the answer leaves, and is counted apart."""
    async with open_store(make(cache={"audit": {"exact_rate": 1.0}})) as store:
        for number in range(4):
            source = await keep(store, f"x {number}")
            await settled(store, await serve(store, f"x {number}", source, tier="exact"), "wrong")
        (scope,) = (await checks(store).report(TENANT)).data
        assert (scope.level, scope.exact.wrong, scope.semantic.audited) == ("open", 4, 0)


async def test_a_scope_on_probation_is_audited_more_often(make: Callable[..., Settings]) -> None:
    """Ten times as often, until it is shown to be good."""
    async with open_store(make(cache={"audit": {"rate": 0.1}})) as store:
        source = await keep(store, "a b")
        key = store.key(f"audit:{TENANT}/{SCOPE}")
        await store.redis.hset(key, mapping={"times": 1, "window": "s" * 200})
        for _ in range(20):
            await serve(store, "a b", source)
        assert len(await waiting(store)) == 20
        assert await settled(store, await serve(store, "a b", source), "same") == "ok"
        for _ in range(20):
            await serve(store, "a b", source)
        assert len(await waiting(store)) < 40


async def test_a_tenant_sees_its_own_scopes_alone(store: Store) -> None:
    """Another one has nothing to see."""
    await wrong(store, 0)
    report = await checks(store).report("umbra")
    assert (report.data, report.today[0].begun) == ([], 0)


async def test_a_hit_at_submission_is_audited_too(make: Callable[..., Settings]) -> None:
    """The step that accepts a job and answers it at once chooses like the other."""
    async with open_store(make(cache={"audit": {"exact_rate": 1.0}})) as store:
        await keep(store, "a b")
        done: Any = await store.submit(exact_hash=hash_of("a b"))
        assert done.outcome == "hit"
        assert await waiting(store) == {check_of(done.job_id)}


async def test_a_group_shares_what_was_found(make: Callable[..., Settings]) -> None:
    """The asker pays, the entry leaves for all, and each member sees the group's scope; nobody else does."""
    async with open_store(make(cache={"audit": {"rate": 1.0}, "shared": {"acme": "staff", "umbra": "staff"}})) as store:
        source = await keep(store, "a b", cache_key=f"@staff/{hash_of('a b')}")
        job = await serve(store, "a b", source, tenant="umbra", group="staff")
        await settled(store, job, "wrong")
        assert not await store.redis.exists(store.key(f"shared:staff:exact:{hash_of('a b')}"))
        for member in ("acme", "umbra"):
            (scope,) = (await checks(store).report(member)).data
            assert (scope.shared, scope.semantic.wrong) == ("staff", 1)
        assert (await checks(store).report("other")).data == []
        reader = UsageReader(store.redis, store.settings)
        assert [len((await reader.usage(who, 1)).checks) for who in ("acme", "umbra")] == [0, 1]
