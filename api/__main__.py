"""Runs the API as configured: `python -m api`."""

from __future__ import annotations

import sys
from contextlib import suppress

from api.serving import serve
from workers.contracts.errors import SettingsError
from workers.settings import load_settings
from workers.telemetry import configure_logging


def main() -> None:
    """Serve until stopped; a wrong setting ends the process with its sentence and exit code 2."""
    try:
        settings = load_settings()
        configure_logging(settings.log_level)
        with suppress(KeyboardInterrupt):
            serve(settings.api)
    except SettingsError as error:
        sys.stderr.write(f"thinkline: {error}\n")
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
