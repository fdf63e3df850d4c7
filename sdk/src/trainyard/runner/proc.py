"""What Linux tells of processes, and how one is signalled without ever hitting a stranger.

A process is named by pid, start ticks (field 22 of `/proc/PID/stat`) and boot: a pid alone may be somebody else's
by now. Signals go through a pidfd that is opened first and checked after.
"""

from __future__ import annotations

import ctypes
import functools
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = [
    "Process",
    "adopt_orphans",
    "boot",
    "descendants",
    "die_with_parent",
    "every",
    "look",
    "marked",
    "own_ticks",
    "signal_same",
]

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


class Process(NamedTuple):
    """One process at one moment. `ticks` is when it started, in clock ticks since boot."""

    pid: int
    state: str
    parent: int
    group: int
    session: int
    ticks: int

    @property
    def dead(self) -> bool:
        """Ended, though nobody may have asked for its status yet."""
        return self.state in "ZX"


def look(pid: int) -> Process | None:
    """The process of this id; None when there is none."""
    try:
        handle = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        stat = os.read(handle, 4096)
    except ProcessLookupError:
        return None
    finally:
        os.close(handle)
    fields = stat[stat.rindex(b")") + 2 :].split()
    return Process(pid, fields[0].decode(), int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))


def own_ticks() -> int:
    """When this process started."""
    return _ticks_of(os.getpid())


@functools.cache
def _ticks_of(pid: int) -> int:
    me = look(pid)
    return me.ticks if me else 0


def every() -> Iterator[Process]:
    """All processes that can be seen."""
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and (process := look(int(entry.name))) is not None:
            yield process


def descendants(pid: int) -> list[Process]:
    """Children of `pid`, their children and so on, the dead left out."""
    children: dict[int, list[Process]] = {}
    for process in every():
        children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    parents = [pid]
    while parents:
        born = children.pop(parents.pop(), [])
        found += born
        parents += [process.pid for process in born]
    return [process for process in found if not process.dead]


def marked(entry: str) -> list[Process]:
    """Processes with `NAME=value` in the environment that they were started with, the dead left out."""
    wanted = entry.encode()
    return [process for process in every() if not process.dead and wanted in _environment(process.pid)]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return []


@functools.cache
def boot() -> str:
    """Names this boot of this machine: pids and ticks mean nothing in another one."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def signal_same(pid: int, ticks: int, number: signal.Signals) -> bool:
    """Signal the process `pid` if it is the one that started at `ticks`. False when it is gone or another's."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        now = look(pid)
        if now is None or now.dead or now.ticks != ticks:
            return False
        signal.pidfd_send_signal(handle, number)
    except (ProcessLookupError, PermissionError):
        return False
    finally:
        os.close(handle)
    return True


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when the thread of `parent` that forked it ends. Ends it now when it has."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Make this process the parent of every descendant whose own parent ends."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")
