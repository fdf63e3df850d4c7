"""The thread that ships an unmanaged run while it trains: what is lost while the server is away is nothing but time.

It looks for the server anew until one is known, so a server that starts later is found. It is a daemon: it never
keeps the program alive, and `stop` bounds how long the end of the program waits for it.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

from trainyard.track import thread
from trainyard.track.log_once import say
from trainyard.track.shipper import Progress, Shipper, Target
from trainyard.track.target import find_target, moved

__all__ = ["Background"]

PERIOD = 1.0
LOOK_AGAIN = 5.0


class Background:
    """Ships the spool `root` of a run until `stop`."""

    def __init__(self, root: Path, project: str, run: str) -> None:
        self._root, self._project, self._run = root, project, run
        self._stopping = threading.Event()
        self._deadline = float("inf")
        self._shipper: Shipper | None = None
        self.progress = Progress(0, 0, "no server was found yet")
        self.complete = False
        self._thread = thread.start(self._work, "trainyard-ship")

    def stop(self, timeout: float) -> bool:
        """Ship what is left and end, within `timeout` seconds; whether everything is on the server."""
        self._deadline = time.monotonic() + timeout
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout)
        else:
            self._work()
        return self.complete

    def _work(self) -> None:
        while True:
            last = self._stopping.is_set()  # read before the pass: what was written before `stop` is in it
            wait = self._pass()
            if last and self._finished(wait):
                if self._shipper is not None:
                    self._shipper.close()
                return
            if not self._stopping.wait(wait) or not last:
                continue
            threading.Event().wait(min(wait, max(0.0, self._deadline - time.monotonic())))

    def _finished(self, wait: float) -> bool:
        self.complete = not self.progress.error
        return self.complete or self._shipper is None or self.progress.fatal or time.monotonic() + wait > self._deadline

    def _pass(self) -> float:
        """One pass; how long to wait after it."""
        if self._shipper is None and not self._find():
            return LOOK_AGAIN
        assert self._shipper is not None
        self.progress = self._shipper.ship()
        if self.progress.error and self._follow():
            self.progress = self._shipper.ship()
        if self.progress.error:
            again = "it is not tried again" if self.progress.fatal else "trying again in the background"
            say("ship", f"{self.progress.error}; data wait in {self._root}, {again}")
        if self.progress.fatal and not self.progress.sent:
            return 60.0
        return self._shipper.delay() or PERIOD

    def _follow(self) -> bool:
        """Whether the server serves at another address now, to which is shipped from now on."""
        before = self._shipper
        target = moved(before.target) if before is not None else None
        if before is None or target is None or not self._ship_to(target):
            return False
        before.close()
        return True

    def _find(self) -> bool:
        target = find_target(self._project, self._run)
        return target is not None and self._ship_to(target)

    def _ship_to(self, target: Target) -> bool:
        try:
            self._shipper = Shipper(self._root, target)
        except ValueError as error:
            say("url", str(error))
            return False
        return True
