"""Every setting of Thinkline: one frozen class, read once from thinkline.toml and the environment, then passed down.

Environment variables win over .env, which wins over thinkline.toml; secrets and addresses belong in the environment,
models and limits in the file. Durations are seconds, sizes are bytes, prices are US dollars a million tokens. A wrong
setting raises SettingsError, which names it, its value unless it is secret, and what is allowed.
docs/configuration.md is made from the descriptions here.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AliasChoices,
    BaseModel,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings.exceptions import SettingsError as UnreadableError

from workers.audit_settings import AuditSettings, GreySettings
from workers.contracts.calls import ModelSpec, StructuredMeans
from workers.contracts.errors import SettingsError
from workers.environment import (
    BROKER_URL_NAMES,
    CONFIG,
    ENV_PREFIX,
    REDIS_URL_NAMES,
    explain,
    refuse_unknown_variables,
    take_over_env_file,
)
from workers.section import Seconds, Section
from workers.webhook_settings import WebhookSettings

LOCAL_MODEL = "smollm2-135m-instruct"
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Scope = Literal["jobs:read", "jobs:write", "operations:read", "webhooks:read", "webhooks:write"]


class UpstreamSettings(Section):
    """An OpenAI-compatible endpoint."""

    base_url: str = Field(pattern=r"^https?://", description="address up to and with `/v1`")
    api_key_env: str | None = Field(default=None, description="name of the environment variable that holds its key")
    headers: dict[str, str] = Field(default_factory=dict, description="sent with every call")
    connect_timeout_s: Seconds = Field(default=5.0, description="limit for connecting")
    max_retries: int = Field(default=2, ge=0, le=10, description="tries again before the first token")
    verify_tls: bool = Field(default=True, description="whether its certificate is checked")


class ModelSettings(ModelSpec):
    """One model of the catalogue; its name is its key in the file."""

    name: str = Field(default="", description="set from the key")


class LaneSettings(Section):
    """Limits of one lane."""

    model: str = Field(default="", description="the catalogue's name of the model that answers in this lane")
    deadline_s: Seconds = Field(description="longest an attempt may take")
    first_token_s: Seconds = Field(description="longest wait for the first token")
    silence_s: Seconds = Field(description="longest pause between tokens")
    slots: int = Field(ge=1, le=5_000, description="jobs in flight in one worker process")
    max_depth: int = Field(default=10_000, ge=1, description="waiting jobs above which new ones get 429")
    max_reply_bytes: int = Field(default=4_000_000, ge=1_000, description="size of a reply that is given up")


def _reasoning_lane() -> LaneSettings:
    return LaneSettings(deadline_s=300, first_token_s=120, silence_s=60, slots=200)


def _standard_lane() -> LaneSettings:
    return LaneSettings(deadline_s=60, first_token_s=30, silence_s=20, slots=100)


def _fallback_lane() -> LaneSettings:
    return LaneSettings(deadline_s=30, first_token_s=20, silence_s=15, slots=100)


class LanesSettings(Section):
    """The three lanes."""

    reasoning: LaneSettings = Field(default_factory=_reasoning_lane)
    standard: LaneSettings = Field(default_factory=_standard_lane)
    fallback: LaneSettings = Field(default_factory=_fallback_lane)

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, value: Any) -> Any:
        """Let a file name only the limits that it changes."""
        if not isinstance(value, dict):
            return value
        defaults = {"reasoning": _reasoning_lane, "standard": _standard_lane, "fallback": _fallback_lane}
        return {
            name: {**defaults[name]().model_dump(), **lane} if name in defaults and isinstance(lane, dict) else lane
            for name, lane in value.items()
        }


class ClassifySettings(Section):
    """The classify workers."""

    slots: int = Field(default=32, ge=1, le=1_000, description="queries in hand in one worker process")
    max_depth: int = Field(default=20_000, ge=1, description="unclassified jobs above which new ones get 429")


class EncoderSettings(Section):
    """The sentence encoder of the classify workers."""

    model: str = Field(
        default="all-MiniLM-L6-v2",
        min_length=1,
        description="`all-MiniLM-L6-v2`, which is in a package, or the path of a folder in the format of"
        " sentence-transformers; a trained router belongs to one encoder",
    )
    threads: int = Field(default=0, ge=0, le=256, description="processor threads of one worker process; 0: one a core")
    batch: int = Field(default=32, ge=1, le=256, description="most queries in one pass")
    wait_s: float = Field(default=0.003, ge=0, le=0.1, description="how long a first query waits for others")


class RouterSettings(Section):
    """The classifier that decides between the reasoning and the standard lane."""

    kind: Literal["trained", "rules"] = Field(
        default="trained", description="`trained` needs the encoder; `rules` needs nothing and knows less"
    )
    artefact: str = Field(
        default="", description="path of a trained artefact (`thinkline router train`); empty: the one that is shipped"
    )
    shadow: str = Field(
        default="", description="path of a candidate that decides beside it; differences are counted, nothing changes"
    )
    policy: Literal["quality", "budget", "threshold"] = Field(
        default="threshold", description="which of the next three settings says what goes to reasoning"
    )
    quality: float = Field(
        default=0.98, ge=0.5, le=1, description="keep this share of always-reasoning's accuracy (calibration set)"
    )
    budget: float = Field(default=0.4, ge=0, le=1, description="at most this share of queries to reasoning")
    threshold: float = Field(
        default=0.35, ge=0, le=1, description="p_reasoning from which on a query goes to reasoning"
    )
    min_confidence: float = Field(
        default=0.5, ge=0, le=1, description="below this confidence `when_unsure` decides; 0 switches it off"
    )
    when_unsure: Literal["reasoning", "standard"] = Field(
        default="reasoning", description="the lane of a query about which the classifier is not sure"
    )
    reload_s: Seconds = Field(default=5.0, description="how often the artefacts' files are looked at for a change")


class ApiSettings(Section):
    """The HTTP face."""

    host: str = Field(default="127.0.0.1", description="address to bind; without API keys only loopback is allowed")
    port: int = Field(default=8080, ge=1, le=65_535, description="port to bind")
    processes: int = Field(default=1, ge=1, le=64, description="API processes that share the port")
    max_body_bytes: int = Field(default=2_000_000, ge=1_000, description="largest request body")
    max_wait_s: Seconds = Field(default=60.0, description="longest long poll")
    max_waiters: int = Field(default=10_000, ge=1, description="long polls open at once in one process")
    page_limit: int = Field(default=100, ge=1, le=1_000, description="most jobs on one page")


class StreamSettings(Section):
    """Live streams of events."""

    per_tenant: int = Field(default=1_000, ge=1, description="streams open at once for one tenant in one API process")
    heartbeat_s: Seconds = Field(default=15.0, description="how often a comment keeps a stream alive")
    tick_s: Seconds = Field(
        default=1.0, description="how often a silent stream tells the time; above 400 streams of a process less often"
    )
    send_s: Seconds = Field(
        default=20.0, description="a reader that takes nothing for so long is dropped; it can resume"
    )
    longest_s: Seconds = Field(default=7_200.0, description="a stream ends after that; it can be resumed")
    thinking_text: bool = Field(default=False, description="keep what models think, and send it to who asks for it")


class FlowerSettings(Section):
    """The monitoring page of Celery."""

    host: str = Field(default="127.0.0.1", description="address to bind")
    port: int = Field(default=5555, ge=1, le=65_535, description="port to bind")
    broker_api: SecretStr | None = Field(
        default=None,
        description="RabbitMQ's management API, e.g. `http://user:password@rabbit:15672/api/`, for Flower's broker page",
    )


class RedisSettings(Section):
    """How Redis is reached."""

    connect_timeout_s: Seconds = Field(default=2.0, description="limit for connecting")
    command_timeout_s: Seconds = Field(default=5.0, description="limit for one command")
    key_prefix: str = Field(default="tl:", pattern=r"^[A-Za-z0-9:_-]{1,32}$", description="begins every key")
    max_connections: int = Field(default=64, ge=4, le=10_000, description="connections of one process")


class BrokerSettings(Section):
    """How a broker beside Redis is reached; only with `broker_url`."""

    connect_timeout_s: Seconds = Field(default=3.0, description="limit for connecting")
    publish_timeout_s: Seconds = Field(default=5.0, description="limit for a message until the broker confirms it")
    heartbeat_s: Seconds = Field(default=10.0, description="after two of them without a sign a connection is dead")


class ReliabilitySettings(Section):
    """Leases, the reaper and what is kept how long."""

    lease_s: Seconds = Field(default=5.0, description="a worker that did not renew for so long is presumed dead")
    heartbeat_s: Seconds = Field(default=1.0, description="how often leases are renewed and progress is written")
    reap_s: Seconds = Field(default=0.5, description="how often overdue jobs are looked for")
    max_crashes: int = Field(default=3, ge=1, le=100, description="dead workers after which a job is set aside")
    lost_message_s: Seconds = Field(default=5.0, description="wait before a job's broker message counts as lost")
    shutdown_grace_s: Seconds = Field(default=3.0, description="what a stopping worker gives its jobs to end")
    retention_s: Seconds = Field(default=604_800, description="how long an ended job is kept")
    idempotency_s: Seconds = Field(default=86_400, description="how long an idempotency key is remembered")
    event_limit: int = Field(default=1_000, ge=10, le=100_000, description="most events kept for one job")


class BudgetSettings(Section):
    """How a deadline is divided, and what the fallback gets."""

    default_deadline_s: Seconds = Field(default=600.0, description="a job's deadline when the caller gives none")
    max_deadline_s: Seconds = Field(default=3_600.0, description="longest deadline that a caller may ask for")
    margin_s: Seconds = Field(
        default=2.0, description="kept for queues and bookkeeping, at most a tenth of the deadline"
    )
    min_reasoning_s: Seconds = Field(default=1.0, description="with less than this left, reasoning is not begun")
    hand_on_thinking: bool = Field(default=False, description="give the fallback what the timed-out model had thought")
    hand_on_chars: int = Field(default=4_000, ge=100, le=100_000, description="how much of it, from its end")


class CacheSettings(Section):
    """The answer cache."""

    enabled: bool = Field(default=True, description="whether answers are kept and served")
    ttl_s: Seconds = Field(default=86_400, description="life of an answer")
    max_temperature: float = Field(default=1.0, ge=0, le=2, description="hotter answers are not kept")
    max_answer_bytes: int = Field(default=256_000, ge=100, description="larger answers are not kept")
    max_bytes: int = Field(
        default=256_000_000, ge=10_000, description="size of all entries in Redis; beyond it what is worth least goes"
    )
    now_ttl_s: float = Field(
        default=60.0, ge=0, le=604_800, description="life of answers about the present (today, latest); 0: not kept"
    )
    own_data_ttl_s: float = Field(
        default=0.0,
        ge=0,
        le=604_800,
        description="life of answers about the asker's own data (my balance); 0: not kept",
    )
    shared: dict[Name, Name] = Field(
        default_factory=dict, description="tenant -> group: tenants of one group share their answers"
    )
    join: bool = Field(
        default=True, description="whether a query equal to one in flight waits for its answer instead of paying again"
    )
    semantic: bool = Field(default=False, description="whether queries of the same meaning are answered, too")
    min_similarity: float = Field(
        default=0.75, ge=0, le=1, description="cosine below which a stored query is not even examined"
    )
    candidates: int = Field(default=8, ge=1, le=100, description="most stored queries examined for one query")
    snapshot_s: Seconds = Field(default=60.0, description="how often a changed index is written to disk at the most")
    audit: AuditSettings = Field(default_factory=AuditSettings, description="audits of cached answers")
    grey: GreySettings = Field(default_factory=GreySettings, description="pairs judged later")


class BreakerSettings(Section):
    """The circuit breaker of each model."""

    failures: int = Field(default=5, ge=1, le=1_000, description="failures within the window that open it")
    window_s: Seconds = Field(default=30.0, description="the window")
    open_s: Seconds = Field(default=15.0, description="how long it stays open before one probe is let through")


class ApiKey(Section):
    """One API key: only its hash is kept. `thinkline key new` makes one."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the key, in hex")
    tenant: Name = Field(description="whose jobs it sees")
    scopes: list[Scope] = Field(default=["jobs:read", "jobs:write"], min_length=1, description="what it may do")
    name: str = Field(default="", max_length=64, description="to tell keys apart in logs")


