"""Stops processes for seconds, as a machine does that has no time for them, is suspended or swaps."""

from __future__ import annotations

import contextlib
import os
import signal
import threading


class Pauses:
    """Whatever was stopped goes on by itself when its time is over. A context manager; at its end all go on at once."""

    def __init__(self) -> None:
        self._timers: list[threading.Timer] = []

    def __enter__(self) -> Pauses:
        return self

    def __exit__(self, *exc: object) -> None:
        for timer in self._timers:
            timer.cancel()
            timer.join()
            timer.function()

    def pause(self, pid: int, seconds: float) -> bool:
        """Stop a process for so long; whether there was one."""
        try:
            process = os.pidfd_open(pid)  # its number may be another's by then
        except ProcessLookupError:
            return False
        goes_on = _Once(process)
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(process, signal.SIGSTOP)
        timer = threading.Timer(seconds, goes_on)
        timer.start()
        self._timers.append(timer)
        return True


class _Once:
    """Lets a process go on, the first time that it is called."""

    def __init__(self, process: int) -> None:
        self._process = process

    def __call__(self) -> None:
        process, self._process = self._process, -1
        if process >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(process, signal.SIGCONT)
            os.close(process)
