"""Runs the API as configured: `python -m api`."""

from __future__ import annotations

import sys

import uvicorn

from workers.contracts.errors import SettingsError
from workers.settings import load_settings


def main() -> None:
    """Serve until stopped; open long polls are let go within two seconds."""
    try:
        settings = load_settings()
    except SettingsError as error:
        sys.stderr.write(f"thinkline: {error}\n")
        raise SystemExit(2) from error
    uvicorn.run(
        "api.app:app_from_environment", factory=True, host=settings.api.host, port=settings.api.port,
        workers=settings.api.processes, loop="uvloop", http="httptools", access_log=False, server_header=False,
        log_level="critical" if settings.log_level != "debug" else "info", timeout_graceful_shutdown=2, backlog=4096,
        proxy_headers=False,
    )  # fmt: skip


if __name__ == "__main__":
    main()
