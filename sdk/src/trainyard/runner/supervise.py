"""One attempt from claim to the last acknowledged frame: the runner's main line.

Each step is a module's; their order, and what is on disk after each, is decided here and told in `docs/runner.md`.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from trainyard.runner import checkout, failpoints, finish, lock, mounts, oom, proc
from trainyard.runner.containers import Place, kill_sidecars, run_steps, start_sidecars
from trainyard.runner.environ import MOST_PARAMS, argv_of, environment_of, params_of
from trainyard.runner.finish import End
from trainyard.runner.launch import Launched, StartFailed, launch
from trainyard.runner.layout import Folder, read_json, write_json, write_whole
from trainyard.runner.monitor import Command, Monitor
from trainyard.runner.notify import notify
from trainyard.runner.shipping import Shipping
from trainyard.runner.signals import Bell
from trainyard.runner.watch import Ended, Moments, Sidecar, Watch
from trainyard.track.lazy_writer import LazyWriter
from trainyard.track.output import Pump

__all__ = ["supervise"]

_log = logging.getLogger(__name__)

_STOPPED = End(reason="user", message="Stopped before it started.")


def supervise(folder: Folder, claimed: Callable[[], None]) -> None:
    """Run the attempt, unless it was started before. `claimed` is called once the lock is ours and on disk."""
    bell = Bell()
    proc.adopt_orphans()
    failpoints.point("runner.lock")
    handle = lock.claim(folder)
    if handle is None:
        return
    failpoints.point("runner.locked")
    claimed()
    if folder.tombstone.exists():
        return
    _Attempt(folder, bell).run()


class _Attempt:
    """What the steps of one attempt share."""

    def __init__(self, folder: Folder, bell: Bell) -> None:
        self._folder = folder
        self._bell = bell
        self._workload: dict[str, Any] = read_json(folder.workload) or {}
        self._shipping = Shipping(folder, self._workload)
        self._started_at: float | None = None
        self._sidecars: Sequence[Sidecar] = ()
        self._command: Command

    def run(self) -> None:
        end = self._end()
        _log.info("ended: code %s, signal %s, reason '%s'", end.code, end.signal, end.reason)
        finish.conclude(self._folder, end._replace(finished_at=end.finished_at or time.time()))
        notify(self._folder)
        failpoints.point("runner.ship")
        delivered = self._shipping.finish(self._bell.wait, self._wanted)
        _log.info("everything is delivered" if delivered else "some of it was not delivered; it stays in the spool")

    def _end(self) -> End:
        """Start the command and see it to its end."""
        oom_kills = oom.kills()
        writer = LazyWriter(self._folder.spool)
        try:
            started = self._start(writer)
        except StartFailed as error:
            writer.close()
            return _STOPPED if self._stopped() else End(reason="start_failed", message=str(error))
        if started is None:
            writer.close()
            return _STOPPED
        pump = Pump(writer, self._shipping.begin)
        monitor = Monitor(self._command, started.pid, writer)
        ended = self._see(started, pump, self._sidecars)
        monitor.stop()
        writer.close()
        failpoints.point("runner.ended")
        return self._told(ended, tuple(pump.last_lines), oom_kills)

    def _see(self, started: Launched, pump: Pump, sidecars: Sequence[Sidecar] = ()) -> Ended:
        """Supervise a program to its end."""
        grace = float(self._workload.get("grace") or 0.0)
        moments = Moments(running=lambda: notify(self._folder), settled=self._shipping.begin)
        return Watch(self._folder, started, pump, self._bell, moments, grace=grace, sidecars=sidecars).run()

    def _start(self, writer: LazyWriter) -> Launched | None:
        """None when it was stopped first. Raises StartFailed."""
        if not self._workload:
            raise StartFailed(f"there is no {self._folder.workload}: write it before the runner is started")
        for path in (self._folder.spool, self._folder.outputs, self._folder.artifacts):
            path.mkdir(exist_ok=True)
        if len(params := params_of(self._workload)) > MOST_PARAMS:
            write_whole(self._folder.params, params.encode())
        env = environment_of(self._workload, self._folder, os.environ, mounts.prepare(self._workload, self._folder))
        code = self._workload.get("code") or {}
        if code.get("kind") == "git":
            notify(self._folder)  # it may take a while
        top = checkout.prepare(code, self._folder.code, env, stopped=self._stopped)
        place = Place(self._workload, self._folder, top, env)
        if not run_steps(place, lambda name: Pump(writer, self._shipping.begin, label=name), self._see):
            return None
        if self._stopped():
            return None
        self._sidecars = start_sidecars(place, writer, self._shipping.begin)
        cwd = Path(top, str(self._workload.get("working_dir") or "."))
        argv = argv_of(self._workload, self._folder)
        self._command = Command(self._workload, argv, top, cwd, env)
        try:
            return launch(argv, env, cwd, record=self._record)
        except StartFailed:
            kill_sidecars(self._sidecars)
            raise

    def _record(self, pid: int) -> None:
        command = proc.look(pid)
        self._started_at = time.time()
        _log.info("the command is process %d", pid)
        started = {
            "runner_pid": os.getpid(),
            "runner_start_ticks": proc.own_ticks(),
            "pid": pid,
            "pgid": pid,
            "start_ticks": command.ticks if command else 0,
            "boot": proc.boot(),
            "started_at": self._started_at,
        }
        write_json(self._folder.started, started)

    def _stopped(self) -> bool:
        return self._bell.terminated or self._folder.stop.exists()

    def _wanted(self) -> bool:
        """Whether anybody still waits for what is not shipped yet."""
        return self._folder.exit.exists() and not self._folder.tombstone.exists()

    def _told(self, ended: Ended, last_lines: tuple[str, ...], oom_kills: int) -> End:
        code, number = _code_and_signal(ended.status)
        end = End(code, number, "", "", self._started_at, ended.finished_at, last_lines)
        if ended.stopped:
            return self._told_stopped(end)
        if not ended.killed and (number == 9 or code == 137) and oom.kills() > oom_kills:
            return end._replace(reason="oom_killed", message="The kernel killed it: out of memory. Ask for more.")
        return end

    def _told_stopped(self, end: End) -> End:
        if self._folder.stop.exists():
            return end._replace(reason="user")
        return end._replace(reason="preempted", message="This machine asked the runner to end.", retryable=True)


def _code_and_signal(status: int) -> tuple[int | None, int | None]:
    code = os.waitstatus_to_exitcode(status)
    return (None, -code) if code < 0 else (code, None)
