"""Replicas of the cache's log on a real Redis: what one process adds or removes, each other knows at its next look-up."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from tests.support.cache import SCOPE, Coder, entries, follow, hash_of, keep, ref_of, vector_of
from tests.support.store import TENANT, Store
from workers.cache.index import scope as scope_index
from workers.cache.index.kinds import Lists, Vectors
from workers.cache.replica.follower import Follower
from workers.contracts.job import Feedback

pytestmark = pytest.mark.anyio


async def found(follower: Follower, text: str, *, tenant: str = TENANT, scope: str = SCOPE) -> list[str]:
    """What a process proposes for a text at its next look-up."""
    await follower.catch_up()
    return [ref for ref, _ in await follower.search(f"{tenant}/{scope}", vector_of(text), 5, 0.99)]


async def test_an_entry_is_known_to_every_process_at_its_next_look_up(store: Store) -> None:
    """Added by one, found by all; removed by one, found by none."""
    processes = [follow(store) for _ in range(4)]
    assert [await found(each, "a") for each in processes] == [[]] * 4
    await keep(store, "a")
    assert [await found(each, "a") for each in processes] == [[ref_of("a")]] * 4
    assert await entries(store).remove(TENANT, f"ent_{hash_of('a')}")
    assert [await found(each, "a") for each in processes] == [[]] * 4


async def test_nothing_is_found_across_tenants_scopes_or_encoders(store: Store) -> None:
    """The same words elsewhere are not proposed."""
    await keep(store, "a")
    one = follow(store)
    assert await found(one, "a", tenant="umbra") == []
    assert await found(one, "a", scope="b" * 32) == []
    assert await found(follow(store, encoder=Coder("enc-2")), "a") == []
    await keep(store, "b", encoder="")
    assert await found(one, "b") == []


async def test_a_group_that_shares_has_a_scope_of_its_own(store: Store) -> None:
    """Kept by one tenant under the group's name, and not under its own."""
    await keep(store, "a", cache_key=f"@staff/{hash_of('a')}")
    one = follow(store)
    assert await found(one, "a", tenant="@staff") == [ref_of("a", tenant="@staff")]
    assert await found(one, "a") == []


async def test_a_replaced_answer_is_one_entry(store: Store) -> None:
    """Answered anew: found once, and the removal of the old one in the log does not take the new one away."""
    one = follow(store)
    await keep(store, "a")
    assert await found(one, "a") == [ref_of("a")]
    second = await keep(store, "a")
    assert await found(one, "a") == [ref_of("a")]
    assert len(one.replica) == 1
    assert await store.redis.hget(store.key(f"tenant:{TENANT}:exact:{hash_of('a')}"), "job") == second
    assert await store.redis.hlen(store.key("cache:held")) == 1


async def test_feedback_removes_the_entry_behind_a_hit_everywhere(store: Store) -> None:
    """The job that was only given the answer says that it is wrong."""
    one = follow(store)
    source = await keep(store, "a")
    assert await found(one, "a")
    hit = await store.running("classify")
    name = f"tenant:{TENANT}:exact:{hash_of('a')}"
    assert (
        await store.scripts.call("serve", hit.job_id, "0", name, source, "semantic", "0.98", "r", "result", "1") == "ok"
    )
    assert await store.jobs.feedback(hit.job_id, TENANT, Feedback(correct=False), wrong=True) == "ok"
    assert await found(one, "a") == []
    assert not await store.redis.exists(store.key(name))


async def test_a_trimmed_log_is_recovered_from(store: Store) -> None:
    """A replica whose place in the log is gone compares itself with the list of entries."""
    one = follow(store)
    for text in "abc":
        await keep(store, text)
    assert await found(one, "a")
    await entries(store).remove(TENANT, f"ent_{hash_of('a')}")
    await keep(store, "d")
    await store.redis.xtrim(store.key("cache:log"), maxlen=1)
    assert await found(one, "a") == []
    assert await found(one, "d") == [ref_of("d")]
    assert set(one.replica.refs()) == {ref_of(text) for text in "bcd"}


async def test_a_flushed_redis_is_recovered_from(store: Store) -> None:
    """Everything is gone, and what comes afterwards is found."""
    one = follow(store)
    await keep(store, "a")
    assert await found(one, "a")
    await store.redis.unlink(*[key async for key in store.redis.scan_iter(match=store.key("*"))])
    assert await found(one, "a") == []
    await keep(store, "b")
    assert await found(one, "b") == [ref_of("b")]


async def test_a_redis_that_went_back_to_an_older_state_is_recovered_from(store: Store) -> None:
    """Its log has other rows in the same places; what the replica knows from the lost ones goes."""
    one = follow(store)
    await keep(store, "a")
    assert await found(one, "a")
    await store.redis.unlink(*[key async for key in store.redis.scan_iter(match=store.key("*"))])
    await keep(store, "b")
    await keep(store, "c")
    assert await found(one, "a") == []
    assert set(one.replica.refs()) == {ref_of("b"), ref_of("c")}


