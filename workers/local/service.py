"""One process of the running system: what is started, how one sees that it is ready, and what it tells the user."""

from __future__ import annotations

import errno
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from workers.contracts.errors import ThinklineError


class StartFailed(ThinklineError):
    """The system cannot start; the message is the one sentence that the user needs."""

    code = "start_failed"


@dataclass(frozen=True, slots=True)
class Port:
    """A port that a service will bind, and the setting by which the user changes it."""

    host: str
    number: int
    setting: str


@dataclass(frozen=True, slots=True)
class Service:
    """A process to supervise.

    Args:
        name: what the user reads, and the name of its log.
        command: the whole command line.
        ready: whether it does its work; asked several times a second, answers within two seconds.
        rank: services of rank 0 are ready before the others start, and the highest rank is stopped first.
        env: added to the environment.
        port: what it binds, checked before anything starts.
        ready_within_s: longest start, in seconds.
        stop_within_s: what it is given to end after SIGTERM, in seconds.
        dies_by: the signal that it gets (on Linux) when the supervisor itself is killed.
        note: shown when it is ready.
    """

    name: str
    command: tuple[str, ...]
    ready: Callable[[], bool]
    rank: int = 2
    env: Mapping[str, str] = field(default_factory=dict)
    port: Port | None = None
    ready_within_s: float = 60
    stop_within_s: float = 10
    dies_by: signal.Signals = signal.SIGKILL
    note: str = ""


def check_port(port: Port) -> None:
    """Check that a service will be able to bind its port.

    Raises:
        StartFailed: it is in use, or may not be bound.
    """
    family = socket.AF_INET6 if ":" in port.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((port.host, port.number))
        except OSError as error:
            raise StartFailed(_refused(port, error)) from error


def free_port(preferred: int = 0) -> int:
    """Find a loopback port that nobody listens on: the preferred one if it is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def _refused(port: Port, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port.number} on {port.host} is in use by another program:"
            f" stop that program, or set {port.setting} to a free port"
        )
    return f"cannot bind port {port.number} on {port.host} ({error.strerror}): set {port.setting} to another port"
