"""Every setting of Thinkline: one frozen class, read once from thinkline.toml and the environment, then passed down.

Environment variables win over .env, which wins over thinkline.toml; secrets and addresses belong in the environment,
models and limits in the file. Durations are seconds, sizes are bytes, prices are US dollars a million tokens. A wrong
setting raises SettingsError, which names it, its value unless it is secret, and what is allowed.
docs/configuration.md is made from the descriptions here.
"""

from workers.settings.cache import AuditSettings, CacheSettings, GreySettings
from workers.settings.catalogue import LOCAL_MODEL
from workers.settings.classify import ClassifySettings, EncoderSettings, RouterSettings
from workers.settings.environment import ENV_PREFIX
from workers.settings.faces import ApiKey, ApiSettings, FlowerSettings, Scope, StreamSettings, is_loopback
from workers.settings.models import (
    BreakerSettings,
    BudgetSettings,
    LaneSettings,
    LanesSettings,
    ModelSettings,
    UpstreamSettings,
)
from workers.settings.state import BrokerSettings, RedisSettings, ReliabilitySettings
from workers.settings.webhooks import WebhookSettings
from workers.settings.whole import Settings, load_settings

__all__ = [
    "ENV_PREFIX",
    "LOCAL_MODEL",
    "ApiKey",
    "ApiSettings",
    "AuditSettings",
    "BreakerSettings",
    "BrokerSettings",
    "BudgetSettings",
    "CacheSettings",
    "ClassifySettings",
    "EncoderSettings",
    "FlowerSettings",
    "GreySettings",
    "LaneSettings",
    "LanesSettings",
    "ModelSettings",
    "RedisSettings",
    "ReliabilitySettings",
    "RouterSettings",
    "Scope",
    "Settings",
    "StreamSettings",
    "UpstreamSettings",
    "WebhookSettings",
    "is_loopback",
    "load_settings",
]
