"""Settings: who wins, what the shortcuts make, and what a wrong setting says."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workers.contracts.errors import SettingsError
from workers.settings import Settings, is_loopback, load_settings

KEY = {"sha256": "a" * 64, "tenant": "acme"}
MODEL = '[upstreams.far]\nbase_url = "http://far/v1"\n[models.m]\nupstream = "far"\nmodel = "x"\n'
ENDPOINT = {
    "THINKLINE_BASE_URL": "https://api.example.com/v1",
    "THINKLINE_REASONING_MODEL": "thinker",
    "THINKLINE_STANDARD_MODEL": "talker",
}
Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load settings from a toml file, a .env file and variables, in a folder of their own."""
    known = dict(os.environ)

    def _load(toml: str = "", dotenv: str = "", env: dict[str, str] | None = None, **overrides: Any) -> Settings:
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("THINKLINE_CONFIG", raising=False)
        Path("thinkline.toml").write_text(toml)
        Path(".env").write_text(dotenv)
        for name, value in (env or {}).items():
            monkeypatch.setenv(name, value)
        return load_settings(**overrides)

    yield _load
    for name in set(os.environ) - set(known):  # what .env put there
        del os.environ[name]


def wrong(load: Load, **sources: Any) -> str:
    """Load what must not load, and return what is said about it."""
    with pytest.raises(SettingsError) as error:
        load(**sources)
    return str(error.value)


# -- who wins -------------------------------------------------------------------------------------------------------


def test_defaults_work_without_any_file(load: Load) -> None:
    """Nothing configured: the local model in every lane, loopback only, no keys."""
    settings = load()

    assert settings.uses_local_model
    assert [lane.model for lane in (settings.lanes.reasoning, settings.lanes.standard, settings.lanes.fallback)] == [
        "local"
    ] * 3
    assert (settings.api.host, settings.api_keys) == ("127.0.0.1", [])
    assert (settings.lanes.reasoning.deadline_s, settings.lanes.fallback.deadline_s) == (300, 30)


@pytest.mark.parametrize(
    ("sources", "port"),
    [
        ({}, 8080),
        ({"toml": "[api]\nport = 3"}, 3),
        ({"toml": "[api]\nport = 3", "dotenv": "THINKLINE_API__PORT=2"}, 2),
        ({"toml": "[api]\nport = 3", "dotenv": "THINKLINE_API__PORT=2", "env": {"THINKLINE_API__PORT": "1"}}, 1),
        ({"toml": "[api]\nport = 3", "env": {"THINKLINE_API__PORT": "1"}}, 1),
        ({"env": {"THINKLINE_API__PORT": "1"}, "api": {"port": 9}}, 9),
    ],
)
def test_the_environment_wins_over_dotenv_over_the_file(load: Load, sources: dict[str, Any], port: int) -> None:
    """Argument, environment, .env, thinkline.toml, default: the first that says something."""
    assert load(**sources).api.port == port


def test_sources_are_merged_setting_by_setting(load: Load) -> None:
    """One variable changes one limit of a lane and leaves the others to the file and the defaults."""
    settings = load(toml="[lanes.reasoning]\nslots = 7", env={"THINKLINE_LANES__REASONING__DEADLINE_S": "12"})

    reasoning = settings.lanes.reasoning
    assert (reasoning.slots, reasoning.deadline_s, reasoning.silence_s) == (7, 12, 60)
    assert settings.lanes.standard.deadline_s == 60


@pytest.mark.parametrize(
    ("sources", "url"),
    [
        ({"toml": 'redis_url = "redis://toml"'}, "redis://toml"),
        ({"toml": 'redis_url = "redis://toml"', "dotenv": "REDIS_URL=redis://dot"}, "redis://dot"),
        ({"dotenv": "REDIS_URL=redis://dot", "env": {"REDIS_URL": "redis://env"}}, "redis://env"),
        ({"dotenv": "THINKLINE_REDIS_URL=redis://dot", "env": {"REDIS_URL": "redis://env"}}, "redis://env"),
        ({"env": {"REDIS_URL": "redis://env", "THINKLINE_REDIS_URL": "redis://ours"}}, "redis://ours"),
        ({"env": {"REDIS_URL": "redis://env"}, "redis_url": "redis://given"}, "redis://given"),
    ],
)
def test_redis_is_found_under_both_names(load: Load, sources: dict[str, Any], url: str) -> None:
    """REDIS_URL is understood, and our own name wins over it in the same source."""
    assert load(**sources).redis_url.get_secret_value() == url


