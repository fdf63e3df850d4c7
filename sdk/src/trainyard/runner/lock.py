"""At most one start, ever: the file `lock` of an attempt.

It appears once, already locked: it is written and flock'ed under another name and then *linked* to `lock`, which
fails when the name exists. So the name says that somebody was allowed to start the attempt, and the flock says that
this somebody lives. It is never removed while the attempt could be started again.
"""

from __future__ import annotations

import fcntl
import json
import os
from enum import Enum
from typing import NamedTuple

from trainyard.runner import proc
from trainyard.runner.layout import Folder, read_json, sync_folder

__all__ = ["Held", "Owner", "claim", "claim_for_nobody", "owner", "probe", "seize"]


class Held(Enum):
    """How the lock stands: nobody ever took it, its owner lives, its owner is dead."""

    NEVER = "never"
    LIVE = "live"
    DEAD = "dead"


class Owner(NamedTuple):
    """The runner that took the lock."""

    pid: int
    ticks: int
    boot: str


def claim(folder: Folder) -> int | None:
    """Take the lock that nobody took before, as the attempt's runner; the answer is a file descriptor to keep open
    for life. None when it was taken already, whoever has it."""
    return _take(folder, {"runner_pid": os.getpid(), "start_ticks": proc.own_ticks(), "boot": proc.boot()})


def claim_for_nobody(folder: Folder) -> int | None:
    """Like `claim`, to make sure that no runner ever starts this attempt. Close the descriptor when its exit is
    written."""
    return _take(folder, {})


def _take(folder: Folder, identity: dict[str, int | str]) -> int | None:
    temporary = folder.path / f".lock.{os.urandom(6).hex()}"
    handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        os.write(handle, json.dumps(identity).encode())
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.link(temporary, folder.lock)
    except FileExistsError:
        os.close(handle)
        return None
    except BaseException:
        os.close(handle)
        raise
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(folder.path)
    return handle


def probe(folder: Folder) -> Held:
    """How the lock stands now. Many may ask at once."""
    try:
        handle = os.open(folder.lock, os.O_RDONLY)
    except FileNotFoundError:
        return Held.NEVER
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return Held.LIVE
    finally:
        os.close(handle)
    return Held.DEAD


def seize(folder: Folder) -> int | None:
    """Hold the lock of a dead owner, to tidy up after it; None when somebody holds it, or nobody ever did."""
    try:
        handle = os.open(folder.lock, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def owner(folder: Folder) -> Owner | None:
    """The runner that took the lock; None when none did, or a power loss left the name without the bytes."""
    try:
        content = read_json(folder.lock)
    except ValueError:
        return None
    return Owner(content["runner_pid"], content["start_ticks"], content["boot"]) if content else None
