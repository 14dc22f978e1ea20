"""A real RabbitMQ for tests: a node of its own on loopback, without root, and whatever runs on this machine already."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kombu.connection import Connection

from tests.support.processes import free_port
from tests.support.redis import missing

# Debian's command on the PATH insists on root or the user rabbitmq; what it calls does not.
FOLDERS = ("/usr/lib/rabbitmq/bin", os.environ.get("PATH", ""))
START_S = 180.0  # it loads thousands of files; two seconds on an idle machine, thirty on a busy one


class RabbitServer:
    """One node with its folder, and the port mapper that Erlang needs."""

    def __init__(self, binary: str, epmd: str, folder: Path) -> None:
        self._binary = binary
        self._folder = folder
        self._port = free_port()
        self._epmd_port = free_port()
        self._node = f"thinkline-{secrets.token_hex(4)}@localhost"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._epmd = subprocess.Popen(
            [epmd, "-address", "127.0.0.1", "-port", str(self._epmd_port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        _wait_for_port(self._epmd_port)  # a node that does not find it starts one that outlives the test

    @property
    def url(self) -> str:
        """Its address, the same after a restart."""
        return f"amqp://guest:guest@127.0.0.1:{self._port}//"

    def start(self) -> None:
        """Start it and wait until it answers."""
        folder = self._folder
        plugins = folder / "enabled_plugins"
        plugins.write_text("[].\n")
        env = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(folder),
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self._port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none",
        }
        with (folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binary], env=env, cwd=folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until it takes connections."""
        until = time.monotonic() + START_S
        while not self.answers():
            if time.monotonic() > until or (self._process and self._process.poll() is not None):
                log = (self._folder / "server.log").read_text(errors="replace")[-2000:]
                raise AssertionError(f"RabbitMQ did not start:\n{log}")
            time.sleep(0.1)

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            with Connection(self.url, connect_timeout=2) as connection:
                connection.connect()
        except OSError:
            return False
        return True

    def ready(self, *queues: str) -> dict[str, int]:
        """Count the messages that lie in queues."""
        with Connection(self.url, connect_timeout=5) as connection:
            channel = connection.channel()
            return {queue: channel.queue_declare(queue, passive=True).message_count for queue in queues}

    def purge(self, queue: str) -> int:
        """Lose all messages of a queue; how many."""
        with Connection(self.url, connect_timeout=5) as connection:
            count: int = connection.channel().queue_purge(queue)
            return count

    def kill(self) -> None:
        """End it without a chance to save anything."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """End it for good."""
        self.kill()
        self._epmd.kill()
        self._epmd.wait()


@contextmanager
def running_rabbit(folder: Path) -> Iterator[RabbitServer]:
    """Run a node; skips the test, or fails it in CI, where there is no RabbitMQ."""
    binary = shutil.which("rabbitmq-server", path=os.pathsep.join(FOLDERS))
    epmd = shutil.which("epmd")
    if binary is None or epmd is None:
        missing("a RabbitMQ server (Debian's package rabbitmq-server)")
    server = RabbitServer(binary, epmd, folder)
    try:
        server.start()
        yield server
    finally:
        server.close()


def _wait_for_port(port: int) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return