@pytest.mark.parametrize("name", ["BROKER_URL", "THINKLINE_BROKER_URL"])
def test_a_broker_is_found_under_both_names(load: Load, name: str) -> None:
    """As Redis is; without one Redis carries the messages, too."""
    assert load().broker_url is None
    found = load(env={name: "amqp://guest:hunter2@rabbit//"})
    assert found.broker_url is not None
    assert found.broker_url.get_secret_value() == "amqp://guest:hunter2@rabbit//"
    assert "hunter2" not in repr(found)


def test_dotenv_may_hold_the_keys_of_upstreams(load: Load) -> None:
    """Other programs' variables in .env are none of ours, and are there for `api_key_env` and child processes."""
    load(dotenv="SOME_VENDORS_KEY=sk-1\nEMPTY=\nTHINKLINE_BASE_URL=\n")

    assert os.environ["SOME_VENDORS_KEY"] == "sk-1"
    assert "EMPTY" not in os.environ


def test_config_names_another_file_and_its_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: Load) -> None:
    """THINKLINE_CONFIG moves both files: what lies in the working directory is not read."""
    load(toml="[api]\nport = 3", dotenv="THINKLINE_FLOWER__PORT=4")
    monkeypatch.delenv("THINKLINE_FLOWER__PORT")
    other = tmp_path / "other"
    other.mkdir()
    (other / "my.toml").write_text("[api]\nport = 5")
    (other / ".env").write_text("THINKLINE_FLOWER__PORT=6")
    monkeypatch.setenv("THINKLINE_CONFIG", str(other / "my.toml"))
    settings = load_settings()

    assert (settings.api.port, settings.flower.port) == (5, 6)


# -- the catalogue --------------------------------------------------------------------------------------------------


def test_an_endpoint_and_two_names_are_a_working_system(load: Load) -> None:
    """The shortcut makes one upstream and two models; the fallback is answered by the standard one."""
    settings = load(env=ENDPOINT)

    assert settings.upstreams["main"].base_url == "https://api.example.com/v1"
    assert settings.upstreams["main"].api_key_env is None, "a server of one's own may need no key"
    keyed = load(env={**ENDPOINT, "THINKLINE_API_KEY": "k"})
    assert keyed.upstreams["main"].api_key_env == "THINKLINE_API_KEY"
    assert settings.models["reasoning"].model == "thinker"
    assert settings.models["standard"].name == "standard"
    lanes = settings.lanes
    assert (lanes.reasoning.model, lanes.standard.model, lanes.fallback.model) == ("reasoning", "standard", "standard")
    assert not settings.uses_local_model


def test_a_shortcut_does_not_hide_the_files_limits(load: Load) -> None:
    """The shortcut names the models of the lanes and nothing else of them."""
    settings = load(
        toml='[lanes.reasoning]\ndeadline_s = 10\n[models.standard]\nupstream = "main"\nmodel = "mine"', env=ENDPOINT
    )

    assert (settings.lanes.reasoning.deadline_s, settings.lanes.reasoning.model) == (10, "reasoning")
    assert settings.models["standard"].model == "mine"


def test_the_fallback_takes_the_standard_model(load: Load) -> None:
    """A file that names two lanes' models has said enough."""
    settings = load(toml=MODEL + '[lanes.reasoning]\nmodel = "m"\n[lanes.standard]\nmodel = "m"')

    assert settings.lanes.fallback.model == "m"
    assert settings.lanes.fallback.deadline_s == 30


