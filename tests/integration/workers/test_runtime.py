"""The runtime of a worker process: what reaches Celery, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from workers.contracts.errors import SettingsError
from workers.runtime import Runtime, upstream_configs
from workers.settings import Settings


class Broken:
    """A stage with a defect whose message quotes what it worked on."""

    async def run(self, *_: Any) -> None:
        """Fail."""
        raise ValueError("private-words of a prompt")


def test_a_defect_in_a_stage_never_tells_celery_what_it_quotes(
    make: Callable[..., Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    """The error's kind and place are logged, its text is not, and nothing is raised into the task."""
    runtime = Runtime(make(), ["standard"])
    runtime.start()
    try:
        runtime._answer = Broken()  # type: ignore[assignment]
        runtime.run("standard", "job_x", 1)
    finally:
        runtime.stop()
    said = "".join(capsys.readouterr())
    assert "attempt.broken" in said
    assert "ValueError" in said
    assert "private-words" not in said


def test_a_message_for_a_job_that_is_not_there_is_dropped(make: Callable[..., Settings]) -> None:
    """Stale and invented messages end without a word to anyone."""
    settings = make()
    runtime = Runtime(settings, ["classify", "standard"])
    runtime.start()
    try:
        runtime.run("classify", "job_" + "0" * 32, 0)
        runtime.run("standard", "job_" + "0" * 32, 7)
        runtime.drain()
    finally:
        runtime.stop()
    with Redis.from_url(settings.redis_url.get_secret_value()) as store:
        assert not list(store.scan_iter(match=f"{settings.redis.key_prefix}job:*"))


def test_a_queue_that_does_not_exist_is_refused(make: Callable[..., Settings]) -> None:
    """A misspelt queue stops the start and says what is allowed."""
    with pytest.raises(SettingsError, match="classify, reasoning, standard, fallback"):
        Runtime(make(), ["reasonin"])


def test_a_key_that_is_not_set_stops_the_start(make: Callable[..., Settings]) -> None:
    """The variable is named, so that its user can set it."""
    upstreams = {"main": {"base_url": "https://api.example.com/v1", "api_key_env": "NO_SUCH_KEY_SET"}}
    models = {"m": {"upstream": "main", "model": "x"}}
    lanes = {"reasoning": {"model": "m"}, "standard": {"model": "m"}}
    settings = make(upstreams=upstreams, models=models, lanes=lanes)
    with pytest.raises(SettingsError, match="NO_SUCH_KEY_SET"):
        upstream_configs(settings, ["classify", "fallback"])
    assert upstream_configs(settings, ["classify", "deliver"]) == {}  # they call no model: no key is asked of them
