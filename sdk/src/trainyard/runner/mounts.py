"""What an attempt finds beside its code: folders of the machine, empty folders, and secrets as files.

A mount has a path of its own. A relative one is below `mounts/` of the attempt's folder, which the program knows as
TRAINYARD_MOUNTS. A process sees the machine's own file system, so an absolute path can only be that of the folder that
is mounted.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainyard.runner.launch import StartFailed
from trainyard.runner.layout import Folder, read_json, write_whole

__all__ = ["prepare", "remove"]


def prepare(workload: Mapping[str, Any], folder: Folder) -> dict[str, str]:
    """Make the mounts, and forget the values of secrets that the scheduler left for that. Returns secrets by the
    variable that holds them. Raises StartFailed."""
    secrets = read_json(folder.secrets) or {}
    mounts = workload.get("mounts") or ()
    if mounts:
        folder.mounts.mkdir(mode=0o700, exist_ok=True)
    for mount in mounts:
        _mount(mount, folder, secrets.get("files") or {})
    if secrets:
        folder.secrets.unlink()
    return {str(name): str(value) for name, value in (secrets.get("env") or {}).items()}


def remove(folder: Folder) -> None:
    """Delete the mounts, and the values of secrets; what links lead to stays. Idempotent."""
    folder.secrets.unlink(missing_ok=True)
    if folder.mounts.is_dir():
        shutil.rmtree(folder.mounts, ignore_errors=True)


def _mount(mount: Mapping[str, Any], folder: Folder, files: Mapping[str, Any]) -> None:
    path, source = str(mount.get("path") or ""), mount.get("source") or {}
    kind = source.get("type")
    if kind == "host_folder":
        _link(path, Path(str(source.get("path") or "")), folder)
    elif kind == "scratch":
        _inside(path, folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    elif kind == "secret_files":
        place = _inside(path, folder)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in source.get("files") or {}:
            write_whole(_within(place, str(name)), str(files.get(f"{path}/{name}", "")).encode())
    else:
        raise StartFailed(
            f"a process of this machine cannot mount a {kind!r}; it can mount host_folder, scratch, secret_files"
        )


def _link(path: str, target: Path, folder: Folder) -> None:
    if not target.is_absolute() or not target.is_dir():
        raise StartFailed(f"{str(target)!r} is no folder of this machine: correct the connection, or make the folder")
    if os.path.isabs(path):  # noqa: PTH117 - of the two forms that a text may have
        if Path(path) != target:
            raise StartFailed(f"a process sees {str(target)!r} there and not at {path!r}: give it that path")
        return
    place = _inside(path, folder)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    place.symlink_to(target, target_is_directory=True)


def _inside(path: str, folder: Folder) -> Path:
    return _within(folder.mounts, path)


def _within(top: Path, name: str) -> Path:
    """A path below `top`. Raises StartFailed for one that would leave it."""
    parts = name.split("/")
    if not name or "\0" in name or not all(parts) or ".." in parts or "." in parts:
        raise StartFailed(f"{name[:80]!r} is no path of a mount here: give a relative one, without '.' and '..'")
    return top.joinpath(*parts)
