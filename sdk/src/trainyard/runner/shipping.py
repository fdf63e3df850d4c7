"""Sends the spool to the platform while the command runs and after it ended.

A thread does the sending, so that a slow network never holds up the reading of output. It decides when to try and
when to give up; what is sent and what was acknowledged is `track.shipper`'s.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainyard.runner.layout import Folder, write_json

if TYPE_CHECKING:
    from trainyard.track.shipper import Shipper

__all__ = ["Shipping", "shipper_of"]

_PERIOD = 0.5
"""Seconds between two looks at the spool while all goes well."""


def shipper_of(spool: Path, workload: dict[str, Any], token: Path) -> Shipper | None:
    """Who ships this spool; None when the workload names no place to report to."""
    from trainyard.track.shipper import Shipper, Target

    url = str(workload.get("url") or "")
    if not url:
        return None
    return Shipper(spool, Target(url, str(workload["project"]), str(workload["run"]), str(token)))


class Shipping:
    """The runner's shipping: `begin` while the command runs, `finish` after its exit was written."""

    def __init__(self, folder: Folder, workload: dict[str, Any]) -> None:
        self._folder = folder
        self._workload = workload
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def describe(self) -> None:
        """Leave in the spool what `yard sync` needs to ship it some day."""
        told = {name: self._workload.get(name) for name in ("project", "run", "url")}
        write_json(self._folder.spool / "run.json", {**told, "token_file": str(self._folder.token), "managed": True})

    def begin(self) -> None:
        """Ship in the background from now on. May be called again."""
        if self._thread is None and self._workload.get("url"):
            self._thread = threading.Thread(target=self._work, name="shipping", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        shipper = shipper_of(self._folder.spool, self._workload, self._folder.token)
        if shipper is None:
            return
        while not self._ending.is_set():
            progress = shipper.ship()
            self._ending.wait(shipper.delay() if progress.error else _PERIOD)
        shipper.close()

    def finish(self, wait: Callable[[float], None], wanted: Callable[[], bool], *, patience: float = 3600.0) -> bool:
        """Ship until all is acknowledged; False when that is refused, no longer `wanted`, or failed for `patience`
        seconds without a success. `wait` passes the seconds between two tries."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
        shipper = shipper_of(self._folder.spool, self._workload, self._folder.token)
        if shipper is None:
            return True
        worked = time.monotonic()
        while wanted():
            progress = shipper.ship()
            if not progress.pending or progress.fatal:
                return not progress.pending
            if not progress.error:
                worked = time.monotonic()
                continue
            if time.monotonic() - worked > patience:
                return False
            wait(shipper.delay())
        return False
