"""Sends the spool to the platform while the command runs and after it ended.

A thread does the sending, so that a slow network never holds up the reading of output. It decides when to try and
when to give up; what is sent and what was acknowledged is `track.shipper`'s.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from trainyard.runner.address import Carrier, server_of
from trainyard.runner.layout import Folder, write_json
from trainyard.track import segments

if TYPE_CHECKING:
    from trainyard.track.shipper import Progress

__all__ = ["Shipping"]

_PERIOD = 0.5
"""Seconds between two looks at the spool while all goes well."""
_LOOK_SECONDS = 1.0
"""How often it is asked, in a pause after trouble, whether runs report elsewhere."""


class Shipping:
    """The runner's shipping: `begin` while the command runs, `finish` after its exit was written."""

    def __init__(self, folder: Folder, workload: dict[str, Any]) -> None:
        self._folder = folder
        self._workload = workload
        self._ending = threading.Event()
        self._begun = False
        self._thread: threading.Thread | None = None

    def _describe(self) -> None:
        """Leave in the spool what `yard sync` needs to ship it some day."""
        about = {name: self._workload.get(name) for name in ("project", "run", "attempt")}
        about["url"] = server_of(self._folder, self._workload)
        write_json(self._folder.spool / "run.json", {**about, "token_file": str(self._folder.token), "managed": True})

    def begin(self) -> None:
        """Describe the spool and ship it in the background from now on. May be called again."""
        if self._begun:
            return
        self._begun = True
        self._describe()
        if self._workload.get("url"):
            self._thread = threading.Thread(target=self._work, name="shipping", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        carrier = Carrier(self._folder, self._workload)
        while not self._ending.is_set():
            progress = carrier.ship()
            _pause(carrier, carrier.delay() if progress.error else _PERIOD, self._ending.wait, self._goes_on)
        carrier.close()

    def _goes_on(self) -> bool:
        return not self._ending.is_set()

    def finish(self, wait: Callable[[float], None], wanted: Callable[[], bool], *, patience: float = 3600.0) -> bool:
        """Ship until all is acknowledged, or there is nothing or nowhere to ship, and report the exit where the
        workload asks for it; False when that is refused, no longer `wanted`, or failed for `patience` seconds without a
        success. `wait` passes the seconds between two tries."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
        is_empty = not segments.writers(self._folder.spool)
        if not is_empty and not self._begun:
            self._describe()
        if not server_of(self._folder, self._workload):
            return True
        carrier = Carrier(self._folder, self._workload)
        patiently = partial(_repeat, carrier, wait=wait, wanted=wanted, patience=patience)
        is_shipped = is_empty or patiently(carrier.ship)
        is_reported = not self._workload.get("report_exit") or patiently(self._report(carrier))
        carrier.close()
        return is_shipped and is_reported

    def _report(self, carrier: Carrier) -> Callable[[], Progress]:
        return lambda: carrier.report_exit(self._folder.exit.read_bytes())


def _repeat(
    carrier: Carrier,
    step: Callable[[], Progress],
    *,
    wait: Callable[[float], None],
    wanted: Callable[[], bool],
    patience: float,
) -> bool:
    """Take a step again and again, until it is done; False when it is refused, no longer `wanted`, or failed for
    `patience` seconds without a success."""
    worked = time.monotonic()
    while wanted():
        progress = step()
        if not progress.pending or progress.fatal:
            return not progress.pending
        if not progress.error:
            worked = time.monotonic()
            continue
        if time.monotonic() - worked > patience:
            return False
        _pause(carrier, carrier.delay(), wait, wanted)
    return False


def _pause(carrier: Carrier, seconds: float, wait: Callable[[float], object], wanted: Callable[[], bool]) -> None:
    """Until `seconds` have passed, runs report elsewhere, or shipping is not `wanted` any more."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and wanted() and not carrier.moved:
        wait(min(left, _LOOK_SECONDS))
