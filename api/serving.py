"""Serves the app on its address: one process, or several that share the port."""

from __future__ import annotations

import errno
import socket
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from workers.contracts.errors import SettingsError
from workers.settings import ApiSettings

GRACE_S = 2  # for answers that are under way when the process is stopped; long polls are let go at once
BACKLOG = 4_096
LOGS: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"ours": {"class": "workers.telemetry.ForeignLog", "part": "api", "event": "server.trouble"}},
    "loggers": {"uvicorn": {"handlers": ["ours"], "level": "ERROR", "propagate": False}},
}
WORDS = {
    errno.EADDRINUSE: "the port is in use",
    errno.EACCES: "this user may not listen there",
    errno.EADDRNOTAVAIL: "this machine has no such address",
}


def serve(api: ApiSettings) -> None:
    """Serve until a signal stops it.

    Raises:
        SettingsError: nobody can listen on that address.
    """
    config = uvicorn.Config(
        "api.app:app_from_environment", factory=True, workers=api.processes, loop="uvloop", http="httptools",
        ws="none", lifespan="on", access_log=False, log_config=LOGS, server_header=False, proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S, backlog=BACKLOG,
    )  # fmt: skip
    listening = listen(api.host, api.port)
    if api.processes > 1:
        Multiprocess(config, sockets=[listening]).run()
    else:
        uvicorn.Server(config).run(sockets=[listening])


def listen(host: str, port: int) -> socket.socket:
    """Bind an address.

    Raises:
        SettingsError: it cannot be bound; names the settings and why.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        why = WORDS.get(error.errno or 0, error.strerror or "it cannot be bound")
        raise SettingsError(f"api.host is {host!r} and api.port (THINKLINE_API__PORT) is {port}: {why}") from error
    listening.set_inheritable(True)  # for the processes that share it
    return listening