class Settings(BaseSettings):
    """All settings."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        toml_file="thinkline.toml",
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        nested_model_default_partial_update=True,
    )

    redis_url: SecretStr = Field(
        default=SecretStr("redis://127.0.0.1:6379/0"),
        validation_alias=AliasChoices(*REDIS_URL_NAMES, "redis_url"),
        description="the Redis that holds the state and the queues; `make up` starts one when this is not set",
    )
    broker_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices(*BROKER_URL_NAMES, "broker_url"),
        description="a RabbitMQ that carries the messages, `amqp://` or `amqps://`; the state stays in Redis, which is the"
        " broker, too, when this is not set",
    )
    data_dir: Path = Field(default=Path(".thinkline"), description="folder of the embedded Redis, the model and logs")
    base_url: str | None = Field(
        default=None, pattern=r"^https?://", description="shortcut: an OpenAI-compatible endpoint for both models"
    )
    api_key: SecretStr | None = Field(default=None, description="shortcut: the key of that endpoint")
    reasoning_model: str | None = Field(default=None, description="shortcut: its reasoning model's name")
    standard_model: str | None = Field(default=None, description="shortcut: its standard model's name")
    structured: StructuredMeans = Field(
        default="json_object", description="shortcut: the means both models have for JSON"
    )
    local_model_port: int = Field(default=8090, ge=1, le=65_535, description="port of the local model server")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="what is logged")

    upstreams: dict[Name, UpstreamSettings] = Field(default_factory=dict, description="endpoints by name")
    models: dict[Name, ModelSettings] = Field(default_factory=dict, description="the catalogue, by name")
    lanes: LanesSettings = Field(default_factory=LanesSettings, description="the lanes' models and limits")
    classify: ClassifySettings = Field(default_factory=ClassifySettings, description="the classify workers")
    encoder: EncoderSettings = Field(default_factory=EncoderSettings, description="the sentence encoder")
    router: RouterSettings = Field(default_factory=RouterSettings, description="the classifier")
    api: ApiSettings = Field(default_factory=ApiSettings, description="the HTTP face")
    streams: StreamSettings = Field(default_factory=StreamSettings, description="live streams of events")
    api_keys: list[ApiKey] = Field(default_factory=list, description="who may call the API")
    flower: FlowerSettings = Field(default_factory=FlowerSettings, description="the monitoring page")
    redis: RedisSettings = Field(default_factory=RedisSettings, description="how Redis is reached")
    broker: BrokerSettings = Field(default_factory=BrokerSettings, description="how a broker beside Redis is reached")
    reliability: ReliabilitySettings = Field(default_factory=ReliabilitySettings, description="leases and retention")
    budget: BudgetSettings = Field(default_factory=BudgetSettings, description="how deadlines are divided")
    cache: CacheSettings = Field(default_factory=CacheSettings, description="the answer cache")
    breaker: BreakerSettings = Field(default_factory=BreakerSettings, description="the circuit breakers")
    webhooks: WebhookSettings = Field(default_factory=WebhookSettings, description="webhooks")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - part of the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, which wins over thinkline.toml."""
        path = os.environ.get(CONFIG, "thinkline.toml")
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, Path(path)))

    @field_validator("redis_url")
    @classmethod
    def _is_an_address_of_redis(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        _check_address(value.get_secret_value())
        return value

    @field_validator("broker_url")
    @classmethod
    def _is_an_address_of_rabbitmq(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        if not value.get_secret_value().startswith(("amqp://", "amqps://")):
            raise ValueError("must begin with amqp:// or amqps://; a Redis is named by redis_url alone")
        _check_port(value.get_secret_value())
        return value

    @model_validator(mode="before")
    @classmethod
    def _fill_in_the_catalogue(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Turn the shortcuts, or their absence, into upstreams, models and lanes."""
        return _catalogue(values)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        for name, model in self.models.items():
            if model.upstream not in self.upstreams:
                raise ValueError(_unknown(f"models.{name}.upstream", model.upstream, self.upstreams))
        for lane in ("reasoning", "standard", "fallback"):
            wanted = getattr(self.lanes, lane).model
            if wanted not in self.models:
                raise ValueError(_unknown(f"lanes.{lane}.model", wanted, self.models))
        if self.reliability.heartbeat_s * 2 > self.reliability.lease_s:
            raise ValueError(
                f"reliability.lease_s is {self.reliability.lease_s:g}: it must be at least twice"
                f" reliability.heartbeat_s, which is {self.reliability.heartbeat_s:g}"
            )
        if self.budget.default_deadline_s > self.budget.max_deadline_s:
            raise ValueError(
                f"budget.default_deadline_s is {self.budget.default_deadline_s:g}: it must not be above"
                f" budget.max_deadline_s, which is {self.budget.max_deadline_s:g}"
            )
        if self.webhooks.ca_file is not None and not self.webhooks.ca_file.is_file():
            raise ValueError(f"webhooks.ca_file is {str(self.webhooks.ca_file)!r}: there is no such file")
        if not self.api_keys and not is_loopback(self.api.host):
            raise ValueError(
                f"api.host is {self.api.host!r}, but without api_keys the API binds to loopback only:"
                " allowed are 127.0.0.1, ::1 and localhost, or give it keys (`thinkline key new`)"
            )
        return self

    @property
    def uses_local_model(self) -> bool:
        """Whether any lane is answered by the local model server."""
        return "local" in self.upstreams


def _check_address(url: str) -> None:
    """Refuse what redis-py would fail on, or pass over, when it connects; says nothing of the address itself."""
    _check_port(url)
    parts = urlsplit(url)
    if parts.scheme != "unix" and not (parts.path.strip("/") or "0").isdigit():
        raise ValueError("its path must be the number of a database, e.g. /0")


def _check_port(url: str) -> None:
    try:
        port = urlsplit(url).port
        fits = port is None or port > 0
    except ValueError:  # its words quote a part of the address, which may be the password
        fits = False
    if not fits:
        raise ValueError(
            "its port must be a number; `/`, `?`, `#` and `@` in a password are written as %2F, %3F, %23, %40"
        )


def is_loopback(host: str) -> bool:
    """Whether an address to bind to can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def load_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: names each wrong setting, its value unless secret, and what is allowed.
    """
    take_over_env_file()
    config = os.environ.get(CONFIG)
    if config and not Path(config).is_file():
        raise SettingsError(f"{CONFIG} is {config!r}: there is no such file")
    refuse_unknown_variables(Settings.model_fields)
    try:
        return Settings(**overrides)
    except UnreadableError as error:
        name = str(error).split('"')[1]
        raise SettingsError(f"{name} ({ENV_PREFIX}{name.upper()}): is not valid JSON") from error
    except ValidationError as error:
        raise SettingsError("\n".join(explain(part) for part in error.errors(include_url=False))) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{config or 'thinkline.toml'} is not valid TOML: {error}") from error


def _catalogue(values: dict[str, Any]) -> dict[str, Any]:
    values = dict(values)
    if not all(isinstance(values.get(name, {}), dict | BaseModel | None) for name in ("upstreams", "models", "lanes")):
        return values  # the fields say what is wrong
    upstreams, models = dict(values.get("upstreams") or {}), dict(values.get("models") or {})
    lanes = values.get("lanes")
    lanes = lanes.model_dump() if isinstance(lanes, BaseModel) else dict(lanes or {})
    defaults: dict[str, str] = {}
    if values.get("base_url"):
        for name in ("reasoning_model", "standard_model"):
            if not values.get(name):
                raise ValueError(f"{name} must be set when base_url is: the name of a model of that endpoint")
        key = {"api_key_env": f"{ENV_PREFIX}API_KEY"} if values.get("api_key") else {}
        upstreams.setdefault("main", {"base_url": values["base_url"], **key})
        means = values.get("structured", "json_object")
        for name in ("reasoning", "standard"):
            models.setdefault(name, {"upstream": "main", "model": values[f"{name}_model"], "structured": means})
        defaults = {"reasoning": "reasoning", "standard": "standard", "fallback": "standard"}
    elif values.get("reasoning_model") or values.get("standard_model"):
        raise ValueError("base_url must be set when reasoning_model or standard_model is: the endpoint that has them")
    elif not models:
        port = values.get("local_model_port", 8090)
        upstreams["local"] = {"base_url": f"http://127.0.0.1:{port}/v1", "max_retries": 4}
        models["local"] = {
            "upstream": "local", "model": LOCAL_MODEL, "structured": "text", "max_output_tokens": 256,
        }  # fmt: skip
        defaults = dict.fromkeys(("reasoning", "standard", "fallback"), "local")
    for lane, model in defaults.items():
        entry = lanes.get(lane)
        if entry is None or (isinstance(entry, dict) and not entry.get("model")):
            lanes[lane] = {**(entry or {}), "model": model}
    fallback, standard = lanes.get("fallback"), lanes.get("standard")
    if isinstance(standard, dict) and isinstance(fallback, dict | None) and not (fallback or {}).get("model"):
        lanes["fallback"] = {**(fallback or {}), "model": standard.get("model", "")}
    named = {
        name: {**model, "name": name}
        if isinstance(model, dict)
        else model.model_copy(update={"name": name})
        if isinstance(model, BaseModel)
        else model
        for name, model in models.items()
    }
    return {**values, "upstreams": upstreams, "models": named, "lanes": lanes}


def _unknown(setting: str, value: str, known: dict[str, Any]) -> str:
    allowed = f"allowed are {', '.join(sorted(known))}" if known else "none is configured"
    return f"{setting} is {value!r}: {allowed}"
