"""Named fault points: places where a crash test kills or freezes the process.

Around every commit, outside call and rename there is a point with a name. `TRAINYARD_FAULT=name` (or `name:3` for
the third time that it is reached) makes the process kill itself there with SIGKILL, so that nothing is flushed,
closed or caught. `SIGSTOP name:3` makes it stand still there until it is continued. Without the variable a point costs
one comparison. `TRAINYARD_FAULT_LOG=file` appends the name of each point as it is reached: crash tests enumerate the
points from it.
"""

from __future__ import annotations

import os
import signal

__all__ = ["point"]


def _named_point(text: str) -> tuple[signal.Signals, str, int]:
    """The signal, the name and the count of `name`, `name:count` or `SIGNAL name:count`; a name may hold colons
    itself."""
    by, _, wanted = text.rpartition(" ")
    name, _, count = wanted.rpartition(":")
    return signal.Signals[by or "SIGKILL"], *((name, int(count)) if count.isdecimal() else (wanted, 1))


_SIGNAL, _WANTED, _left = _named_point(os.environ.get("TRAINYARD_FAULT", ""))
_LOG = os.environ.get("TRAINYARD_FAULT_LOG", "")
_ARMED = bool(_WANTED or _LOG)


def point(name: str) -> None:
    """The process may be killed or stopped here by a test that asked for `name`."""
    if _ARMED:
        _reach(name)


def _reach(name: str) -> None:
    global _left
    if _LOG:
        with open(_LOG, "a", encoding="utf-8") as log:  # noqa: PTH123 - opened at the last moment before a kill
            log.write(name + "\n")
    if name == _WANTED:
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), _SIGNAL)
