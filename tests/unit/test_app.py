"""Celery's configuration follows the broker."""

from __future__ import annotations

import ssl

from workers.app import celery_config
from workers.settings import Settings


def test_redis_is_the_broker_when_none_is_named() -> None:
    """With its transport options, and queues that nobody acknowledges."""
    config = celery_config(Settings(_env_file=None, redis_url="redis://127.0.0.1:7/0"))
    assert config["broker_url"] == "redis://127.0.0.1:7/0"
    assert config["broker_transport_options"]["global_keyprefix"] == "tl:"
    assert all(queue.no_ack for queue in config["task_queues"])
    assert config["worker_disable_prefetch"] is True


def test_rabbitmq_has_none_of_the_options_of_redis() -> None:
    """Durable queues that are acknowledged, and heartbeats; state stays where it was."""
    config = celery_config(Settings(_env_file=None, broker_url="amqp://guest:guest@127.0.0.1:7//"))
    assert config["broker_url"] == "amqp://guest:guest@127.0.0.1:7//"
    assert "broker_transport_options" not in config
    assert "worker_disable_prefetch" not in config
    assert config["broker_use_ssl"] is None
    assert all(queue.durable and not queue.no_ack for queue in config["task_queues"])


def test_a_broker_by_tls_must_have_a_certificate_of_its_name() -> None:
    """Celery's own default for amqps leaves the name unchecked."""
    config = celery_config(Settings(_env_file=None, broker_url="amqps://guest:guest@rabbit.example:5671//"))
    assert config["broker_use_ssl"] == {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": "rabbit.example"}
