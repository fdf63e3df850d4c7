"""What wakes a runner: signals, turned into bytes on a pipe that its loop waits on.

CHLD: a child ended. USR1: a scheduler changed something in the folder. TERM: end the attempt. HUP and INT mean the
terminal of somebody else and are ignored.
"""

from __future__ import annotations

import os
import select
import signal

__all__ = ["CAUGHT", "CHANGED", "Bell"]

CAUGHT = (signal.SIGCHLD, signal.SIGUSR1, signal.SIGTERM)
_IGNORED = (signal.SIGHUP, signal.SIGINT)
CHANGED = (*CAUGHT, *_IGNORED)
"""What no longer has its default once there is a bell."""


class Bell:
    """Installs the handlers; one for each process, made in its main thread."""

    def __init__(self) -> None:
        self.terminated = False
        """Whether TERM came."""
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in _IGNORED:
            signal.signal(number, signal.SIG_IGN)
        for number in CAUGHT:
            signal.signal(number, self._note)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, CAUGHT)

    def _note(self, number: int, _frame: object) -> None:
        if number == signal.SIGTERM:
            self.terminated = True

    def fileno(self) -> int:
        return self._read

    def clear(self) -> None:
        """Forget what rang so far; look at the world after this, not before."""
        try:
            while os.read(self._read, 4096):
                pass
        except BlockingIOError:
            return

    def wait(self, seconds: float) -> None:
        """Until something rings, at most `seconds`."""
        select.select([self._read], [], [], max(0.0, seconds))
        self.clear()
