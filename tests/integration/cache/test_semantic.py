"""The semantic tier of one process on a real Redis: what is proposed, judged, served and told."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.cache import CODER, SCOPE, entries, follow, hash_of, keep, vector_of
from tests.support.judge import Said, StrictJudge
from tests.support.store import TENANT, Store
from workers.cache.exact import ExactCache
from workers.cache.examining import AT_ONCE_CHARS
from workers.cache.semantic import SemanticCache
from workers.contracts.caching import Looked
from workers.contracts.job import Budget
from workers.contracts.request import JobRequest
from workers.store.cache_log import CacheLog, as_text
from workers.store.record import Claim
from workers.store.wire import Wire

pytestmark = pytest.mark.anyio


class Broken:
    """A judge with a defect."""

    def glance(self, *_: Any) -> None:
        """Leave every pair to be read."""

    def chars(self, *_: Any) -> int:
        """Read it in the loop."""
        return 0

    def read(self, *_: Any) -> Any:
        """Fail."""
        raise ValueError("private words")


def cache(store: Store, judge: Any = None, path: Path | None = None) -> SemanticCache:
    """The cache of one more process."""
    source = CacheLog(store.redis, store.scripts, store.settings)
    return SemanticCache(
        ExactCache(store.reader),
        follow(store, path),
        source,
        judge or StrictJudge(),
        CODER.fingerprint,
        store.settings.cache,
    )


def claim(text: str, *, tenant: str = TENANT, key: str = "", scope: str = SCOPE, **request: Any) -> Claim:
    """A job in the hands of a classify worker."""
    asked = JobRequest(input=text, **request)
    budget = Budget(deadline_s=9, reasoning_s=5, fallback_s=2, margin_s=1)
    return Claim(
        "job_" + "1" * 32, 0, "classify", tenant, asked, budget, 0, 0, 9000, 5000,
        cache_key=key or hash_of(text, scope), cache_scope=scope, cache={"outcome": "miss"},
    )  # fmt: skip


async def ask(one: SemanticCache, stored: str, text: str, **how: Any) -> Looked:
    """Look up a text whose vector is that of a stored one."""
    return await one.look_near(claim(text, **how), vector_of(stored))


async def test_a_query_of_the_same_meaning_is_answered(store: Store) -> None:
    """With tier, similarity, source job, entry and the judge's reason in the note."""
    source = await keep(store, "capital of France")
    hit = (await ask(cache(store), "capital of France", "France: capital of?")).hit
    assert hit is not None
    assert hit.result == {"answer": "Paris"}
    note = hit.note
    assert (note.outcome, note.tier, note.source_job, note.similarity) == ("hit", "semantic", source, 1.0)
    assert note.entry == f"ent_{hash_of('capital of France')}"
    assert note.reason == "the same words"


async def test_the_next_candidate_is_tried_when_the_nearest_is_refused(store: Store) -> None:
    """The first that the judge accepts is the answer; when none is, the job tells of the nearest."""
    vector = as_text(vector_of("x").tobytes())
    await keep(store, "one two", cache_vector=vector)
    wanted = await keep(store, "two three", cache_vector=vector)
    judge = StrictJudge()
    one = cache(store, judge)
    hit = (await ask(one, "x", "Three, two")).hit
    assert hit is not None
    assert hit.source == wanted
    missed = await ask(one, "x", "four")
    assert missed.hit is None
    note = missed.fields["cache"]
    assert (note.outcome, note.guard, note.similarity) == ("miss", "words", 1.0)
    assert note.reason == "the nearest stored query was refused: other words"


@pytest.mark.parametrize(
    "other", [{"tenant": "umbra"}, {"scope": "b" * 32}, {"key": "@staff/" + "c" * 64}], ids=["tenant", "scope", "group"]
)
async def test_nothing_is_served_across_tenants_scopes_or_groups(store: Store, other: dict[str, str]) -> None:
    """The judge does not even see it."""
    await keep(store, "a b")
    judge = StrictJudge()
    assert (await ask(cache(store, judge), "a b", "b a", **other)).hit is None
    assert judge.seen == []


async def test_a_group_shares_and_does_not_tell_whose_job_it_was(store: Store) -> None:
    """A member is given the other's answer, without its job's id."""
    key = f"@staff/{hash_of('a b')}"
    source = await keep(store, "a b", cache_key=key)
    hit = (await ask(cache(store), "a b", "b a", tenant="umbra", key="@staff/" + "c" * 64)).hit
    assert hit is not None
    assert (hit.note.source_job, hit.note.entry, hit.source) == (None, None, source)
    assert hit.entry == f"shared:staff:exact:{hash_of('a b')}"


