"""The Celery app: queues, routes and limits. Celery carries hints (an id and an attempt); the record is the truth.

Results stay out of Celery's backend, messages are gone once they were taken (a lost hint is sent again by the reaper),
and no slot means no fetch, so that nothing waits in a busy worker's memory: on RabbitMQ one message a worker at the most.
Delays, deadlines, cancellation and redelivery are ours, not Celery's.
"""

from __future__ import annotations

import logging
import ssl
from typing import Any
from urllib.parse import urlsplit

from celery import Celery, Task, bootsteps
from celery.signals import setup_logging
from celery.worker.request import Request
from kombu.entity import Queue as BrokerQueue
from pydantic import SecretStr

from workers.contracts.job import SERVED
from workers.settings import Settings, load_settings
from workers.telemetry import ForeignLog

# Far above every deadline: Celery must never bring a message back by itself, leases and the reaper do that.
VISIBILITY_TIMEOUT_S = 7 * 86_400
EVENTS_EVERY_S = 0.5
MOST_EVENTS = 10_000  # collected between two sendings


def celery_config(settings: Settings) -> dict[str, Any]:
    """Make Celery's configuration from ours."""
    broker = _redis(settings) if settings.broker_url is None else _rabbitmq(settings, settings.broker_url)
    return {
        **broker,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_routes": {f"thinkline.{name}": {"queue": name} for name in SERVED},
        "task_default_queue": "classify",
        "task_create_missing_queues": False,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        # One disabled backend for all threads; each would look for and make its own, a third of a millisecond a slot.
        "result_backend_thread_safe": True,
        "task_store_errors_even_if_ignored": False,
        "task_acks_late": False,
        "worker_prefetch_multiplier": 1,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_send_task_events": True,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_pool": "threads",
        "event_queue_expires": 60.0,
        "timezone": "UTC",
        "enable_utc": True,
    }


def _redis(settings: Settings) -> dict[str, Any]:
    return {
        "broker_url": settings.redis_url.get_secret_value(),
        "broker_transport_options": {
            "global_keyprefix": settings.redis.key_prefix,
            "visibility_timeout": VISIBILITY_TIMEOUT_S,
            "socket_connect_timeout": settings.redis.connect_timeout_s,
            "socket_timeout": settings.redis.command_timeout_s * 3,
            "socket_keepalive": True,
        },
        "broker_connection_timeout": settings.redis.connect_timeout_s,
        # Not acknowledged: that would be two writes to Redis a message, to keep what the record keeps already.
        "task_queues": [BrokerQueue(name, routing_key=name, no_ack=True) for name in SERVED],
        "worker_disable_prefetch": True,
    }


def _rabbitmq(settings: Settings, url: SecretStr) -> dict[str, Any]:
    address = url.get_secret_value()
    return {
        "broker_url": address,
        "broker_connection_timeout": settings.broker.connect_timeout_s,
        "broker_heartbeat": settings.broker.heartbeat_s,
        "broker_use_ssl": verified(address),
        # Acknowledged when a slot takes it: whoever does not acknowledge is sent everything at once (decision 16).
        "task_queues": [BrokerQueue(name, routing_key=name, durable=True) for name in SERVED],
        "worker_enable_prefetch_count_reduction": False,
    }


def verified(address: str) -> dict[str, Any] | None:
    """Say how TLS is spoken with an `amqps://` broker: its certificate must be valid, and for its name."""
    if not address.startswith("amqps://"):
        return None
    return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": urlsplit(address).hostname}


class CalmEvents(bootsteps.StartStopStep):  # type: ignore[misc]
    """Sends the events that Flower shows twice a second instead of after each turn of the worker's loop.

    Each sending is a message to the broker, and took two fifths of a busy worker's main thread (benchmarks/pipeline.py).
    """

    requires = ("celery.worker.consumer.events:Events",)

    def start(self, consumer: Any) -> None:
        """Begin to collect; called again after each reconnect, with a new dispatcher."""
        dispatcher = consumer.event_dispatcher
        if dispatcher is None or consumer.hub is None:
            return
        dispatcher.on_send_buffered = None
        dispatcher.buffer_limit = MOST_EVENTS
        self._timer = consumer.timer.call_repeatedly(EVENTS_EVERY_S, consumer._flush_events)  # noqa: SLF001

    def stop(self, consumer: Any) -> None:  # noqa: ARG002 - Celery's signature
        """Stop the timer; the dispatcher sends what it has when it closes."""
        timer, self._timer = getattr(self, "_timer", None), None
        if timer is not None:
            timer.cancel()


class OneInHand(bootsteps.StartStopStep):  # type: ignore[misc]
    """Lets a worker on RabbitMQ hold one message beyond those that its slots have taken; Redis needs no such limit.

    Celery asks for as many as it has slots, and acknowledges when one is taken: they would wait in a busy worker's memory
    while another one is idle.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, consumer: Any) -> None:
        """Ask for one message at a time; called before the first one comes, and after each reconnect."""
        if consumer.connection.transport.driver_type == "amqp":
            consumer.initial_prefetch_count = 1
            consumer.qos.value = 1
            consumer.qos.update()


class HintRequest(Request):  # type: ignore[misc]
    """A message of a queue that is consumed without acknowledgement, on Redis."""

    def acknowledge(self) -> None:
        """Note that a slot took it, and tell RabbitMQ."""
        if self.app.conf.task_queues[0].no_ack:
            self.acknowledged = True
        else:
            super().acknowledge()


class HintTask(Task):  # type: ignore[misc]
    """A task whose message is a hint."""

    abstract = True
    Request = HintRequest


celery_app = Celery("thinkline", task_cls=HintTask)
celery_app.steps["consumer"].update((CalmEvents, OneInHand))
celery_app.add_defaults(lambda: celery_config(load_settings()))


@setup_logging.connect
def log_as_we_do(loglevel: int = logging.WARNING, **_: Any) -> None:
    """Let a worker's Celery say what it says in our form; its own is not set up then."""
    logging.captureWarnings(capture=True)
    logging.basicConfig(level=loglevel, handlers=[ForeignLog("celery", "celery.note")], force=True)
