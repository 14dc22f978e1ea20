"""Logs: one JSON object a line, events named `noun.verb`, the job's id on every line that concerns a job.

Prompts, answers, keys and schemas are never passed to a logger; a test plants a marker and looks for it.
"""

from __future__ import annotations

import logging
import sys
from typing import cast

import structlog

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
