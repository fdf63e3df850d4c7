"""A workload as the plain data of `workload.json`, and what can never run here. Pure.

The token is not part of it: it lies in a file of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from trainyard.runner.layout import fold
from trainyard_core.contracts.scheduler import Manifest, SchedulerRefused
from trainyard_core.contracts.workload import Workload

__all__ = ["manifest_of"]

VERSION = 1
_CODE_KINDS = ("none", "folder", "git")


def manifest_of(workload: Workload, devices: Sequence[str]) -> Manifest:
    """The manifest. Raises SchedulerRefused when this workload can never run as a process of this machine."""
    _check(workload)
    return {
        "version": VERSION,
        "run": workload.run,
        "attempt": workload.attempt,
        "project": workload.project,
        "name": workload.name,
        "command": list(workload.command),
        "args": list(workload.args),
        "env": dict(workload.env),
        "params": dict(workload.params),
        "working_dir": workload.working_dir,
        "code": msgspec.to_builtins(workload.code),
        "devices": _visible(workload.gpus, devices),
        "grace": workload.grace,
        "url": workload.url,
    }


def _check(workload: Workload) -> None:
    try:
        fold(Path("/"), workload.run, workload.attempt)
    except ValueError as error:
        raise SchedulerRefused(str(error)) from error
    if not (workload.command or workload.args):
        raise SchedulerRefused("a process needs a command and an image is not run here: give `container.command`")
    if workload.code.kind not in _CODE_KINDS:
        raise SchedulerRefused(f"no code kind {workload.code.kind!r}; there are {', '.join(_CODE_KINDS)}")


def _visible(gpus: Sequence[int] | None, devices: Sequence[str]) -> str | None:
    """What `CUDA_VISIBLE_DEVICES` will say: empty hides every device, None leaves the variable out."""
    if gpus is None:
        return None
    unknown = [index for index in gpus if not 0 <= index < len(devices)]
    if unknown:
        raise SchedulerRefused(f"no gpu {unknown[0]} on this machine, it has {len(devices)}: ask for fewer")
    return ",".join(devices[index] for index in gpus)
