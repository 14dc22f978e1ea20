"""All settings in one class, checked against each other, and how they are read."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings.exceptions import SettingsError as UnreadableError

from workers.contracts.calls import StructuredMeans
from workers.contracts.errors import SettingsError
from workers.settings.cache import CacheSettings
from workers.settings.catalogue import filled_in
from workers.settings.classify import ClassifySettings, EncoderSettings, RouterSettings
from workers.settings.environment import (
    BROKER_URL_NAMES,
    CONFIG,
    ENV_PREFIX,
    REDIS_URL_NAMES,
    explain,
    refuse_unknown_variables,
    take_over_env_file,
)
from workers.settings.faces import ApiKey, ApiSettings, FlowerSettings, StreamSettings, is_loopback
from workers.settings.models import BreakerSettings, BudgetSettings, LanesSettings, ModelSettings, UpstreamSettings
from workers.settings.section import Name
from workers.settings.state import BrokerSettings, RedisSettings, ReliabilitySettings, check_address, check_port
from workers.settings.webhooks import WebhookSettings


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
        check_address(value.get_secret_value())
        return value

    @field_validator("broker_url")
    @classmethod
    def _is_an_address_of_rabbitmq(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        if not value.get_secret_value().startswith(("amqp://", "amqps://")):
            raise ValueError("must begin with amqp:// or amqps://; a Redis is named by redis_url alone")
        check_port(value.get_secret_value())
        return value

    @model_validator(mode="before")
    @classmethod
    def _fill_in_the_catalogue(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Turn the shortcuts, or their absence, into upstreams, models and lanes."""
        return filled_in(values)

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


def _unknown(setting: str, value: str, known: dict[str, Any]) -> str:
    allowed = f"allowed are {', '.join(sorted(known))}" if known else "none is configured"
    return f"{setting} is {value!r}: {allowed}"
