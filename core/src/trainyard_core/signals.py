"""Signals for a process that waits in `select`, without an event loop."""

from __future__ import annotations

import select
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

__all__ = ["Signals"]

_ENDS = (signal.SIGTERM, signal.SIGINT)
_ALL = (*_ENDS, signal.SIGCHLD)
_HANDLERS: dict[signal.Signals, Any] = {
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGINT: signal.default_int_handler,
    signal.SIGCHLD: signal.SIG_DFL,
}
"""As they are in a new process of Python."""


class Signals:
    """Within the `with` block, SIGTERM and SIGINT are noted in `told`, and these and SIGCHLD end a wait. For the main
    thread."""

    def __init__(self) -> None:
        self.told = False

    def __enter__(self) -> Self:
        self._here, self._there = socket.socketpair()
        self._here.setblocking(False)
        self._there.setblocking(False)
        signal.set_wakeup_fd(self._there.fileno(), warn_on_full_buffer=False)
        for number in _ALL:
            signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.restore()

    def restore(self) -> None:
        """Everything as in a new process; also in a child, which calls this in `blocked`."""
        signal.set_wakeup_fd(-1)
        for number, handler in _HANDLERS.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ALL)
        self._here.close()
        self._there.close()

    def wait(self, seconds: float, others: Sequence[int] = ()) -> list[int]:
        """Wait until a signal comes, one of these descriptors can be read, or for so long; those that can be read."""
        readable, _, _ = select.select([self._here.fileno(), *others], [], [], seconds)
        if self._here.fileno() in readable:
            self._here.recv(4096)
        return [each for each in others if each in readable]

    @contextmanager
    def blocked(self) -> Iterator[None]:
        """Signals wait until the end of the block."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _ALL)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ALL)

    def _note(self, number: int, frame: object) -> None:
        self.told = self.told or number in _ENDS
