"""What `thinkline up` starts, and what the processes find in their environment."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from workers.local.service import Port, StartFailed, check_port, free_port
from workers.local.services import DEMO_MODEL, environment, redis_is_given, services, wants_demo
from workers.settings import Settings, load_settings

ENDPOINT = {"base_url": "http://127.0.0.1:9/v1", "reasoning_model": "deep", "standard_model": "quick"}


def handed_on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a child process."""
    for name, value in environment(settings, "redis://127.0.0.1:7001/0", demo_port=7002).items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_children_get_the_redis_and_the_demonstrations_model_beside_the_local_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A catalogue that names any model gets no default ones: the local one must be handed on."""
    monkeypatch.setenv("THINKLINE_DATA_DIR", str(tmp_path))
    found = handed_on(load_settings(), monkeypatch)

    assert found.redis_url.get_secret_value() == "redis://127.0.0.1:7001/0"
    assert found.data_dir == tmp_path
    assert set(found.models) == {"local", DEMO_MODEL}
    assert found.models[DEMO_MODEL].simulated
    assert not found.models["local"].simulated
    assert found.uses_local_model
    assert found.lanes.reasoning.model == found.lanes.fallback.model == "local"


def test_children_keep_the_users_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shortcuts mean the same in a child."""
    for name, value in ENDPOINT.items():
        monkeypatch.setenv(f"THINKLINE_{name.upper()}", value)
    before = load_settings()
    after = handed_on(before, monkeypatch)

    assert not after.uses_local_model
    assert after.lanes == before.lanes
    assert {name: model for name, model in after.models.items() if name != DEMO_MODEL} == before.models
    assert after.upstreams["main"] == before.upstreams["main"]


def test_a_users_own_model_of_that_name_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No demonstration is added over it."""
    config = tmp_path / "thinkline.toml"
    config.write_text(
        '[upstreams.mine]\nbase_url = "http://127.0.0.1:9/v1"\n'
        f'[models.{DEMO_MODEL}]\nupstream = "mine"\nmodel = "x"\n'
        + "".join(f'[lanes.{lane}]\nmodel = "{DEMO_MODEL}"\n' for lane in ("reasoning", "standard", "fallback"))
    )
    monkeypatch.setenv("THINKLINE_CONFIG", str(config))
    assert not wants_demo(load_settings())


def test_the_local_model_runs_only_where_no_endpoint_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint of the user's takes its place."""
    assert "model" in {service.name for service in services(load_settings(), {}, None)}
    for name, value in ENDPOINT.items():
        monkeypatch.setenv(f"THINKLINE_{name.upper()}", value)
    names = {service.name for service in services(load_settings(), {}, None)}
    assert names == {
        "api",
        "worker-classify",
        "worker-reasoning",
        "worker-standard",
        "worker-fallback",
        "worker-deliver",
        "flower",
    }


def test_flower_is_told_where_rabbitmq_counts_and_its_command_line_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address holds a password, and everybody on the machine reads command lines."""
    monkeypatch.setenv("THINKLINE_FLOWER__BROKER_API", "http://guest:hunter2@127.0.0.1:15672/api/")
    (flower,) = (service for service in services(load_settings(), {}, None) if service.name == "flower")
    assert flower.env["FLOWER_BROKER_API"] == "http://guest:hunter2@127.0.0.1:15672/api/"
    assert not any("hunter2" in word for word in flower.command)


@pytest.mark.parametrize("name", ["REDIS_URL", "THINKLINE_REDIS_URL"])
def test_a_given_redis_is_used_and_none_is_started(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Either variable counts as given."""
    assert not redis_is_given(load_settings())
    monkeypatch.setenv(name, "redis://127.0.0.1:6379/3")
    assert redis_is_given(load_settings())


def test_a_port_in_use_is_named_with_its_setting() -> None:
    """One sentence tells what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(StartFailed, match=rf"port {number} on 127\.0\.0\.1 is in use.*THINKLINE_API__PORT"):
            check_port(Port("127.0.0.1", number, "THINKLINE_API__PORT"))
        assert free_port(number) != number
    check_port(Port("127.0.0.1", number, "THINKLINE_API__PORT"))
