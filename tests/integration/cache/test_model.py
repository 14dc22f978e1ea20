"""Random histories of a cache on a real Redis: replicas stay equal to a plain model of what is kept."""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.support.cache import entries, follow, hash_of, keep, ref_of, vector_of
from tests.support.store import TENANT, Store, make_settings, open_store
from workers.cache.index import scope as scope_index
from workers.cache.replica.follower import Follower
from workers.contracts.caching import CacheChoice
from workers.settings import Settings

TEXTS = [f"text {number}" for number in range(40)]
SCOPES = ("a" * 32, "b" * 32)
TENANTS = (TENANT, "umbra")
PROCESSES = 3
SWITCH = 6  # entries above which a scope's index is approximate: both kinds are met all the time
Key = tuple[str, str, str]  # tenant, scope, text
WORTH = {"keep": 8, "keep_many": 3, "remove": 5, "remove_scope": 1, "expire": 3, "evict": 2, "snapshot": 2, "restart": 2,
         "trim": 2, "flush": 1, "go_back": 1, "look": 6}  # fmt: skip


class Cache(RuleBasedStateMachine):
    """Jobs end, owners remove, time passes, memory is short, processes and Redis come and go; each process looks up."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.kept: dict[Key, int] = {}  # -> what it is worth
        self.floor = 0
        self.before: tuple[dict[Key, int], int, dict[str, bytes]] | None = None
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._folder = tempfile.TemporaryDirectory()
        self.path = Path(self._folder.name) / "one.snapshot"
        self.store: Store = self._runner.run(self._stack.enter_async_context(open_store(settings)))
        self.processes: list[Follower] = [self._runner.run(self._begun()) for _ in range(PROCESSES)]

    def teardown(self) -> None:
        """Leave nothing behind."""
        self._runner.run(self._clean())
        self._runner.close()
        self._folder.cleanup()

    async def _clean(self) -> None:
        await self._drop_all()
        await self._stack.aclose()

    async def _drop_all(self) -> None:
        keys = [key async for key in self.store.redis.scan_iter(match=self.store.key("*"), count=1000)]
        if keys:
            await self.store.redis.unlink(*keys)

    async def _begun(self) -> Follower:
        one = follow(self.store, self.path)
        await one.start()
        return one

    @rule(data=st.data())
    def act(self, data: st.DataObject) -> None:
        """Let something happen; then one process looks something up."""
        names = [name for name, weight in WORTH.items() for _ in range(weight)]
        name = data.draw(st.sampled_from(names), label="what happens")
        self._runner.run(getattr(self, name)(data))
        if name != "look":
            self._runner.run(self.look(data))

    def _key(self, data: st.DataObject) -> Key:
        if self.kept and data.draw(st.integers(0, 3)):
            return data.draw(st.sampled_from(sorted(self.kept)))
        drawn = st.tuples(st.sampled_from(TENANTS), st.sampled_from(SCOPES), st.sampled_from(TEXTS))
        return data.draw(drawn)

    # -- what happens -------------------------------------------------------------------------------------------

    async def keep(self, data: st.DataObject) -> None:
        """A job ends and its answer is kept, perhaps in place of another."""
        tenant, scope, text = self._key(data)
        worth = data.draw(st.integers(1, 5))
        await keep(self.store, text, tenant=tenant, scope=scope, cache_worth=str(worth))
        self.kept[tenant, scope, text] = self.floor + worth

    async def keep_many(self, data: st.DataObject) -> None:
        """Many at once, so that indexes change their kind."""
        tenant, scope = data.draw(st.sampled_from(TENANTS)), data.draw(st.sampled_from(SCOPES))
        for text in TEXTS[:: data.draw(st.integers(3, 6))]:
            await keep(self.store, text, tenant=tenant, scope=scope)
            self.kept[tenant, scope, text] = self.floor + 1

    async def remove(self, data: st.DataObject) -> None:
        """An owner removes one; another tenant cannot."""
        tenant, scope, text = self._key(data)
        name = f"ent_{hash_of(text, scope)}"
        other = next(each for each in TENANTS if each != tenant)
        assert await entries(self.store).remove(other, name) == ((other, scope, text) in self.kept)
        self.kept.pop((other, scope, text), None)
        assert await entries(self.store).remove(tenant, name) == ((tenant, scope, text) in self.kept)
        self.kept.pop((tenant, scope, text), None)

    async def remove_scope(self, data: st.DataObject) -> None:
        """An owner removes a whole scope."""
        tenant, scope = data.draw(st.sampled_from(TENANTS)), data.draw(st.sampled_from(SCOPES))
        gone = [key for key in self.kept if key[:2] == (tenant, scope)]
        await entries(self.store).sweep()  # what is over and was not swept yet would be counted
        removed = await entries(self.store).remove_chosen(tenant, CacheChoice(scope=scope), now_ms=0)
        assert removed == len(gone)
        for key in gone:
            del self.kept[key]

    async def expire(self, data: st.DataObject) -> None:
        """The life of one is over: its hash is gone at once, the lists learn it at the next sweep."""
        if not self.kept:
            return
        tenant, scope, text = self._key(data)
        ref = ref_of(text, tenant=tenant, scope=scope)
        await self.store.redis.unlink(self.store.key(f"tenant:{tenant}:exact:{hash_of(text, scope)}"))
        if (tenant, scope, text) in self.kept:
            await self.store.redis.zadd(self.store.key("cache:ends"), {ref: 1})
            del self.kept[tenant, scope, text]
        if data.draw(st.booleans()):
            await entries(self.store).sweep()

    async def evict(self, data: st.DataObject) -> None:
        """There is room for some: those that are worth least go first."""
        await entries(self.store).sweep()
        room = data.draw(st.integers(0, len(self.kept)))
        each = int(await self.store.redis.get(self.store.key("cache:bytes")) or 0) // max(1, len(self.kept))
        tight = make_settings(
            self.store.settings.redis_url.get_secret_value(), redis={"key_prefix": self.store.settings.redis.key_prefix}
        ).model_copy(update={"cache": self.store.settings.cache.model_copy(update={"max_bytes": room * (each + 4)})})
        store = Store(tight, self.store.redis, self.store.scripts, self.store.jobs, self.store.reader)
        _, evicted = await entries(store).sweep()
        ranked = sorted(self.kept, key=lambda key: (self.kept[key], ref_of(key[2], tenant=key[0], scope=key[1])))
        assert evicted <= len(self.kept)
        for key in ranked[:evicted]:
            self.floor = self.kept.pop(key)
        assert len(self.kept) >= min(room, len(self.kept))

    async def snapshot(self, data: st.DataObject) -> None:
        """A process writes a snapshot."""
        assert await data.draw(st.sampled_from(self.processes)).write(self.path)

    async def restart(self, data: st.DataObject) -> None:
        """A process ends without a word, and another begins; sometimes its disk is new."""
        if data.draw(st.integers(0, 3)) == 0:
            self.path.unlink(missing_ok=True)
        self.processes[data.draw(st.integers(0, PROCESSES - 1))] = await self._begun()

    async def trim(self, data: st.DataObject) -> None:
        """The log loses its older rows."""
        await self.store.redis.xtrim(
            self.store.key("cache:log"), maxlen=data.draw(st.integers(0, 3)), approximate=False
        )

    async def flush(self, data: st.DataObject) -> None:
        """Redis loses everything, now and then."""
        if data.draw(st.booleans()):
            return
        await self._drop_all()
        self.kept, self.floor = {}, 0

    async def go_back(self, data: st.DataObject) -> None:
        """Redis is killed before its latest writes were on disk, or an older state of it is restored."""
        keys = [key async for key in self.store.redis.scan_iter(match=self.store.key("*"), count=1000)]
        if self.before is None or data.draw(st.booleans()):
            self.before = (dict(self.kept), self.floor, {key: await self._dump(key) for key in keys})
            return
        await self._drop_all()
        self.kept, self.floor = dict(self.before[0]), self.before[1]
        for key, raw in self.before[2].items():
            await self.store.scripts._redis.execute_command("RESTORE", key, 0, raw, "REPLACE")

    async def _dump(self, key: str) -> bytes:
        return await self.store.redis.execute_command("DUMP", key, NEVER_DECODE=True)

    # -- what must hold -----------------------------------------------------------------------------------------

    async def look(self, data: st.DataObject) -> None:
        """A process looks a text up: it proposes what is kept, and what it serves is really there."""
        one = data.draw(st.sampled_from(self.processes))
        tenant, scope, text = self._key(data)
        await one.catch_up()
        wanted = {ref_of(key[2], tenant=key[0], scope=key[1]) for key in self.kept}
        listed = {ref async for page in one._source.live("enc-1") for ref in page}
        assert set(one.replica.refs()) <= listed, "an index has what no list has"
        assert wanted <= set(one.replica.refs()), "an index lacks what is kept"
        near = await one.search(f"{tenant}/{scope}", vector_of(text), 8, 0.99)
        tail = await (await one._source.ask(one.replica.position)).tail()
        assert (tail.kind, tail.changes) == ("rows", ()), "the log has what was not followed"
        seen = await one._source.look(f"{tenant}/{scope}", [ref for ref, _ in near])
        found = [entry["ref"] for entry in seen.entries if entry is not None]
        assert found == ([ref_of(text, tenant=tenant, scope=scope)] if (tenant, scope, text) in self.kept else [])
        raw: Any = await self.store.redis.hgetall(self.store.key("cache:held"))
        held = sum(int(value.partition("|")[0]) for value in raw.values())
        assert held == int(await self.store.redis.get(self.store.key("cache:bytes")) or 0)


def test_replicas_are_equal_to_a_model_after_any_history(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Add, replace, remove, expire, evict, snapshot, restart, trim, flush and restore, in any order."""
    monkeypatch.setattr(scope_index.ScopeIndex.__init__, "__kwdefaults__", {"exact_up_to": SWITCH})
    monkeypatch.setattr(scope_index.ScopeIndex.with_lists.__func__, "__kwdefaults__", {"exact_up_to": SWITCH})
    examples = int(os.environ.get("THINKLINE_TEST_HISTORIES", "40"))
    run_state_machine_as_test(
        lambda: Cache(settings),
        settings=hypothesis_settings(
            max_examples=examples, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
