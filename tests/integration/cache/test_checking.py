"""The stage that checks, with a model of the test's own: what it asks, what it makes of the replies, and how it gives way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.support.cache import hash_of, keep
from tests.support.checks import check_of, checks, serve
from tests.support.store import TENANT, Store
from workers import structured
from workers.contracts.calls import Reply
from workers.contracts.errors import AttemptFailed, ReplyUnusable, UpstreamUnavailable
from workers.contracts.job import Usage
from workers.contracts.request import JobRequest
from workers.settings import Settings
from workers.stages.check import WATCH_S, CheckStage
from workers.stages.lease import Live
from workers.stages.plan import Plan
from workers.stages.stream import Tally
from workers.store.usage import UsageReader

pytestmark = pytest.mark.anyio
QUESTION = "What is the capital of France?"


@pytest.fixture
def settings(make: Callable[..., Settings]) -> Settings:
    """Two models, and every hit is audited."""
    return make(
        upstreams={"u": {"base_url": "http://127.0.0.1:9/v1"}},
        models={
            name: {"upstream": "u", "model": name, "structured": "json_object", "output_usd_per_mtok": 1e6}
            for name in ("quick", "deep")
        },
        lanes={"reasoning": {"model": "deep"}, "standard": {"model": "quick"}},
        cache={"audit": {"rate": 1.0, "usd_per_day": 100}},
    )


class Model:
    """Replies in turn; an error is raised, and None never comes."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.plans: list[Plan] = []
        self.asked = asyncio.Event()

    async def call(self, plan: Plan, live: Live, tally: Tally) -> Reply:  # noqa: ARG002 - the Protocol's
        """Give the next reply, for one dollar."""
        self.plans.append(plan)
        self.asked.set()
        reply = self.replies.pop(0)
        if reply is None:
            await asyncio.Event().wait()
        if isinstance(reply, AttemptFailed):
            raise reply
        tally.close(Usage(prompt_tokens=3, completion_tokens=1))
        return Reply(json.dumps(reply) if not isinstance(reply, str) else reply, "", None, "stop", Usage())


def stage(store: Store, model: Model) -> CheckStage:
    """The stage of one process."""
    return CheckStage(checks(store), model, structured, store.settings)


async def audited(store: Store, *replies: Any) -> Model:
    """Audit one hit of the answer `Paris` with these replies."""
    source = await keep(store, "a b", lane="standard", model="quick")
    job = await serve(
        store, "a b", source, request=JobRequest(input=QUESTION, instructions="Be short.", temperature=0.5)
    )
    model = Model(*replies)
    await stage(store, model).run(check_of(job), 0)
    return model


async def found(store: Store) -> tuple[int, int, int]:
    """How many were the same, wrong and undecided."""
    (scope,) = (await checks(store).report(TENANT)).data
    tier = scope.semantic
    return tier.audited - tier.wrong, tier.wrong, tier.undecided


async def test_the_model_of_the_answer_is_asked_again_as_the_job_had_asked(store: Store) -> None:
    """Same model, instructions and sampling, within the lane's limits; the same answer needs no second opinion."""
    model = await audited(store, {"answer": "paris."})
    (plan,) = model.plans
    assert plan.model.name == "quick"
    assert plan.call.generation.temperature == 0.5
    assert plan.call.messages[-1].content == QUESTION
    assert "Be short." in plan.call.messages[0].content
    assert plan.call.limits.total_s == store.settings.lanes.standard.deadline_s
    assert await found(store) == (1, 0, 0)


@pytest.mark.parametrize(("same", "counts"), [(True, (1, 0, 0)), (False, (0, 1, 0))])
async def test_answers_that_differ_in_words_are_put_to_the_standard_model(
    store: Store, same: bool, counts: tuple[int, int, int]
) -> None:
    """It sees the question and both answers, at no temperature; what it costs is paid for like the other call."""
    model = await audited(store, {"answer": "It is Paris, of course"}, {"same": same})
    shown = json.loads(model.plans[1].call.messages[-1].content)
    assert shown == {
        "question": QUESTION,
        "answer_1": {"answer": "Paris"},
        "answer_2": {"answer": "It is Paris, of course"},
    }
    assert (model.plans[1].model.name, model.plans[1].call.generation.temperature) == ("quick", 0.0)
    assert await found(store) == counts
    (row,) = (await UsageReader(store.redis, store.settings).usage(TENANT, 1)).checks
    assert (row.calls, row.cost_usd, row.prompt_tokens) == (2, 2.0, 6)


@pytest.mark.parametrize(
    "replies",
    [("",), ({"answer": "Lyon"}, "who knows"), (ReplyUnusable("empty"),)],
    ids=["empty", "no verdict", "unusable"],
)
async def test_what_cannot_be_compared_is_undecided(store: Store, replies: tuple[Any, ...]) -> None:
    """It counts neither way, and the entry stays."""
    await audited(store, *replies)
    assert await found(store) == (0, 0, 1)
    assert await store.redis.exists(store.key(f"tenant:{TENANT}:exact:{hash_of('a b')}"))


async def test_a_model_that_is_away_is_asked_again_later(store: Store) -> None:
    """The check waits; after its last try it is counted for nothing."""
    await audited(store, UpstreamUnavailable("down"))
    (check,) = await store.redis.zrange(store.key("checks:standard"), 0, -1)
    for tries in (1, 2):
        await stage(store, Model(UpstreamUnavailable("down"))).run(check, tries)
    assert await store.redis.zcard(store.key("checks:standard")) == 0
    assert await found(store) == (0, 0, 0)


async def test_a_worker_that_stops_leaves_its_check_to_another(store: Store) -> None:
    """At once, without waiting for the reply."""
    source = await keep(store, "a b")
    job = await serve(store, "a b", source)
    silent = Model(None)
    one = stage(store, silent)
    running = asyncio.create_task(one.run(check_of(job), 0))
    await silent.asked.wait()
    one.stop()
    await running
    model = Model({"answer": "Paris"})
    await stage(store, model).run(check_of(job), 1)
    assert await found(store) == (1, 0, 0)


@pytest.mark.parametrize(("crowded", "gives_way"), [(True, True), (False, False)])
async def test_a_check_gives_its_slot_to_a_users_job(store: Store, crowded: bool, gives_way: bool) -> None:
    """When its process has no other; with one free, the user's job does not wait for it."""
    source = await keep(store, "a b")
    job = await serve(store, "a b", source)
    silent = Model(None)
    one = replace(stage(store, silent), crowded=lambda: crowded)
    running = asyncio.create_task(one.run(check_of(job), 0))
    await silent.asked.wait()
    await store.submit(queue="standard")
    await asyncio.wait((running,), timeout=3 * WATCH_S if not gives_way else 60)
    assert running.done() is gives_way
    if not gives_way:
        one.stop()
    await running
    assert await store.redis.zcard(store.key("checks:standard")) == 1


async def test_a_stale_message_does_nothing(store: Store) -> None:
    """Neither one of a check that was settled, nor one of a check that never was."""
    model = await audited(store, {"answer": "Paris"})
    (job,) = [key async for key in store.redis.scan_iter(match=store.key("check:*"))] or ["none"]
    assert job == "none"
    await stage(store, model).run("chk_" + "0" * 32, 0)
    assert len(model.plans) == 1
