"""Equal queries in flight on a real Redis: one leads, the others wait for it, and one of them takes over when it fails."""

from __future__ import annotations

import pytest

from tests.support.cache import ending, entries, hash_of
from tests.support.store import TENANT, Store, new_job, read_message
from workers.contracts.job import Budget
from workers.contracts.request import JobRequest
from workers.store.jobs import Ending, Move
from workers.store.record import Claim

pytestmark = pytest.mark.anyio
KEY = hash_of("a")


async def classifying(store: Store, **how: object) -> Claim:
    """A job in the hands of a classify worker."""
    return await store.running("classify", request=JobRequest(input="a"), **how)


async def claimed(store: Store, text: str) -> Claim:
    """Take a message."""
    job_id, attempt = read_message(text)
    claim = await store.jobs.claim("classify", job_id, attempt, "w3")
    assert isinstance(claim, Claim), claim
    return claim


async def party(store: Store, followers: int = 3) -> tuple[Claim, list[str]]:
    """A leader in the standard lane, and the ids of those that wait for it."""
    leader = await classifying(store)
    assert await store.jobs.join(leader.job_id, 0, KEY) == "lead"
    joined = []
    for _ in range(followers):
        claim = await classifying(store)
        assert await store.jobs.join(claim.job_id, 0, KEY) == "joined"
        joined.append(claim.job_id)
    await store.redis.delete(store.key("classify"))  # messages that a broker would have delivered
    assert await store.jobs.move(leader.job_id, 0, Move("standard", "routed", {}, {})) == "ok"
    lead = await store.jobs.claim("standard", leader.job_id, 1, "w1")
    assert isinstance(lead, Claim)
    return lead, joined


async def test_those_that_wait_are_answered_by_the_leader(store: Store) -> None:
    """They have no message until it ends; then each finds the answer."""
    leader, joined = await party(store)
    assert await store.messages("classify") == []
    assert (await store.job(joined[0])).status == "queued"
    assert await store.jobs.finish(leader.job_id, 1, ending("a")) == "ok"
    messages = await store.messages("classify")
    assert sorted(read_message(text)[0] for text in messages) == sorted(joined)
    for text in messages:
        claim = await claimed(store, text)
        assert claim.waited
        assert await store.jobs.join(claim.job_id, claim.attempt, KEY) == "look"
    assert not await store.redis.exists(store.key(f"job:{leader.job_id}:joined"))


async def test_one_takes_over_when_the_leader_fails_or_is_cancelled(store: Store) -> None:
    """The first that comes leads, the others wait again; and so on to the last."""
    leader, _ = await party(store)
    await store.jobs.finish(leader.job_id, 1, Ending("failed", {}))
    for left in (2, 1, 0):
        claims = [await claimed(store, text) for text in await store.messages("classify")]
        await store.redis.delete(store.key("classify"))
        assert len(claims) == left + 1
        done = [await store.jobs.join(claim.job_id, claim.attempt, KEY) for claim in claims]
        assert done == ["lead"] + ["joined"] * left
        await store.jobs.cancel(claims[0].job_id, TENANT)
    assert await store.messages("classify") == []


async def test_they_go_their_own_ways_when_the_answer_was_not_kept(store: Store) -> None:
    """One after the other would wait for ever: nobody joins twice."""
    leader, _ = await party(store)
    await store.jobs.finish(leader.job_id, 1, Ending("succeeded", {"result": "1"}))
    claims = [await claimed(store, text) for text in await store.messages("classify")]
    assert [await store.jobs.join(claim.job_id, claim.attempt, KEY) for claim in claims] == ["alone"] * 3


async def test_a_cancelled_follower_is_not_woken(store: Store) -> None:
    """And the leader is not disturbed."""
    leader, joined = await party(store)
    assert await store.jobs.cancel(joined[0], TENANT) == "ok"
    await store.jobs.finish(leader.job_id, 1, ending("a"))
    assert sorted(read_message(text)[0] for text in await store.messages("classify")) == sorted(joined[1:])
    assert (await store.job(joined[0])).status == "cancelled"


async def test_nobody_waits_for_a_job_that_may_outlast_it(store: Store) -> None:
    """A shorter deadline than the leader's goes alone; so does another tenant's, or another query."""
    await party(store)
    short = Budget(deadline_s=20, reasoning_s=10, fallback_s=5, margin_s=1)
    claim = await classifying(store, budget=short)
    assert await store.jobs.join(claim.job_id, 0, KEY) == "alone"
    other = await classifying(store, tenant="umbra")
    assert await store.jobs.join(other.job_id, 0, KEY) == "lead"
    another = await classifying(store)
    assert await store.jobs.join(another.job_id, 0, hash_of("b")) == "lead"


async def test_the_reaper_leaves_them_alone_while_the_leader_lives(store: Store) -> None:
    """Their message is not lost; when the leader's record is gone, it is, and they are sent on."""
    leader, joined = await party(store, 1)
    await store.pass_time(30)
    assert joined[0] not in {row.job_id for row in await store.jobs.overdue()}
    await store.redis.delete(store.key(f"job:{leader.job_id}"))
    await store.pass_time(30)
    (row,) = [row for row in await store.jobs.overdue() if row.job_id == joined[0]]
    assert row.message_lost
    assert await store.jobs.republish("classify", joined[0], row.attempt) == "ok"
    claim = await claimed(store, (await store.messages("classify"))[0])
    assert await store.jobs.join(claim.job_id, claim.attempt, KEY) == "lead"


async def test_asking_again_changes_nothing(store: Store) -> None:
    """After a lost reply the leader leads still, and who joined has left its attempt."""
    leader = await classifying(store)
    for _ in range(2):
        assert await store.jobs.join(leader.job_id, 0, KEY) == "lead"
    follower = await classifying(store)
    assert await store.jobs.join(follower.job_id, 0, KEY) == "joined"
    before = await store.everything()
    assert await store.jobs.join(follower.job_id, 0, KEY) == "queued"
    assert await store.everything() == before


async def test_a_removed_answer_is_not_waited_for(store: Store) -> None:
    """After the leader ended nobody leads; the next one does."""
    leader, _ = await party(store, 0)
    await store.jobs.finish(leader.job_id, 1, ending("a"))
    await entries(store).remove(TENANT, f"ent_{KEY}")
    assert (await store.jobs.submit(new_job(exact_hash=KEY))).outcome == "created"
    claim = await classifying(store)
    assert await store.jobs.join(claim.job_id, 0, KEY) == "lead"
