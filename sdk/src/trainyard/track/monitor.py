"""What is recorded of a program that was started by hand beside what it records itself: its output and system metrics.

Both go to one writer of their own. Of a managed run the runner records them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from trainyard.track.capture import Capture
from trainyard.track.lazy_writer import LazyWriter
from trainyard.track.log_once import say
from trainyard.track.system import Sampler

__all__ = ["Monitor", "is_captured"]


def is_captured(environ: Mapping[str, str]) -> bool:
    """Whether output is kept where the program does not say."""
    return environ.get("TRAINYARD_CAPTURE", "1").lower() not in ("0", "false")


class Monitor:
    """Records this process for the run with the spool `root` until `stop`. A fork's child calls `forget`."""

    def __init__(self, run: str, root: Path, folder: str, *, capture: bool) -> None:
        self._writer = LazyWriter(root)
        self._capture = Capture(self._writer) if capture else None
        self._sampler = Sampler(run, os.getpid(), folder, self._writer, os.environ)

    def renew(self) -> None:
        """Keep the output on, where a notebook has put the streams back after a cell."""
        if self._capture is not None:
            self._capture.renew()

    def stop(self, trace: str = "") -> list[str]:
        """Record what is left, and no more. `trace` is the traceback of what ended the run. Returns the last lines of
        the output. Never raises."""
        self._sampler.stop()
        try:
            if self._capture is not None:
                self._capture.stop(trace)
            self._writer.close()
        except Exception as error:
            say("monitor", f"the end of the output could not be kept: {error}")
        return self._capture.last_lines if self._capture is not None else []

    def forget(self) -> None:
        """In a fork's child: let go without a trace."""
        self._writer.forget()
        if self._capture is not None:
            self._capture.forget()
