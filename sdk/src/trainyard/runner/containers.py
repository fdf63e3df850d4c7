"""The programs beside the command: init steps, one after the other before it, and sidecars beside it."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from trainyard.runner.environ import argv_of, container_environment
from trainyard.runner.launch import Launched, StartFailed, launch
from trainyard.runner.layout import Folder
from trainyard.runner.watch import Ended, Sidecar
from trainyard.track.output import Pump, Writer

__all__ = ["Place", "kill_sidecars", "run_steps", "start_sidecars"]


class Place(NamedTuple):
    """Where the programs of an attempt run: its workload and folder, the folder of its code, and the command's
    environment."""

    workload: Mapping[str, Any]
    folder: Folder
    top: Path
    env: Mapping[str, str]


def run_steps(place: Place, pump: Callable[[str], Pump], see: Callable[[Launched, Pump], Ended]) -> bool:
    """Run the init steps in order; `see` supervises one to its end. False when the attempt was stopped meanwhile.
    Raises StartFailed for a step that fails, with what it said last."""
    for step in place.workload.get("init") or ():
        output = pump(_name(step))
        ended = see(_launch(step, place, f"init step '{_name(step)}'"), output)
        if ended.stopped:
            return False
        if (code := os.waitstatus_to_exitcode(ended.status)) != 0:
            how = f"ended with code {code}" if code > 0 else f"was ended by signal {-code}"
            raise StartFailed(f"init step '{_name(step)}' {how}: {_said(output)}")
    return True


def start_sidecars(place: Place, writer: Writer, flushed: Callable[[], None]) -> list[Sidecar]:
    """Start the sidecars. Raises StartFailed when one cannot be started; then none runs."""
    started: list[Sidecar] = []
    for each in place.workload.get("sidecars") or ():
        try:
            launched = _launch(each, place, f"sidecar '{_name(each)}'")
        except StartFailed:
            kill_sidecars(started)
            raise
        started.append(Sidecar(launched, Pump(writer, flushed, label=_name(each))))
    return started


def kill_sidecars(sidecars: Sequence[Sidecar]) -> None:
    """End sidecars whose command could not be started."""
    for each in sidecars:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(each.started.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(each.started.pid, 0)
        os.close(each.started.stdout)
        os.close(each.started.stderr)


def _launch(container: Mapping[str, Any], place: Place, what: str) -> Launched:
    argv = argv_of(place.workload, place.folder, container)
    env = container_environment(container, place.workload, place.folder, place.env)
    cwd = Path(place.top, str(container.get("working_dir") or "."))
    try:
        return launch(argv, env, cwd, record=_unrecorded)
    except StartFailed as error:
        raise StartFailed(f"{what}: {error}") from error


def _unrecorded(pid: int) -> None:
    """`started.json` is of the command: a folder without it never ran that."""


def _name(container: Mapping[str, Any]) -> str:
    return str(container.get("name") or "")


def _said(output: Pump) -> str:
    return " ".join(" / ".join(output.last_lines[-5:]).split())[-500:] or "it said nothing"
