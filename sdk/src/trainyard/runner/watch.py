"""From the command's start to the last of its processes: reads output, reaps, obeys `stop`, kills what stays behind.

One loop, woken by output, signals and the nearest deadline; the slowest look at `stop` is once a second. The runner
is a subreaper, so every process that the command leaves behind becomes its child, and "no child left" is exact.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from trainyard.runner import proc
from trainyard.runner.launch import Launched
from trainyard.runner.layout import Folder, read_json
from trainyard.runner.signals import Bell
from trainyard.track.output import Pump, micros

__all__ = ["LINGER_SECONDS", "Ended", "Moments", "Sidecar", "Watch"]

LINGER_SECONDS = 1.0
"""How long processes that outlive the command may go on."""
SIDECAR_SECONDS = 5.0
"""How long sidecars may take to end once they are asked to."""
_SLOW_LOOK = 1.0
_KILL_AGAIN = 0.05
_GIVE_UP = 10.0
_CUT_OFF = 1.0
_RUNNING = 0.02
_SETTLED = 0.5
_CHUNK = 64 * 1024


class Ended(NamedTuple):
    """How the command ended: its wait status, whether we had sent it a KILL, and whether it had been asked to stop."""

    status: int
    finished_at: float
    killed: bool
    stopped: bool


class Sidecar(NamedTuple):
    """A started sidecar, and what takes its output."""

    started: Launched
    pump: Pump


class Moments(NamedTuple):
    """What is called once the command has run for 20 ms, and about half a second: a command that ends sooner is told
    of, and shipped, at its end only."""

    running: Callable[[], None]
    settled: Callable[[], None]


class Watch:
    """Supervises one started command. `grace` holds when no `stop` file states another. Sidecars are asked to end when
    the command has."""

    def __init__(
        self,
        folder: Folder,
        started: Launched,
        pump: Pump,
        bell: Bell,
        moments: Moments,
        *,
        grace: float,
        sidecars: Sequence[Sidecar] = (),
    ) -> None:
        self._folder = folder
        self._pid = started.pid
        self._sidecars = frozenset(each.started.pid for each in sidecars)
        self._streams: dict[int, tuple[Pump, int]] = {}
        for launched, to in ((started, pump), *sidecars):
            self._streams |= {launched.stdout: (to, 1), launched.stderr: (to, 2)}
        self._pumps = (pump, *(each.pump for each in sidecars))
        self._bell = bell
        self._moments = moments
        self._grace = grace
        self._ended: Ended | None = None
        self._alone = False
        self._stopped = False
        self._kill_at: float | None = None
        self._first_kill: float | None = None
        self._cut_at: float | None = None
        self._look_at = 0.0
        self._tell_at: float | None = time.monotonic() + _RUNNING
        self._settle_at = time.monotonic() + _SETTLED
        self._stop_seen: tuple[int, int] | None = None

    def run(self) -> Ended:
        """Until nothing of the command is left and its output has ended."""
        while not self._over():
            self._wait()
            self._reap()
            self._tell()
            self._obey()
            self._enforce()
            for pump in self._pumps:
                pump.tick()
        for stream in list(self._streams):
            self._close(stream)
        for pump in self._pumps:
            pump.finish()
        assert self._ended is not None
        return self._ended

    def _over(self) -> bool:
        """Whether no process is left (or the rest cannot be killed) and no output is to be expected."""
        if self._ended is None:
            return False
        now = time.monotonic()
        gone = self._alone or (self._first_kill is not None and now > self._first_kill + _GIVE_UP)
        if gone and self._streams and self._cut_at is None:
            self._cut_at = now + _CUT_OFF
        return gone and (not self._streams or now >= (self._cut_at or now))

    def _wait(self) -> None:
        bell = self._bell.fileno()
        ready, _, _ = select.select([bell, *self._streams], [], [], self._timeout())
        if bell in ready:
            self._bell.clear()
            self._look_at = 0.0
        for stream in ready:
            if stream != bell:
                self._read(stream)

    def _timeout(self) -> float:
        now = time.monotonic()
        telling = self._tell_at if self._ended is None else None
        times = [now + _SLOW_LOOK, telling, self._cut_at, *(pump.due for pump in self._pumps)]
        if self._first_kill is not None and not self._alone:
            times.append(now + _KILL_AGAIN)
        elif not self._alone:
            times.append(self._kill_at)
        return max(0.0, min(at for at in times if at is not None) - now)

    def _read(self, stream: int) -> None:
        data = os.read(stream, _CHUNK)
        if data:
            pump, number = self._streams[stream]
            pump.feed(number, data, micros())
        else:
            self._close(stream)

    def _close(self, stream: int) -> None:
        os.close(stream)
        del self._streams[stream]

    def _reap(self) -> None:
        """Collect every child that ended: the command, and strays that became ours."""
        while not self._alone:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self._alone = True
                return
            if pid == 0:
                return
            if pid == self._pid:
                self._main_ended(status)

    def _main_ended(self, status: int) -> None:
        self._ended = Ended(status, time.time(), killed=self._first_kill is not None, stopped=self._stopped)
        if self._sidecars:
            self._signal_sidecars()
        if not self._stopped:
            self._kill_at = time.monotonic() + (SIDECAR_SECONDS if self._sidecars else LINGER_SECONDS)

    def _tell(self) -> None:
        """Once: that it runs."""
        if self._tell_at is not None and self._ended is None and time.monotonic() >= self._tell_at:
            self._tell_at = None
            self._moments.running()

    def _obey(self) -> None:
        """Look for a request to stop, and for a shorter grace of a later one."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _SLOW_LOOK
        if now >= self._settle_at:
            self._moments.settled()
        grace = self._wanted_grace()
        if grace is None:
            return
        self._kill_at = now + grace if self._kill_at is None else min(self._kill_at, now + grace)
        if not self._stopped:
            self._stopped = True
            self._signal_all(signal.SIGTERM)

    def _wanted_grace(self) -> float | None:
        """The grace of a request that was not yet obeyed; None when there is none."""
        try:
            stat = self._folder.stop.stat()
        except OSError:
            return self._grace if self._bell.terminated and not self._stopped else None
        if (stat.st_ino, stat.st_mtime_ns) == self._stop_seen:
            return None
        self._stop_seen = (stat.st_ino, stat.st_mtime_ns)
        return grace_of(self._folder, self._grace)

    def _enforce(self) -> None:
        """Past the deadline: KILL whatever is left, again and again."""
        if self._alone or self._kill_at is None or time.monotonic() < self._kill_at:
            return
        if self._first_kill is None:
            self._first_kill = time.monotonic()
        self._signal_all(signal.SIGKILL)

    def _signal_all(self, number: signal.Signals) -> None:
        """The command's group in one call, then whoever left the group: nobody is signalled twice. While the command
        runs, its sidecars are left alone."""
        if self._ended is None:
            os.killpg(self._pid, number)
        for process in proc.descendants(os.getpid()):
            if self._ended is not None or (process.group != self._pid and process.session not in self._sidecars):
                proc.signal_same(process.pid, process.ticks, number)

    def _signal_sidecars(self) -> None:
        for process in proc.descendants(os.getpid()):
            if process.session in self._sidecars:
                proc.signal_same(process.pid, process.ticks, signal.SIGTERM)


def grace_of(folder: Folder, default: float) -> float:
    """The grace that a `stop` file asks for, in seconds; `default` when it says nothing readable."""
    try:
        grace = float((read_json(folder.stop) or {}).get("grace", default))
    except (ValueError, TypeError):
        return default
    return max(0.0, grace)