async def test_a_new_process_begins_with_a_snapshot_and_the_rest_of_the_log(store: Store, tmp_path: Path) -> None:
    """Also when entries came, went and changed since it was written."""
    path = tmp_path / "cache" / "one.snapshot"
    one = follow(store)
    for text in "abc":
        await keep(store, text)
    await one.catch_up()
    assert await one.write(path)
    await entries(store).remove(TENANT, f"ent_{hash_of('a')}")
    await keep(store, "b")
    await keep(store, "d")
    other = follow(store, path)
    await other.start()
    assert set(other.replica.refs()) == {ref_of(text) for text in "abc"}
    assert other.replica.position
    assert await found(other, "a") == []
    assert set(other.replica.refs()) == {ref_of(text) for text in "bcd"}
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "encoder", "lost", "not json"])
async def test_a_snapshot_that_cannot_be_used_costs_nothing_but_time(store: Store, tmp_path: Path, damage: str) -> None:
    """The replica begins without it and reads everything from Redis."""
    path = tmp_path / "one.snapshot"
    one = follow(store)
    for text in "abc":
        await keep(store, text)
    await one.catch_up()
    assert await one.write(path)
    raw = path.read_bytes()
    changed = {
        "cut": raw[:-7], "flipped": raw[:-40] + bytes([raw[-40] ^ 1]) + raw[-39:], "empty": b"", "not json": b"x" * 100,
        "encoder": raw, "lost": raw,
    }[damage]  # fmt: skip
    path.write_bytes(changed)
    if damage == "lost":
        path.unlink()
    other = follow(store, path, Coder("enc-2") if damage == "encoder" else Coder())
    await other.start()
    assert len(other.replica) == 0
    if damage != "encoder":
        assert await found(other, "b") == [ref_of("b")]
        assert len(other.replica) == 3


async def test_a_snapshot_is_written_while_look_ups_and_changes_go_on(store: Store, tmp_path: Path) -> None:
    """What is read back, with the rest of the log, is what is there."""
    path = tmp_path / "one.snapshot"
    one = follow(store)
    for number in range(30):
        await keep(store, f"text {number}")
    await one.catch_up()

    async def change() -> None:
        for number in range(20):
            await entries(store).remove(TENANT, f"ent_{hash_of(f'text {number}')}")
            await keep(store, f"more {number}")
            await one.catch_up()

    await asyncio.gather(one.write(path), change())
    other = follow(store, path)
    await other.start()
    await other.catch_up()
    assert set(other.replica.refs()) == set(one.replica.refs())
    assert len(other.replica) == 30


async def test_only_one_process_writes_a_snapshot_at_a_time(store: Store, tmp_path: Path) -> None:
    """The second one leaves it to the first."""
    path = tmp_path / "one.snapshot"
    one, two = follow(store), follow(store)
    for number in range(5):
        await keep(store, f"text {number}")
    await one.catch_up()
    await two.catch_up()
    assert sorted(await asyncio.gather(one.write(path), two.write(path))) == [False, True]
    assert sorted(os.listdir(tmp_path)) == ["one.lock", "one.snapshot"]  # noqa: PTH208 - pathlib would do the same


async def test_look_ups_at_once_share_readings_and_miss_nothing(store: Store) -> None:
    """Whoever asks after an entry was added finds it, however many ask at the moment."""
    one = follow(store)

    async def add_and_look(number: int) -> list[str]:
        await keep(store, f"text {number}")
        return await found(one, f"text {number}")

    assert await asyncio.gather(*(add_and_look(number) for number in range(40))) == [
        [ref_of(f"text {number}")] for number in range(40)
    ]


async def test_an_index_is_used_while_it_grows(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look-ups and changes go on with the old lists while new ones are being found, and nothing is lost on the way."""
    monkeypatch.setattr(scope_index.ScopeIndex.__init__, "__kwdefaults__", {"exact_up_to": 8})
    begun, go_on, train = threading.Event(), threading.Event(), Lists.trained

    def slowly(sample: Vectors, entries: int) -> Lists:
        begun.set()
        assert go_on.wait(30)
        return train(sample, entries)

    monkeypatch.setattr(Lists, "trained", staticmethod(slowly))
    one = follow(store)
    await keep(store, "a")
    await one.catch_up()
    for number in range(12):
        await keep(store, f"text {number}")
    await one.catch_up()
    assert await asyncio.to_thread(begun.wait, 30)
    try:
        await keep(store, "more")
        await entries(store).remove(TENANT, f"ent_{hash_of('text 3')}")
        assert await found(one, "more") == [ref_of("more")]
        assert await found(one, "text 3") == []
        assert one.growing
        assert one.replica.scopes[f"{TENANT}/{SCOPE}"].centroids is None
    finally:
        go_on.set()
    await one.grown()
    assert one.replica.scopes[f"{TENANT}/{SCOPE}"].centroids is not None
    left = {"a", "more", *(f"text {number}" for number in range(12) if number != 3)}
    assert set(one.replica.refs()) == {ref_of(text) for text in left}
    assert [await found(one, text) for text in sorted(left)] == [[ref_of(text)] for text in sorted(left)]


async def test_lists_that_cannot_be_found_cost_speed_and_nothing_else(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Look-ups go on with the old ones."""
    monkeypatch.setattr(scope_index.ScopeIndex.__init__, "__kwdefaults__", {"exact_up_to": 4})

    def broken(*_: object) -> Lists:
        raise RuntimeError("no lists")

    monkeypatch.setattr(Lists, "trained", staticmethod(broken))
    one = follow(store)
    await keep(store, "a")
    await one.catch_up()
    for text in "bcdef":
        await keep(store, text)
    assert await found(one, "f") == [ref_of("f")]
    await one.grown()
    await keep(store, "g")
    assert await found(one, "g") == [ref_of("g")]
    assert not one.growing
