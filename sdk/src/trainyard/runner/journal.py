"""The runner's own log: a line of JSON for each thing that is told, with run and attempt, on standard error, which is
`runner.log` in the attempt's folder. Tokens are taken out of whatever is told.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from types import TracebackType

from trainyard.runner.layout import Folder

__all__ = ["begin"]

_TOKEN = re.compile(r"\b(tyr?[a-z]?)\.[A-Za-z0-9_\-.=%]{8,}|(?i:\b(bearer|basic)\s+)[A-Za-z0-9_\-.~+/=]{4,}")
_log = logging.getLogger("trainyard.runner")


def begin(folder: Folder) -> None:
    """From now on what this process tells by `logging`, and what it dies of, is written as lines of JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines(folder))
    root = logging.getLogger()
    root.handlers = [handler]
    _log.setLevel(logging.INFO)
    sys.excepthook = _died


def _died(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _log.critical("the runner broke", exc_info=(kind, error, trace))


class _Lines(logging.Formatter):
    """Records as JSON."""

    def __init__(self, folder: Folder) -> None:
        super().__init__()
        self._around = {"run": folder.run, "attempt": folder.attempt}

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        entry = {
            "timestamp": f"{at}.{int(record.created % 1 * 1e6):06d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **self._around,
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps({name: _clean(value) for name, value in entry.items()})


def _clean(value: object) -> object:
    return _TOKEN.sub("[hidden]", value) if isinstance(value, str) else value
