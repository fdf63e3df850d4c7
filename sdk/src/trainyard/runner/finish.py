"""The end of an attempt on disk: outputs staged, the spool settled, `exit.json` written by rename.

`conclude` is the runner's own end; `bury` is what a scheduler does for a runner that died. Whoever holds the lock
may write the exit, so there is one and it never changes.
"""

from __future__ import annotations

import os
import select
import signal
import time
from pathlib import Path
from typing import Any, NamedTuple

from trainyard.runner import failpoints, lock, mounts, proc
from trainyard.runner.environ import mark_of
from trainyard.runner.layout import Folder, read_json, write_json
from trainyard.track import files, spool
from trainyard.track.frames import Kind, pack_events
from trainyard.track.omissions import omission

__all__ = ["End", "bury", "conclude", "is_gone", "kill_leftovers"]

_KILL_SECONDS = 5.0


class End(NamedTuple):
    """What `exit.json` says of the end, its `writers` excepted: see `docs/runner.md`."""

    code: int | None = None
    signal: int | None = None
    reason: str = ""
    message: str = ""
    started_at: float | None = None
    finished_at: float | None = None
    last_lines: tuple[str, ...] = ()
    retryable: bool = False


def conclude(folder: Folder, end: End) -> None:
    """Stage outputs, settle the spool and write the exit. Called by whoever holds the lock; does nothing when there
    is an exit already."""
    if folder.exit.exists():
        return
    mounts.remove(folder)
    _stage_outputs(folder)
    failpoints.point("runner.settle")
    writers = spool.settle(folder.spool) if folder.spool.is_dir() else {}
    failpoints.point("runner.exit")
    write_json(folder.exit, {**end._asdict(), "writers": writers}, durable=True)
    failpoints.point("runner.exited")


def _stage_outputs(folder: Folder) -> None:
    """Every regular file below `outputs/` becomes an artifact `outputs/...`, unless the program logged it as it is.
    What could not be kept is told by name, in an event of the run."""
    found = [*files.listed(folder.outputs, "outputs")] if folder.outputs.is_dir() else []
    if not found:
        return
    noted = files.noted(folder.spool)
    writer = spool.SpoolWriter(folder.spool)
    try:
        for name, path in found:
            kind, digest = noted.get(name, ("file", ""))
            event = _staged(folder, name, path, kind)
            if event.get("digest") != digest or not digest:
                writer.append(Kind.EVENTS, pack_events([event]))
    finally:
        writer.close()


def _staged(folder: Folder, name: str, path: Path | files.NoFile, kind: str) -> dict[str, Any]:
    """The event that announces a file, or that tells why it is left out."""
    try:
        if isinstance(path, files.NoFile):
            raise path
        return files.stage(folder.spool, path, name, kind, link=True)
    except (OSError, ValueError) as error:
        return omission(name, "", str(error))


def bury(folder: Folder) -> bool:
    """Finish the attempt of a dead runner: kill what it left running and write the exit. False when the runner
    lives, never was, or another scheduler is at it. Idempotent; safe in several processes at once."""
    handle = lock.seize(folder)
    if handle is None:
        return False
    try:
        if not folder.exit.exists():
            kill_leftovers(folder)
            conclude(folder, _lost(folder))
    finally:
        os.close(handle)
    return True


def _lost(folder: Folder) -> End:
    started = _started(folder)
    if started is not None:
        message = "The runner died before it could tell how the command ended; the command was killed with it."
        return End(None, None, "lost", message, started.get("started_at"), time.time(), retryable=True)
    if folder.stop.exists():
        return End(reason="user", message="Stopped before it started.", finished_at=time.time())
    message = "The runner died before it started the command."
    return End(reason="lost", message=message, finished_at=time.time(), retryable=True)


def _started(folder: Folder) -> dict[str, Any] | None:
    """What `started.json` says; empty when a power loss left the name without the bytes, None without a file."""
    try:
        return read_json(folder.started)
    except ValueError:
        return {}


def is_gone(folder: Folder) -> bool:
    """Whether nothing is left of an attempt: no folder, no tombstone, and no process. Raises OSError when that cannot
    be told: what cannot be read is not gone."""
    for path in (folder.tombstone, folder.path):
        try:
            path.lstat()
        except FileNotFoundError:
            continue
        return False
    folder.root.lstat()  # without it nobody can tell what was in it
    return not proc.marked(mark_of(folder))


def kill_leftovers(folder: Folder) -> None:
    """Kill every process of the attempt, by its mark in the environment and by its group. Raises TimeoutError when
    one survives: then nothing may be said of the attempt yet."""
    deadline = time.monotonic() + _KILL_SECONDS
    while left := _leftovers(folder):
        for process in left:
            proc.signal_same(process.pid, process.ticks, signal.SIGKILL)
        _await_end(left[0].pid)
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {left[0].pid} of {folder.run}/{folder.attempt} does not die of KILL")


def _leftovers(folder: Folder) -> list[proc.Process]:
    """Live processes of the attempt. The group counts only while its leader is the process that was started: a pid
    of a past leader may be a stranger's by now."""
    found = {process.pid: process for process in proc.marked(mark_of(folder))}
    started = _started(folder)
    if started is not None and started.get("boot") == proc.boot():
        leader = proc.look(started["pid"])
        if leader is not None and leader.ticks == started["start_ticks"]:
            members = (process for process in proc.every() if process.session == leader.pid and not process.dead)
            found |= {process.pid: process for process in members}
    found.pop(os.getpid(), None)
    return list(found.values())


def _await_end(pid: int) -> None:
    """Wait for the end of a process that was killed, at most a second."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return
    try:
        select.select([handle], [], [], 1.0)
    finally:
        os.close(handle)
