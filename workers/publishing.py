"""Speaks to a RabbitMQ that carries the messages: publishes with confirmation, and counts what lies ready.

Kombu's calls block, so that one thread of its own makes them. Each is bounded: connecting, every read and write, and the
wait for confirmations, which come for many messages together. After any trouble the connection is dropped, and the next
call makes a new one.
"""

from __future__ import annotations

import asyncio
import json
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from amqp.exceptions import AMQPError
from kombu.connection import Connection
from kombu.exceptions import KombuError
from kombu.messaging import Producer

from workers.app import verified
from workers.contracts.errors import BrokerUnavailable
from workers.contracts.job import SERVED, ServedQueue
from workers.settings import BrokerSettings

PERSISTENT = 2
AWAY = (AMQPError, KombuError, OSError, AttributeError)  # the last one py-amqp raises on a connection that just broke


class BrokerPublisher:
    """One connection to the broker."""

    def __init__(self, address: str, limits: BrokerSettings) -> None:
        self._address = address
        self._limits = limits
        self._line: _Line | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="thinkline-broker")

    async def publish(self, queue: ServedQueue, messages: Sequence[str]) -> int:
        """Send messages in their order; how many of the first ones the broker has confirmed, at least one.

        Raises:
            BrokerUnavailable: it confirmed none.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._publish, queue, messages)

    async def ready(self) -> Mapping[ServedQueue, int]:
        """Count the messages that lie ready in each queue; makes the queues where they are missing.

        Raises:
            BrokerUnavailable: it cannot be reached.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._ready)

    async def aclose(self) -> None:
        """Close the connection; waits for what is under way, which is bounded."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _publish(self, queue: ServedQueue, messages: Sequence[str]) -> int:
        confirmed = 0
        try:
            with self._connected() as line:
                try:
                    line.send(queue, messages)
                    line.wait(self._limits.publish_timeout_s)
                finally:
                    confirmed = line.confirmed()
        except BrokerUnavailable:
            if not confirmed:
                raise
        return confirmed

    def _ready(self) -> dict[ServedQueue, int]:
        with self._connected() as line:
            return {
                queue: line.channel.queue_declare(queue, durable=True, auto_delete=False).message_count
                for queue in SERVED
            }

    @contextmanager
    def _connected(self) -> Iterator[_Line]:
        try:
            if self._line is None:
                self._line = _Line(self._connection())
            yield self._line
        except AWAY as error:
            line, self._line = self._line, None
            if line is not None:
                line.connection.collect(socket_timeout=0.1)  # no farewell: a broker that hangs has no ear for it
            raise BrokerUnavailable(type(error).__name__) from error  # its words may hold the address

    def _connection(self) -> Any:
        limit_s = self._limits.publish_timeout_s
        connection = Connection(
            self._address,
            connect_timeout=self._limits.connect_timeout_s,
            heartbeat=0,  # nobody would send them between two calls; each call has its limit
            ssl=verified(self._address),
            transport_options={"read_timeout": limit_s, "write_timeout": limit_s},
        )
        connection.connect()
        return connection

    def _close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.connection.release()


class _Line:
    """An open connection with its channel, and which of the messages sent last the broker has confirmed."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.channel = connection.channel()
        self.channel.confirm_select()
        self.channel.events["basic_ack"].add(self._acknowledged)
        self.channel.events["basic_nack"].add(self._refused)
        self._producer = Producer(self.channel, auto_declare=False)
        self._sent = 0  # the broker counts a channel's messages from 1
        self._first = 0
        self._waiting: set[int] = set()

    def send(self, queue: ServedQueue, messages: Sequence[str]) -> None:
        """Send messages as workers/store/messages.py made them for kombu's lists."""
        self._first, self._waiting = self._sent, set()
        for message in messages:
            envelope = json.loads(message)
            self._sent += 1
            self._waiting.add(self._sent)
            self._producer.publish(
                b64decode(envelope["body"]),
                exchange="",
                routing_key=queue,
                content_type=envelope["content-type"],
                content_encoding=envelope["content-encoding"],
                headers=envelope["headers"],
                correlation_id=envelope["properties"]["correlation_id"],
                delivery_mode=PERSISTENT,
            )

    def wait(self, limit_s: float) -> None:
        """Wait until all are confirmed.

        Raises:
            TimeoutError: they are not.
        """
        until = time.monotonic() + limit_s
        while self._waiting:
            self.connection.drain_events(timeout=max(0.001, until - time.monotonic()))

    def confirmed(self) -> int:
        """Count the confirmed ones before the first that is not."""
        return (min(self._waiting) - 1 if self._waiting else self._sent) - self._first

    def _acknowledged(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - the library's call
        self._waiting = {other for other in self._waiting if not (other == tag or (multiple and other < tag))}

    def _refused(self, *_: Any) -> None:
        raise KombuError("the broker refused a message")
