"""Four processes with a replica each: what one keeps or removes, every other one knows at its next look-up."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.support.cache import ref_of
from tests.support.processes import Process, Processes
from tests.support.sharing import tell
from workers.settings import Settings

NAMES = ("one", "two", "three", "four")


class Four:
    """Four processes on one Redis, and how to talk to them."""

    def __init__(self, redis: Redis, settings: Settings, processes: Processes) -> None:
        self.redis, self.url = redis, settings.redis_url.get_secret_value()
        self.prefix, self.processes = settings.redis.key_prefix, processes
        self.running = {name: self.start(name) for name in NAMES}

    def start(self, name: str) -> Process:
        """Start one."""
        return self.processes.start(name, "-m", "tests.support.sharing", self.url, self.prefix, name)

    def found(self, text: str) -> list[list[str]]:
        """What each proposes for a text."""
        return [tell(self.redis, self.prefix, name, "look", text) for name in NAMES]

    def do(self, name: str, order: str, text: str = "") -> object:
        """Have one do something."""
        return tell(self.redis, self.prefix, name, order, text)


@pytest.fixture
def four(settings: Settings, tmp_path: Path) -> Iterator[Four]:
    """Four processes, stopped at the end; their keys go with them."""
    url, prefix = settings.redis_url.get_secret_value(), settings.redis.key_prefix
    with Redis.from_url(url, decode_responses=True, socket_timeout=90) as redis:
        with Processes(tmp_path, {}) as processes:
            yield Four(redis, settings, processes)
        for key in redis.scan_iter(match=f"{prefix}*", count=1000):
            redis.unlink(key)


def test_each_knows_at_its_next_look_up_what_another_kept_or_removed(four: Four) -> None:
    """Whoever does it, and however often the others have looked before."""
    assert four.found("text") == [[]] * 4
    for number, name in enumerate(NAMES):
        text = f"text {number}"
        assert four.do(name, "keep", text)
        assert four.found(text) == [[ref_of(text)]] * 4
        assert four.do(NAMES[number - 1], "remove", text) is True
        assert four.found(text) == [[]] * 4


def test_one_that_is_killed_while_it_keeps_leaves_the_others_equal(four: Four) -> None:
    """After SIGKILL in the middle of keeping, those that live and one that begins anew hold exactly the entries."""
    log = f"{four.prefix}cache:log"
    for name in ("two", "four"):
        before = four.redis.xlen(log)
        for number in range(200):
            four.redis.rpush(f"{four.prefix}{name}:orders", f'["keep", "{name} {number}"]')
        four.running[name].wait_until(lambda before=before: four.redis.xlen(log) > before + 20, "entries", 60)
        four.running[name].send(signal.SIGKILL)
        four.running[name].stop()
        four.redis.unlink(f"{four.prefix}{name}:orders", f"{four.prefix}{name}:answers")
        four.running[name] = four.start(f"{name}")
    held = sorted(four.redis.hkeys(f"{four.prefix}cache:held"))
    assert len(held) > 40
    assert [four.do(name, "list") for name in NAMES] == [held] * 4
