"""The runner's named fault points, and a way for a test to kill a runner at one of them from outside.

`TRAINYARD_RUNNER_FAULT=<point>:<file>` kills the process with SIGKILL the first time that it reaches the point, be it
one of these or one of the spool's: the file is created exclusively, so that a second process goes on.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path

from trainyard.track import failpoints
from trainyard.track.failpoints import point

__all__ = ["POINTS", "VARIABLE", "arm", "point"]

VARIABLE = "TRAINYARD_RUNNER_FAULT"

POINTS = (
    "runner.lock",
    "runner.locked",
    "runner.fork",
    "runner.record",
    "runner.recorded",
    "runner.executed",
    "runner.ended",
    "runner.settle",
    "runner.exit",
    "runner.exited",
    "runner.ship",
)
"""Every point of a life, in the order in which a runner meets them."""


def arm(environ: Mapping[str, str]) -> None:
    """Die at the point that the environment names, if it names one."""
    wanted, _, marker = environ.get(VARIABLE, "").partition(":")
    if wanted:
        failpoints.install(lambda name: _die(Path(marker)) if name == wanted else None)


def _die(marker: Path) -> None:
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