async def test_what_was_removed_is_not_served_by_a_process_that_is_behind(store: Store) -> None:
    """Also when its index and its copy of the text still have it: the entry is read from Redis before it is served."""
    await keep(store, "a b")
    one = cache(store)
    await one.follower.catch_up()
    assert len(one.follower.texts) == 1
    await entries(store).remove(TENANT, f"ent_{hash_of('a b')}")

    async def nothing(_: Any) -> None:
        return None

    one.follower.follow = nothing  # type: ignore[method-assign]
    assert len(one.follower.replica) == 1
    missed = await ask(one, "a b", "b a")
    assert (missed.hit, missed.fields.get("cache")) == (None, None)


async def test_an_encrypted_connection_serves_as_well(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then look-ups go through redis-py: what came is found, and what was removed is not."""
    monkeypatch.setattr(Wire, "of", lambda _: None)
    one = cache(store)
    await one.follower.catch_up()
    await keep(store, "a b")
    assert (await ask(one, "a b", "b a")).hit is not None
    await entries(store).remove(TENANT, f"ent_{hash_of('a b')}")
    missed = await ask(one, "a b", "b a")
    assert (missed.hit, set(missed.fields)) == (None, {"cache_vector", "cache_encoder"})
    assert len(one.follower.replica) == 0


async def test_what_redis_says_is_judged_and_not_the_copy(store: Store) -> None:
    """A copy that is behind may refuse; it never accepts in place of what is stored now."""
    await keep(store, "a b")
    one = cache(store)
    await one.follower.catch_up()
    await store.redis.hset(store.key(f"tenant:{TENANT}:exact:{hash_of('a b')}"), "text", "c d")
    missed = await ask(one, "a b", "b a")
    assert missed.hit is None
    assert missed.fields["cache"].reason == "the nearest stored query was refused: other words"


async def test_a_text_that_is_not_known_is_read(store: Store, path: Path) -> None:
    """A process that began with a snapshot has vectors and no texts; it is served from Redis, and knows it then."""
    for text in ("a b", "b c", "c d"):
        await keep(store, text, cache_vector=as_text(vector_of("x").tobytes()))
    before = cache(store)
    await before.follower.catch_up()
    assert await before.follower.write(path)
    one = cache(store, path=path)
    await one.follower.start()
    assert (len(one.follower.replica), len(one.follower.texts)) == (3, 0)
    await store.redis.config_resetstat()
    assert (await ask(one, "x", "d c")).hit is not None
    assert await calls(store) == {"xrange": 1, "time": 1, "hmget": 4}
    assert len(one.follower.texts) == 3


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a snapshot lies."""
    return tmp_path / "cache" / "one.snapshot"


async def test_the_judge_is_prepared_for_what_comes(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Also after one that it cannot take."""
    seen: list[str] = []
    asked = asyncio.Event()

    class Preparing(StrictJudge):
        def prepare(self, stored: str) -> None:
            seen.append(stored)
            asked.set()
            if stored == "a b":
                raise ValueError("private words")

    one = cache(store, Preparing())
    work = asyncio.create_task(one.prepare_for_ever())
    for text in ("a b", "c d"):
        await keep(store, text)
        await one.follower.catch_up()
        await asyncio.wait_for(asked.wait(), 5)
        asked.clear()
    work.cancel()
    assert seen == ["a b", "c d"]
    assert "private words" not in "".join(capsys.readouterr())


async def test_what_came_while_it_looked_is_judged_too(store: Store) -> None:
    """Candidates were proposed already when the log tells of another one, or that the proposed one has gone."""
    vector = as_text(vector_of("x").tobytes())
    await keep(store, "one two", cache_vector=vector)
    one = cache(store)
    assert (await ask(one, "x", "four")).hit is None
    wanted = await keep(store, "two three", cache_vector=vector)
    hit = (await ask(one, "x", "three two")).hit
    assert hit is not None
    assert hit.source == wanted
    await entries(store).remove(TENANT, f"ent_{hash_of('two three')}")
    assert (await ask(one, "x", "three two")).hit is None
    assert len(one.follower.replica) == 1


async def test_a_look_up_without_a_hit_is_one_round_trip(store: Store) -> None:
    """Nothing but the log is read; what is served is read from Redis as well, with how strict the scope is."""
    for text in ("a b", "b c", "c d"):
        await keep(store, text, cache_vector=as_text(vector_of("x").tobytes()))
    one = cache(store)
    assert (await ask(one, "x", "b a")).hit is not None
    await store.redis.config_resetstat()
    assert (await ask(one, "x", "d d")).hit is None
    assert await calls(store) == {"xrange": 1}
    assert (await ask(one, "x", "d c")).hit is not None
    assert await calls(store) == {"xrange": 2, "time": 1, "hmget": 2}
    assert all(looked.hit for looked in await asyncio.gather(*(ask(one, "x", "d c") for _ in range(20))))
    assert await calls(store) == {"xrange": 22, "time": 21, "hmget": 42}


async def calls(store: Store) -> dict[str, int]:
    """How often each command was called since the count was reset, in scripts too."""
    found = await store.redis.info("commandstats")
    names = {name.removeprefix("cmdstat_"): row["calls"] for name, row in found.items()}
    return {name: count for name, count in names.items() if name.partition("|")[0] not in {"client", "config", "info"}}


async def test_what_a_glance_decides_is_not_read(store: Store) -> None:
    """The nearest is refused at a glance; the next is read and accepted."""

    class Glancing(StrictJudge):
        def glance(self, stored: str, asked: str, similarity: float) -> Any:
            del asked, similarity
            return Said(hit=False, reason="plainly different", guard="words") if stored.startswith("a b") else None

    for words in ("a b c", "c b a"):
        await keep(store, words, cache_vector=as_text(vector_of("a b c").tobytes()))
    judge = Glancing()
    assert (await ask(cache(store, judge), "a b c", "b a c")).hit is not None
    assert judge.seen == [("c b a", "b a c")]


async def test_what_look_ups_read_of_the_log_is_not_read_again(store: Store) -> None:
    """The first one's rows are what the replica follows; a later look-up sees what came since."""
    await keep(store, "a b")
    one = cache(store)
    await one.follower.catch_up()
    await keep(store, "c d")
    await store.redis.config_resetstat()
    assert (await ask(one, "c d", "d c")).hit is not None
    assert (await calls(store))["xrange"] == 1
    await keep(store, "e f")
    found = await asyncio.gather(ask(one, "e f", "f e"), ask(one, "c d", "d c"), one.follower.catch_up())
    assert found[0].hit is not None
    assert found[1].hit is not None
    assert len(one.follower.replica) == 3


async def test_long_texts_are_judged_beside_the_loop(store: Store) -> None:
    """Short ones in it; the answer is the same."""
    threads: list[int] = []

    class Watching(StrictJudge):
        def read(self, stored: str, asked: str, similarity: float) -> Any:
            threads.append(threading.get_ident())
            return super().read(stored, asked, similarity)

    for words in ("a b", "a b " * AT_ONCE_CHARS):
        await keep(store, words, cache_vector=as_text(vector_of(words).tobytes()))
        assert (await ask(cache(store, Watching()), words, words.upper())).hit is not None
    assert threads[0] == threading.get_ident()
    assert threads[1] != threads[0]


async def test_refresh_looks_nothing_up_and_is_found_afterwards(store: Store) -> None:
    """It takes its vector along, so that its answer can be found; `off` takes nothing."""
    await keep(store, "a b")
    fresh = await ask(cache(store), "a b", "b a", cache="refresh")
    assert fresh.hit is None
    assert set(fresh.fields) == {"cache_vector", "cache_encoder"}
    off = replace(claim("b a", cache="off"), cache_key=None)
    assert await cache(store).look_near(off, vector_of("a b")) == Looked()


async def test_a_defect_of_the_judge_is_a_miss(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """The job goes on, and the log does not quote."""
    await keep(store, "a b")
    missed = await ask(cache(store, Broken()), "a b", "b a")
    assert missed.hit is None
    assert set(missed.fields) == {"cache_vector", "cache_encoder"}
    said = "".join(capsys.readouterr())
    assert "private words" not in said


async def test_what_is_too_far_is_not_judged(store: Store) -> None:
    """Below the floor nothing is examined."""
    await keep(store, "a b")
    judge = StrictJudge()
    one = cache(store, judge)
    assert (await ask(one, "something else entirely", "b a")).hit is None
    assert judge.seen == []