# -- what a wrong setting says --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ({"env": {"THINKLINE_API__PORT": "70000"}}, ["api.port", "THINKLINE_API__PORT", "'70000'", "65535"]),
        ({"env": {"THINKLINE_API__PORT": "abc"}}, ["api.port", "'abc'", "integer"]),
        ({"toml": "[api]\nprocesses = 0"}, ["api.processes", "THINKLINE_API__PROCESSES", "0", "equal to 1"]),
        ({"toml": 'log_level = "loud"'}, ["log_level", "'loud'", "'debug', 'info', 'warning' or 'error'"]),
        ({"env": {"THINKLINE_RELIABILITY__LEASE_S": "nan"}}, ["reliability.lease_s", "nan"]),
        ({"env": {"THINKLINE_RELIABILITY__LEASE_S": "-1"}}, ["reliability.lease_s", "'-1'", "greater than 0"]),
        ({"env": {"THINKLINE_REDIS__KEY_PREFIX": "a b"}}, ["redis.key_prefix", "'a b'", "pattern"]),
        ({"env": {**ENDPOINT, "THINKLINE_BASE_URL": "x.com"}}, ["base_url", "'x.com'", "https?"]),
        ({"toml": "[api]\nprot = 1"}, ["api.prot", "no such setting"]),
        ({"toml": "api = 5"}, ["api", "5", "dictionary"]),
        ({"toml": "lanes = 5"}, ["lanes", "5", "dictionary"]),
        ({"toml": "models = 5"}, ["models", "5", "dictionary"]),
        ({"toml": 'models = ["a"]'}, ["models", "dictionary"]),
        ({"toml": '[models]\nfast = "gpt"'}, ["models.fast", "'gpt'", "dictionary"]),
        ({"toml": '[models."A b"]\nupstream = "x"\nmodel = "y"'}, ["models.A b", "pattern"]),
        ({"env": {"THINKLINE_MODELS": "{x"}}, ["models", "THINKLINE_MODELS", "not valid JSON"]),
        ({"toml": "a b"}, ["thinkline.toml", "not valid TOML"]),
        ({"toml": MODEL}, ["lanes.reasoning.model", "''", "allowed are m"]),
        ({"toml": '[lanes.standard]\nmodel = "huge"'}, ["lanes.standard.model", "'huge'", "allowed are local"]),
        ({"toml": '[models.m]\nupstream = "far"\nmodel = "x"'}, ["models.m.upstream", "'far'", "none is configured"]),
        ({"env": {"THINKLINE_RELIABILITY__LEASE_S": "1"}}, ["reliability.lease_s is 1", "heartbeat_s, which is 1"]),
        ({"env": {"THINKLINE_BUDGET__DEFAULT_DEADLINE_S": "9000"}}, ["default_deadline_s is 9000", "which is 3600"]),
        ({"env": {"THINKLINE_BASE_URL": "https://x/v1"}}, ["reasoning_model must be set"]),
        ({"env": {"THINKLINE_STANDARD_MODEL": "x"}}, ["base_url must be set"]),
        ({"env": {"REDIS_URL": "localhost:6379"}}, ["redis_url", "THINKLINE_REDIS_URL", "redis://"]),
        ({"env": {"BROKER_URL": "redis://other"}}, ["broker_url", "THINKLINE_BROKER_URL", "amqp://", "redis_url alone"]),
        ({"env": {"BROKER_URL": "amqp://rabbit:port//"}}, ["broker_url", "port must be a number"]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)  # fmt: skip
def test_a_wrong_setting_says_what_is_allowed(load: Load, sources: dict[str, Any], said: list[str]) -> None:
    """Name, value and what is allowed, for the person who set it."""
    message = wrong(load, **sources)

    assert all(part in message for part in said), message


def test_every_wrong_setting_is_named_at_once(load: Load) -> None:
    """Whoever has two mistakes does not start twice to learn of both."""
    message = wrong(load, toml="[api]\nport = 0\n[flower]\nport = 0")

    assert "api.port" in message
    assert "flower.port" in message


