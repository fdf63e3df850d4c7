"""A workload as the plain data of `workload.json`, and what can never run here. Pure.

The token and the values of secrets are not part of it: they lie in files of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from trainyard.runner.layout import fold
from trainyard_core.contracts.needs import HostFolder, Mount, Volume
from trainyard_core.contracts.scheduler import Manifest, SchedulerRefused
from trainyard_core.contracts.workload import Workload
from trainyard_scheduler_process.check import FACTS, refusals

__all__ = ["manifest_of", "secrets_of"]

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
        "env": {**workload.needs.env, **workload.env},
        "params": dict(workload.params),
        "working_dir": workload.working_dir,
        "code": msgspec.to_builtins(workload.code),
        "checkouts": list(workload.checkouts),
        "init": _plain(workload.needs.init),
        "sidecars": _plain(workload.needs.sidecars),
        "mounts": _plain(workload.needs.mounts),
        "secret_env": sorted(workload.needs.secret_env),
        "devices": _visible(workload.gpus, devices),
        "grace": workload.grace,
        "url": workload.url,
    }


def _plain(values: Sequence[msgspec.Struct]) -> list[Any]:
    """As JSON has them."""
    return msgspec.json.decode(msgspec.json.encode(values), type=list) if values else []


def secrets_of(workload: Workload) -> dict[str, dict[str, str]]:
    """The values of secrets, for the runner alone; empty when there are none."""
    if not (workload.secret_env or workload.secret_files):
        return {}
    return {"env": dict(workload.secret_env), "files": dict(workload.secret_files)}


def _check(workload: Workload) -> None:
    try:
        fold(Path("/"), workload.run, workload.attempt)
    except ValueError as error:
        raise SchedulerRefused(str(error)) from error
    if workload.kind not in FACTS.kinds:
        raise SchedulerRefused(f"a run of kind '{workload.kind}' is no process; it runs {', '.join(FACTS.kinds)}")
    if workload.code.kind not in _CODE_KINDS:
        raise SchedulerRefused(f"no code kind {workload.code.kind!r}; there are {', '.join(_CODE_KINDS)}")
    for refusal in refusals(workload, (*workload.needs.init, *workload.needs.sidecars)):
        raise SchedulerRefused(refusal)
    for mount in workload.needs.mounts:
        _check_mount(mount)


def _check_mount(mount: Mount) -> None:
    source, is_absolute = mount.source, mount.path.startswith("/")
    if isinstance(source, Volume):
        raise SchedulerRefused(f"there is no volume '{source.name}' for processes: use a folder of the machine")
    if is_absolute and not (isinstance(source, HostFolder) and source.path == mount.path):
        raise SchedulerRefused(f"a process cannot have anything else mounted at '{mount.path}': give a relative path")


def _visible(gpus: Sequence[int] | None, devices: Sequence[str]) -> str | None:
    """What `CUDA_VISIBLE_DEVICES` will say: empty hides every device, None leaves the variable out."""
    if gpus is None:
        return None
    unknown = [index for index in gpus if not 0 <= index < len(devices)]
    if unknown:
        raise SchedulerRefused(f"no gpu {unknown[0]} on this machine, it has {len(devices)}: ask for fewer")
    return ",".join(devices[index] for index in gpus)
