"""System metrics of a run: what its processes and their machine use, one sample every few seconds, as metrics below
`system/`.

They are frames of a writer of their own, so they move neither the steps of the program's metrics nor their counter. The
step of a sample is the number of seconds since the run was made (its id tells), so that what a later attempt records
follows what an earlier one did. A program that ends before the first sample has none.
"""

from __future__ import annotations

import shutil
import threading
import time
from array import array
from collections.abc import Mapping

from trainyard.names import SYSTEM_METRICS
from trainyard.track import frames, thread
from trainyard.track.frames import Block, Kind
from trainyard.track.gpu import Gpus
from trainyard.track.log_once import say
from trainyard.track.machine import Reading, reader
from trainyard.track.output import Writer

__all__ = ["PERIOD", "Sampler", "metrics_of", "period_of", "step_of"]

PERIOD = 10.0
"""Seconds between two samples."""
_LEAST = 0.1
_EARLY = 0.5
"""Seconds until the first reading, and from there until the first sample: a program that ends sooner does not pay."""


def period_of(environ: Mapping[str, str]) -> float:
    """Seconds between two samples by TRAINYARD_SYSTEM_PERIOD; 0 turns them off."""
    text = environ.get("TRAINYARD_SYSTEM_PERIOD", "")
    try:
        period = float(text or PERIOD)
    except ValueError:
        say("system", f"TRAINYARD_SYSTEM_PERIOD={text!r} is not a number of seconds; {PERIOD:g} is used")
        return PERIOD
    return 0.0 if period <= 0 else max(_LEAST, period)


def step_of(run: str, at: float) -> int:
    """Seconds from when a run was made until `at` (seconds since 1970); those since 1970 for an id that has no time."""
    is_timed = len(run) == 36 and run[14] == "7"
    return max(0, int(at - int(run[:8] + run[9:13], 16) / 1000)) if is_timed else int(at)


def metrics_of(before: Reading, now: Reading) -> dict[str, float]:
    """Two readings as metrics: percent of all cores and of memory, bytes, and bytes a second. `process/cpu` is percent
    of one core."""
    seconds = max(now.at - before.at, 1e-9)

    def rate(old: float, new: float) -> float:
        return max(0.0, new - old) / seconds

    return {
        "cpu": 100 * min(1.0, (now.cpu_busy - before.cpu_busy) / max(now.cpu_all - before.cpu_all, 1e-9)),
        "memory": 100 * now.memory_used / now.memory_all,
        "memory_used": float(now.memory_used),
        "disk_read": rate(before.disk_read, now.disk_read),
        "disk_written": rate(before.disk_written, now.disk_written),
        "network_sent": rate(before.network_sent, now.network_sent),
        "network_received": rate(before.network_received, now.network_received),
        "process/cpu": 100 * rate(before.tree.cpu, now.tree.cpu),
        "process/memory": float(now.tree.memory),
        "process/count": float(now.tree.processes),
    }


class Sampler:
    """Samples from a thread of its own until `stop`: the tree of process `pid`, and the machine. `environ` is that of
    the program."""

    def __init__(self, run: str, pid: int, folder: str, writer: Writer, environ: Mapping[str, str]) -> None:
        self._run, self._pid, self._folder, self._writer = run, pid, folder, writer
        self._period = period_of(environ)
        self._gpus = Gpus(environ.get("CUDA_VISIBLE_DEVICES"))
        self._stopping = threading.Event()
        self._read = reader() if self._period else None
        if self._read is not None:
            self._thread = thread.start(self._work, "trainyard-system")

    def stop(self) -> None:
        """Sample no more. Does not wait."""
        self._stopping.set()

    def _work(self) -> None:
        try:
            assert self._read is not None
            early = min(_EARLY, self._period)
            if self._stopping.wait(early):
                return
            before, period = self._read(self._pid), early
            while not self._stopping.wait(period):
                now = self._read(self._pid)
                self._record({**metrics_of(before, now), **self._disk(), **self._gpus.read()})
                before, period = now, self._period
        except Exception as error:
            say("system", f"no more system metrics: {error}")

    def _disk(self) -> dict[str, float]:
        """How full the disk is on which the program works."""
        try:
            usage = shutil.disk_usage(self._folder)
        except OSError:
            return {}
        return {"disk": 100 * usage.used / usage.total} if usage.total else {}

    def _record(self, values: Mapping[str, float]) -> None:
        at = time.time()
        names = tuple(SYSTEM_METRICS + name for name in values)
        columns = [array("d", [value]) for value in values.values()]
        block = Block(names, array("q", [step_of(self._run, at)]), array("q", [int(at * 1e6)]), columns)
        if not self._stopping.is_set():
            self._writer.append(Kind.METRICS, frames.pack_metrics([block]))
