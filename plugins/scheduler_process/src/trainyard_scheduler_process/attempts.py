"""What the scheduler does to attempts' folders: submit, look, stop, release. Blocking; safe in several processes.

Everything that matters is in the folders (`docs/runner.md`), so these are functions of a folder, not of an instance.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from trainyard.runner import lock, proc, tombstone
from trainyard.runner.finish import End, bury, conclude, is_gone
from trainyard.runner.layout import Folder, fold, read_json, write_json, write_whole
from trainyard.runner.lock import Held
from trainyard_core.contracts.scheduler import Manifest
from trainyard_core.contracts.workload import AttemptRef, Exit, Observation, Phase

__all__ = ["Private", "attempts_in", "look", "release", "request_stop", "submit", "tidy"]

_RELEASE_SECONDS = 5.0


class Private(NamedTuple):
    """What only the runner may read: the run's token, and the values of secrets (`env` by variable, `files` by
    path)."""

    token: str
    secrets: dict[str, dict[str, str]]

    def __repr__(self) -> str:
        return "Private(...)"


def submit(folder: Folder, manifest: Manifest, private: Private, launch: Callable[[Folder], None]) -> None:
    """Write the folder and start its runner, unless the attempt was ever started, stopped or released."""
    if folder.tombstone.exists() or folder.lock.exists():
        return
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stop.exists():
        _never_start(folder)
        return
    if not folder.token.exists():
        write_whole(folder.token, private.token.encode())
    if not folder.workload.exists():
        if private.secrets:  # before the workload, without which no runner starts
            write_json(folder.secrets, private.secrets)
        write_json(folder.workload, manifest)
    launch(folder)


def look(folder: Folder) -> Observation | None:
    """What the folder tells now; a dead runner is buried first. None when it tells nothing, as while a submit is on its
    way. Raises OSError when it cannot be read."""
    ref = AttemptRef(folder.run, folder.attempt)
    if folder.tombstone.exists():
        return Observation(ref=ref, phase=Phase.GONE)
    held = lock.probe(folder)
    if held is Held.NEVER:
        if is_gone(folder):
            return Observation(ref=ref, phase=Phase.GONE, message="there is no trace of it on this machine")
        if not folder.stop.exists():
            return None
        _never_start(folder)
    ended = _exit_of(folder)
    if ended is None and held is not Held.LIVE:
        bury(folder)
        ended = _exit_of(folder)
    if ended is not None:
        return Observation(
            ref=ref,
            phase=Phase.EXITED,
            reason=ended.reason,
            message=ended.message,
            started_at=ended.started_at,
            exit=ended,
        )
    return _live(ref, folder)


def _live(ref: AttemptRef, folder: Folder) -> Observation:
    started = read_json(folder.started)
    if started is None:
        return Observation(ref=ref, phase=Phase.STARTING)
    detail = {"pid": started["pid"], "runner_pid": started["runner_pid"]}
    return Observation(ref=ref, phase=Phase.RUNNING, started_at=started["started_at"], detail=detail)


def _exit_of(folder: Folder) -> Exit | None:
    try:
        return msgspec.json.decode(folder.exit.read_bytes(), type=Exit)
    except FileNotFoundError:
        return None


def request_stop(folder: Folder, grace: float) -> None:
    """Leave the request and wake the runner. Before a submit it makes sure that nothing ever starts."""
    if folder.tombstone.exists() or folder.exit.exists():
        return
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_json(folder.stop, {"grace": grace})
    _never_start(folder)
    _wake(folder)


def _never_start(folder: Folder) -> None:
    """Take the lock ourselves, so that no runner ever will. Does nothing when somebody has it."""
    handle = lock.claim_for_nobody(folder)
    if handle is None:
        return
    try:
        conclude(folder, End(reason="user", message="Stopped before it started.", finished_at=time.time()))
    finally:
        os.close(handle)


def _wake(folder: Folder) -> None:
    """Have the runner look at its folder now; it does so every second anyway."""
    owner = lock.owner(folder)
    if owner is not None and owner.boot == proc.boot():
        proc.signal_same(owner.pid, owner.ticks, signal.SIGUSR1)


def release(folder: Folder) -> None:
    """Forget an ended attempt: a tombstone keeps it from ever starting again, its folder goes. Raises RuntimeError
    when the attempt has not ended, TimeoutError when its runner does not let go."""
    bury(folder)
    held = lock.probe(folder)
    if held is Held.LIVE and not folder.exit.exists():
        raise RuntimeError(f"{folder.run}/{folder.attempt} still runs: stop it before it is released")
    if not folder.path.exists():
        _drop_empty(folder)  # a removal that was interrupted may have got this far
        return
    tombstone.entomb(folder)
    _wake(folder)
    _await_runner(folder)
    _remove(folder)


def _await_runner(folder: Folder) -> None:
    """Until the runner, which only ships by now, has seen the tombstone and ended."""
    deadline = time.monotonic() + _RELEASE_SECONDS
    while lock.probe(folder) is Held.LIVE:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the runner of {folder.run}/{folder.attempt} is still sending; release it later")
        time.sleep(0.01)


def _remove(folder: Folder) -> None:
    """Take the folder out of sight in one step, then delete it; what an interrupted removal leaves is `tidy`'s."""
    rubbish = folder.tombstone.with_name(f"{folder.tombstone.name}.{time.time_ns()}.rubbish")
    try:
        folder.path.rename(rubbish)
    except FileNotFoundError:
        return
    discard(Folder(rubbish))
    _drop_empty(folder)


def _drop_empty(folder: Folder) -> None:
    """Remove the run's folder once no attempt of it is held."""
    with contextlib.suppress(OSError):
        folder.path.parent.rmdir()


def discard(folder: Folder) -> None:
    """Delete what lies there: by name what every attempt has, which is all that most have, and then the rest."""
    files = (folder.workload, folder.token, folder.lock, folder.started, folder.exit, folder.log)
    for path in (*files, folder.spool / "run.json", folder.spool / "settle.lock"):
        with contextlib.suppress(OSError):
            path.unlink()
    try:
        for path in (folder.spool, folder.outputs, folder.artifacts, folder.code):
            with contextlib.suppress(FileNotFoundError):
                path.rmdir()
        folder.path.rmdir()
    except OSError:
        shutil.rmtree(folder.path, ignore_errors=True)


def tidy(root: Path) -> None:
    """Drop tombstones that no late submit can ask about any more, and rubbish of interrupted removals."""
    tombstone.expire(root)
    for path in (root / ".released").glob("*.rubbish"):
        shutil.rmtree(path, ignore_errors=True)  # whoever releases it deletes it beside us


def attempts_in(root: Path) -> Iterator[Folder]:
    """Every attempt that a folder is kept for."""
    for run in _folders(root):
        for attempt in _folders(run):
            try:
                folder = fold(root, run.name, int(attempt.name))
            except ValueError:
                continue  # not ours: somebody put a folder there
            yield folder


def _folders(path: Path) -> list[Path]:
    return [entry for entry in _entries(path) if entry.is_dir() and not entry.is_symlink()]


def _entries(path: Path) -> list[Path]:
    try:
        return list(path.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
