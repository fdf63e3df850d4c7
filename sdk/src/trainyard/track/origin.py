"""Where a run comes from: the command, the machine, the Python and its packages, as meta of the run.

`origin` and `python` have one shape for programs that are started by hand and for managed ones, whose command and
machine the runner records; `code` is the sibling module's. Nothing here imports, starts or waits for anything, and
what cannot be told is left out. TRAINYARD_ORIGIN=0 turns all of it off.
"""

from __future__ import annotations

import getpass
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import trainyard
from trainyard.track import code, gpu, machine

__all__ = ["is_wanted", "of_managed_program", "of_program", "origin_of", "packages", "python"]

_PACKAGES = 2000
_ARGUMENT_CHARS, _COMMAND_CHARS = 4096, 16 * 1024
_SUFFIXES = (".dist-info", ".egg-info")


def is_wanted(environ: Mapping[str, str]) -> bool:
    """Whether the origin of runs is to be recorded."""
    return environ.get("TRAINYARD_ORIGIN", "1").lower() not in ("0", "false")


def of_program(folder: Path | None) -> dict[str, Any]:
    """The meta of a program that was started by hand; its code is in `folder` (None: it is not to be described)."""
    state = code.state(folder) if folder is not None and code.in_repository(folder) else {}
    described = {"origin": origin_of(sys.orig_argv, trainyard.started_in), "python": python()}
    return {**described, "code": state} if state else described


def of_managed_program() -> dict[str, Any]:
    """What a managed program adds to what the runner says."""
    return {"python": python()}


def origin_of(command: Sequence[str], folder: str) -> dict[str, Any]:
    """`command` (its words), `folder` (where it was started), `host`, `user`, `system`, `cpu` (its name), `cpus`,
    `memory` (bytes) and `gpus` (their names)."""
    uname = os.uname()
    found = {
        "command": _cut(command),
        "folder": folder,
        "host": socket.gethostname(),
        "user": _user(),
        "system": f"{uname.sysname} {uname.release} {uname.machine}",
        "cpu": machine.cpu_name(),
        "cpus": os.cpu_count(),
        "memory": machine.memory_total(),
        "gpus": gpu.names(),
    }
    return {name: value for name, value in found.items() if value}


def python() -> dict[str, Any]:
    """`version` and `executable` of this Python, and its `packages`."""
    version = ".".join(map(str, sys.version_info[:3]))
    return {"version": version, "executable": sys.executable or "", "packages": packages(sys.path)}


def packages(path: Sequence[str]) -> dict[str, str]:
    """The distributions that are found on an import path, with their versions. The names of their folders tell, so
    that none needs to be read; the first on the path counts."""
    found: dict[str, str] = {}
    for folder in path:
        for name in _names_in(folder):
            distribution, _, rest = name.partition("-")
            if rest and len(found) < _PACKAGES:
                found.setdefault(distribution.replace("_", "-").lower(), rest.partition("-")[0])
    return dict(sorted(found.items()))


def _names_in(folder: str) -> list[str]:
    """The names and versions of distributions in a folder, as `numpy-2.1.0`."""
    try:
        entries = os.listdir(folder or os.curdir)  # noqa: PTH208 - only names are needed
    except OSError:
        return []
    return [entry[: -len(suffix)] for entry in entries for suffix in _SUFFIXES if entry.endswith(suffix)]


def _cut(command: Sequence[str]) -> list[str]:
    """The words of a command, as many and as long as are worth keeping."""
    found: list[str] = []
    left = _COMMAND_CHARS
    for word in command:
        short = str(word)[: min(_ARGUMENT_CHARS, left)]
        found.append(short if short == word else f"{short}...")
        left -= len(short)
        if left <= 0:
            break
    return found


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container whose user is a number only
        return ""
