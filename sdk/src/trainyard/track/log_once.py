"""Saying a thing once: how tracking speaks, since it never raises into the training program."""

from __future__ import annotations

import logging

__all__ = ["say"]

_log = logging.getLogger("trainyard")
_said: set[str] = set()


def say(topic: str, message: str) -> None:
    """Warn by `logging`, once for each topic in the life of the process."""
    if topic not in _said:
        _said.add(topic)
        _log.warning("trainyard: %s", message)
