"""What a run does not have although its program, or somebody on the way, wanted to record it: by name, with why and
how often.

Tracking never raises into the training program, so a mistake of the caller would vanish. It is said once for each
name, counted, and sent with the run as events of the type `omission`, which the server keeps in the run's meta under
META and tells in the run's message. Only the first NAMES names are told apart; the rest is one number under the empty
name. With TRAINYARD_STRICT=1 the caller gets an exception instead of a warning: for tests of training programs.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Mapping
from typing import Any

from trainyard.names import storable
from trainyard.track.log_once import say

__all__ = [
    "META",
    "NAMES",
    "NotRecorded",
    "Omissions",
    "added",
    "is_strict",
    "mistake",
    "omission",
    "reasons",
    "summary",
]

META = "not_recorded"
NAMES = 32
_NAME_CHARS, _WHAT_CHARS, _WHY_CHARS = 256, 64, 400
_SHOWN, _SHOWN_CHARS = 8, 60
_log = logging.getLogger("trainyard")


class NotRecorded(ValueError):
    """A mistake of the caller, where TRAINYARD_STRICT asks for exceptions."""


def is_strict() -> bool:
    """Whether mistakes of the caller are to be raised."""
    return os.environ.get("TRAINYARD_STRICT", "").lower() in ("1", "true")


def mistake(topic: str, message: str) -> None:
    """Say a mistake of the caller once for each topic, or raise it where that is asked for."""
    if is_strict():
        raise NotRecorded(message)
    say(topic, message)


def omission(name: str, what: str, why: str, count: int = 1) -> dict[str, Any]:
    """The event that tells of something left out. `what` it was in a word, where its name does not say that."""
    return {
        "type": "omission",
        "time": time.time_ns() // 1000,
        "name": storable(name, _NAME_CHARS),
        "what": storable(what, _WHAT_CHARS),
        "why": storable(why, _WHY_CHARS),
        "count": count,
    }


def added(known: object, event: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a run's omissions, with one more event. Takes whatever it is given, since events come from
    outside."""
    found = dict(known) if isinstance(known, dict) else {}
    name = storable(str(event.get("name", "")), _NAME_CHARS)
    name = name if name in found or len(found) < NAMES else ""
    before, count = found.get(name), event.get("count")
    counted = before.get("count") if isinstance(before, dict) else 0
    texts = (storable(str(event.get(key, "")), most) for key, most in (("what", _WHAT_CHARS), ("why", _WHY_CHARS)))
    what, why = texts if name else ("", "more names")
    found[name] = {"what": what, "why": why, "count": _whole(counted) + max(1, _whole(count))}
    return found


def summary(known: object) -> str:
    """Omissions in one line, as `not recorded: fig (Figure) 12 times, nope.png`; empty when there are none."""
    if not isinstance(known, dict) or not known:
        return ""
    entries = {str(name): entry if isinstance(entry, dict) else {} for name, entry in known.items()}
    named = [_shown(name, entry) for name, entry in entries.items() if name]
    rest = len(named[_SHOWN:]) + (1 if "" in entries else 0)
    return "not recorded: " + ", ".join([*named[:_SHOWN], *(["and more"] if rest else [])])


def reasons(meta: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a run's meta tells of omissions: each name with why."""
    known = meta.get(META)
    entries = known.items() if isinstance(known, dict) else ()
    return [(str(name), str(entry.get("why") or "")) for name, entry in entries if isinstance(entry, dict)]


class Omissions:
    """What one process could not record. Threads may share it, and a signal handler may come in between."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._known: dict[str, Any] = {}
        self._waiting: dict[str, Any] = {}

    def add(self, name: str, what: str, why: str) -> None:
        """Count one. The first of a name is said."""
        event = omission(name, what, why)
        with self._lock:
            is_new = event["name"] not in self._known and len(self._known) < NAMES
            self._known = added(self._known, event)
            self._waiting = added(self._waiting, event)
        if is_new:
            kind = f" ({event['what']})" if what else ""
            _log.warning("trainyard: not recorded: %s%s: %s", event["name"], kind, event["why"])

    def take(self) -> list[dict[str, Any]]:
        """The events that tell what was counted since the last call."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        return [omission(name, each["what"], each["why"], each["count"]) for name, each in waiting.items()]

    def summary(self) -> str:
        """All of it in one line."""
        return summary(self._known)


def _shown(name: str, entry: Mapping[str, Any]) -> str:
    count, what = _whole(entry.get("count")), str(entry.get("what") or "")
    short = name if len(name) <= _SHOWN_CHARS else f"{name[: _SHOWN_CHARS - 20]}...{name[-17:]}"
    return short + (f" ({what})" if what else "") + (f" {count} times" if count > 1 else "")


def _whole(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 1 << 53 else 0
