"""Logs: one JSON object a line, events named `noun.verb`, the job's id on every line that concerns a job.

What Celery, uvicorn and Python itself have to say comes as such lines, too, without the words of an exception, which may
quote what a caller sent. Prompts, answers, keys and schemas are never passed to a logger: tests/architecture/test_logs.py
looks at every call, and acceptance tests look for planted markers.
"""

from __future__ import annotations

import logging
import sys
from typing import cast

import structlog

MOST_CHARS = 500  # of what a library says
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure_logging(level: str = "info") -> None:
    """Send every log line of this process to standard error as JSON.

    Args:
        level: `debug`, `info`, `warning` or `error`.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.EventRenamer("event"),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def logger(part: str) -> structlog.typing.FilteringBoundLogger:
    """Get the logger of one part of Thinkline, e.g. `reaper`."""
    return cast("structlog.typing.FilteringBoundLogger", structlog.get_logger(part=part))


class ForeignLog(logging.Handler):
    """Writes what a library logs as a line of ours: its first line, and of an exception the class alone."""

    def __init__(self, part: str, event: str) -> None:
        super().__init__()
        self._log, self._event = logger(part), event

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; of Python's warnings at the level `info`, since they are about the code and not about what runs."""
        lines = record.getMessage().strip().splitlines() or [""]
        error = lines[-1].partition(":")[0] if len(lines) > 1 else ""  # a traceback given as text
        if record.exc_info and record.exc_info[0]:
            error = record.exc_info[0].__name__
        levels = {"py.warnings": logging.INFO}
        level = levels.get(record.name, min(record.levelno, logging.ERROR))
        self._log.log(level, self._event, note=lines[0][:MOST_CHARS], **({"error": error} if error else {}))