@pytest.mark.parametrize(
    "sources",
    [
        {"env": {"REDIS_URL": "http://user:hunter2@redis"}},
        {"env": {"BROKER_URL": "http://user:hunter2@rabbit"}},
        {"env": {"BROKER_URL": "amqp://user:hunter2@rabbit:hunter2//"}},
        {"toml": '[flower]\nbroker_api = ["hunter2"]'},
        {"toml": '[upstreams.u]\nbase_url = "http://u/v1"\nheaders = {"x" = ["hunter2"]}'},
        {"toml": 'api_key = ["hunter2"]'},
        {"toml": 'vendor_key = "hunter2"'},
        {"toml": '[upstreams.u]\nbase_url = "http://u/v1"\napi_key = "hunter2"'},
        {"env": {"THINKLINE_API_KEYS": json.dumps([{"sha256": "hunter2", "tenant": "acme"}])}},
        {"env": {"THINKLINE_API_KEYS": json.dumps([{**KEY, "key": "hunter2"}])}},
        {"env": {"THINKLINE_API_KEYS": "[hunter2"}},
    ],
)
def test_a_wrong_secret_is_named_and_not_shown(load: Load, sources: dict[str, Any]) -> None:
    """No message holds a secret, not even under a name that is not ours."""
    assert "hunter2" not in wrong(load, **sources)


def test_secrets_do_not_show_in_the_settings(load: Load) -> None:
    """Printing the settings shows neither the key nor the password of Redis."""
    settings = load(env={"THINKLINE_API_KEY": "hunter2", "REDIS_URL": "redis://:hunter2@127.0.0.1"})

    assert "hunter2" not in repr(settings)
    assert "hunter2" not in settings.model_dump_json()


@pytest.mark.parametrize(
    ("variable", "meant"),
    [("THINKLINE_REDISURL", "THINKLINE_REDIS_URL"), ("THINKLINE_LANE__X", "THINKLINE_LANES"), ("THINKLINE_ZZZ", "")],
)
@pytest.mark.parametrize("source", ["env", "dotenv"])
def test_a_misspelt_variable_stops_the_start(load: Load, variable: str, meant: str, source: str) -> None:
    """Its author would believe it to be set; the likely name is offered."""
    message = wrong(load, **{source: {variable: "1"} if source == "env" else f"{variable}=1"})

    assert message.startswith(f"{variable} is not a setting of Thinkline")
    assert message.endswith(f"did you mean {meant}?" if meant else "Thinkline")


def test_a_config_file_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong THINKLINE_CONFIG is not taken for no configuration."""
    monkeypatch.setenv("THINKLINE_CONFIG", "/nowhere/thinkline.toml")
    with pytest.raises(SettingsError, match=r"THINKLINE_CONFIG is '/nowhere/thinkline.toml'"):
        load_settings()


# -- keys and loopback ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", ""])  # noqa: S104 - must be refused
def test_without_keys_only_loopback_may_be_bound(load: Load, host: str) -> None:
    """An API that anybody can reach needs keys; with keys it may be anywhere."""
    message = wrong(load, env={"THINKLINE_API__HOST": host})
    assert all(part in message for part in (f"api.host is {host!r}", "api_keys", "127.0.0.1", "thinkline key new"))

    assert load(env={"THINKLINE_API__HOST": host, "THINKLINE_API_KEYS": json.dumps([KEY])}).api.host == host


@pytest.mark.parametrize(
    ("host", "is_local"),
    [("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("localhost", True), ("localhost.evil", False),
     ("0.0.0.0", False), ("10.0.0.1", False), ("", False)],  # noqa: S104 - must be refused
)  # fmt: skip
def test_loopback_is_known(host: str, *, is_local: bool) -> None:
    """All of 127/8, ::1 and localhost, and no name that only begins like it."""
    assert is_loopback(host) is is_local


def test_a_key_has_a_tenant_and_modest_scopes(load: Load) -> None:
    """Reading and writing jobs is the default; operations are asked for by name."""
    (key,) = load(env={"THINKLINE_API_KEYS": json.dumps([KEY])}).api_keys

    assert (key.tenant, key.scopes) == ("acme", ["jobs:read", "jobs:write"])


def test_settings_are_frozen(load: Load) -> None:
    """Read once, passed down, changed by nobody."""
    settings = load()
    with pytest.raises(ValueError, match="frozen"):
        settings.log_level = "debug"  # type: ignore[misc]
