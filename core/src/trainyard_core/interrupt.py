"""Tells a person's Ctrl-C from a KeyboardInterrupt that foreign code raises."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

__all__ = ["Interrupted", "interruptible"]


class Interrupted(KeyboardInterrupt):
    """Somebody pressed Ctrl-C: it is no plugin that raised this."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Within the block Ctrl-C raises `Interrupted`, where it raised KeyboardInterrupt."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupt(number: int, frame: object) -> NoReturn:
    raise Interrupted
