"""Structured logs on stderr: one line an event, JSON when stderr is no terminal. No secret is ever passed to a
logger."""

from __future__ import annotations

import logging
import sys

import structlog

__all__ = ["configure"]


def configure(*, verbose: bool = False) -> None:
    """Set the process's logs up, once."""
    level = logging.DEBUG if verbose else logging.INFO
    # plain tracebacks: a formatter that shows local variables would show tokens
    renderer = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("arq").setLevel(logging.ERROR)  # it repeats each failed connection, which the doorbell tells once
