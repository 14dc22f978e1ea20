"""The Celery app: queues, routes and limits. Celery carries hints (an id and an attempt); the record is the truth.

Results stay out of Celery's backend, messages are gone once they were taken (a lost hint is sent again by the reaper),
and no slot means no fetch, so that nothing waits in a busy worker's memory. Delays, deadlines, cancellation and
redelivery are ours, not Celery's.
"""

from __future__ import annotations

from typing import Any

from celery import Celery, Task, bootsteps
from celery.worker.request import Request
from kombu.entity import Queue as BrokerQueue

from workers.contracts.job import SERVED
from workers.settings import Settings, load_settings

# Far above every deadline: Celery must never bring a message back by itself, leases and the reaper do that.
VISIBILITY_TIMEOUT_S = 7 * 86_400
EVENTS_EVERY_S = 0.5
MOST_EVENTS = 10_000  # collected between two sendings


def celery_config(settings: Settings) -> dict[str, Any]:
    """Make Celery's configuration from ours."""
    return {
        "broker_url": settings.redis_url.get_secret_value(),
        "broker_transport_options": {
            "global_keyprefix": settings.redis.key_prefix,
            "visibility_timeout": VISIBILITY_TIMEOUT_S,
            "socket_connect_timeout": settings.redis.connect_timeout_s,
            "socket_timeout": settings.redis.command_timeout_s * 3,
            "socket_keepalive": True,
        },
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_connection_timeout": settings.redis.connect_timeout_s,
        # Not acknowledged: that would be two writes to Redis a message, to keep what the record keeps already.
        "task_queues": [BrokerQueue(name, routing_key=name, no_ack=True) for name in SERVED],
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
        "worker_disable_prefetch": True,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_send_task_events": True,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_pool": "threads",
        "event_queue_expires": 60.0,
        "timezone": "UTC",
        "enable_utc": True,
    }


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


class HintRequest(Request):  # type: ignore[misc]
    """A message that nobody has to acknowledge: its queue is consumed without."""

    def acknowledge(self) -> None:
        """Note that a slot took it."""
        self.acknowledged = True


class HintTask(Task):  # type: ignore[misc]
    """A task whose message is a hint."""

    abstract = True
    Request = HintRequest


celery_app = Celery("thinkline", task_cls=HintTask)
celery_app.steps["consumer"].add(CalmEvents)
celery_app.add_defaults(lambda: celery_config(load_settings()))
