"""Threads of tracking: daemons, and none where the interpreter is ending."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["start"]


def start(work: Callable[[], None], name: str) -> threading.Thread | None:
    """A daemon that does `work`; None when no thread can start any more. From Python 3.12 on that is so once the
    interpreter ends, in the first releases before `atexit` runs: the caller does the work itself then."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread
