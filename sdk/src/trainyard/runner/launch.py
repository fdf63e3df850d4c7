"""Starts a command so that no crash leaves one that nobody knows of.

The child waits at a gate until `started.json` is on disk, so a folder without that file never ran its command. The
child dies with the runner (PDEATHSIG), leads its own session, and holds no descriptor of the runner.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from shutil import which
from typing import NamedTuple

from trainyard.runner import failpoints, proc
from trainyard.runner.signals import CHANGED

__all__ = ["Launched", "StartFailed", "launch"]

_INHERITED = frozenset(
    number
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
    if signal.getsignal(number) is not signal.SIG_DFL
)
"""What our starter, or Python, had changed when this module was loaded: once in the fork server, for all runners."""
_RESET = _INHERITED.union(CHANGED)


class StartFailed(Exception):
    """The command could not be started. `str()` says why, and what to change."""


class Launched(NamedTuple):
    """A started command and the read ends of its output."""

    pid: int
    stdout: int
    stderr: int


def launch(argv: Sequence[str], env: Mapping[str, str], cwd: Path, *, record: Callable[[int], None]) -> Launched:
    """Start `argv` in `cwd`. `record` is called with its pid before the command may run. Raises StartFailed."""
    _check(argv, env, cwd)
    out, err, gate, report = os.pipe(), os.pipe(), os.pipe(), os.pipe()
    failpoints.point("runner.fork")
    runner = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(argv, env, cwd, runner=runner, out=out[1], err=err[1], gate=gate, report=report[1])
    for handle in (out[1], err[1], gate[0], report[1]):
        os.close(handle)
    try:
        failpoints.point("runner.record")
        record(pid)
        failpoints.point("runner.recorded")
        os.write(gate[1], b"g")
    finally:
        os.close(gate[1])
    trouble = _read_all(report[0])
    failpoints.point("runner.executed")
    if trouble:
        os.waitpid(pid, 0)
        os.close(out[0])
        os.close(err[0])
        raise StartFailed(trouble)
    return Launched(pid, out[0], err[0])


def _check(argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
    if not argv or not argv[0]:
        raise StartFailed("the container has no command: give `container.command`")
    if any("\0" in word for word in [*argv, *env, *env.values()]):
        raise StartFailed("a NUL character in the command, its arguments or its environment: remove it")
    if not cwd.is_dir():
        raise StartFailed(f"the working directory {str(cwd)!r} is no folder: correct `workingDir`")


def _become(
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: Path,
    *,
    runner: int,
    out: int,
    err: int,
    gate: tuple[int, int],
    report: int,
) -> None:
    """In the child: turn into the command. Never returns."""
    try:
        os.setsid()
        proc.die_with_parent(runner)
        _own_signals()
        _own_streams(out, err)
        os.close(gate[1])
        os.chdir(cwd)
        if os.read(gate[0], 1) == b"g":
            os.execvpe(argv[0], list(argv), dict(env))  # noqa: S606 - the command is what the user asked for
    except OSError as error:
        os.write(report, _why(argv[0], env, error).encode("utf-8", "replace"))
    finally:
        os._exit(127)


def _own_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in _RESET:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _own_streams(out: int, err: int) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(err, 2)


def _why(program: str, env: Mapping[str, str], error: OSError) -> str:
    if "/" not in program and which(program, os.F_OK, env.get("PATH", "")) is None:
        return f"no program {program!r} on PATH ({env.get('PATH', '')}): install it, or give its whole path"
    if isinstance(error, FileNotFoundError):
        return f"no program {program!r}, or the interpreter in its first line is missing"
    if isinstance(error, PermissionError):
        return f"{program!r} may not be executed: set its executable bit, or call it by its interpreter"
    return f"cannot start {program!r}: {error.strerror}"


def _read_all(handle: int) -> str:
    with open(handle, "rb") as file:
        return file.read().decode("utf-8", "replace")
