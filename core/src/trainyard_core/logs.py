"""Structured logs on stderr: one line an event, JSON when stderr is no terminal, with what is going on around it.

Everything passes here, also what libraries and plugins say by the standard `logging`; secrets are taken out of it
whatever they came by. With `verbose`, debug lines too: among them one for each request.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from trainyard_core import log_context, redact

__all__ = ["configure", "is_verbose"]

_QUIET = {"arq": logging.ERROR, "asyncio": logging.WARNING, "httpx": logging.WARNING, "httpcore": logging.WARNING}
"""arq logs each failed connection again, which the notifier logs once; the others log every request."""
_verbose = False


def is_verbose() -> bool:
    """Whether this process's logs were set up with debug lines."""
    return _verbose


def configure(*, verbose: bool = False, stream: TextIO | None = None) -> None:
    """Set the process's logs up. May be called again; the last call counts."""
    global _verbose
    _verbose, target = verbose, stream or sys.stderr
    level = logging.DEBUG if verbose else logging.INFO
    shared: list[Processor] = [
        _around,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    finish: list[Processor] = [
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _without_secrets,
        _renderer(target),
    ]
    structlog.configure(
        processors=[*shared, *finish],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(target),
        cache_logger_on_first_use=False,
    )
    _adopt_standard(shared, finish, target, level)


def _adopt_standard(shared: list[Processor], finish: list[Processor], target: TextIO, level: int) -> None:
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *finish],
        )
    )
    root = logging.getLogger()
    root.handlers = [each for each in root.handlers if not getattr(each, "trainyard", False)]
    handler.trainyard = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(max(level, logging.INFO if level == logging.DEBUG else logging.WARNING))
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)


def _renderer(target: TextIO) -> Processor:
    if target.isatty():
        # plain tracebacks: a formatter that shows local variables would show secrets
        return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return structlog.processors.JSONRenderer(default=repr)


def _around(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Beside what the line says, what is going on; the line's own word counts more."""
    return {**log_context.facts(), **event}


def _logger_name(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    record: Any = event.get("_record")
    return {**event, "logger": record.name} if record is not None else event


def _without_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    return {str(key): redact.plain(value, str(key)) for key, value in event.items()}
