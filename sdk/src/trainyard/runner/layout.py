"""The files of an attempt's folder, and how they are written: whole, by rename, readable by their owner alone.

This module knows names and bytes. What each file means is told in `docs/runner.md`; who holds the lock is `lock`.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = ["Folder", "fold", "read_json", "sync_folder", "write_json", "write_whole"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True)
class Folder:
    """The paths of one attempt: `<root>/<run>/<number>/`. Each is made once, for a life asks for them often."""

    path: Path

    @cached_property
    def root(self) -> Path:
        """What holds the attempts of one scheduler."""
        return self.path.parent.parent

    @cached_property
    def run(self) -> str:
        return self.path.parent.name

    @cached_property
    def attempt(self) -> int:
        return int(self.path.name)

    @cached_property
    def workload(self) -> Path:
        return self.path / "workload.json"

    @cached_property
    def token(self) -> Path:
        return self.path / "token"

    @cached_property
    def params(self) -> Path:
        """The params that are too many for the environment; mostly there is none."""
        return self.path / "params.json"

    @cached_property
    def secrets(self) -> Path:
        """Values of secrets, from the submit to the start; mostly there is none."""
        return self.path / "secrets.json"

    @cached_property
    def mounts(self) -> Path:
        """What is mounted for the attempt; mostly there is nothing."""
        return self.path / "mounts"

    @cached_property
    def lock(self) -> Path:
        return self.path / "lock"

    @cached_property
    def started(self) -> Path:
        return self.path / "started.json"

    @cached_property
    def stop(self) -> Path:
        return self.path / "stop"

    @cached_property
    def exit(self) -> Path:
        return self.path / "exit.json"

    @cached_property
    def spool(self) -> Path:
        return self.path / "spool"

    @cached_property
    def outputs(self) -> Path:
        return self.path / "outputs"

    @cached_property
    def artifacts(self) -> Path:
        return self.path / "artifacts"

    @cached_property
    def code(self) -> Path:
        return self.path / "code"

    @cached_property
    def log(self) -> Path:
        return self.path / "runner.log"

    @cached_property
    def tombstone(self) -> Path:
        """Lies beside the folders once the attempt was released: it may never start again."""
        return self.root / ".released" / f"{self.run}.{self.attempt}"

    @cached_property
    def watchers(self) -> Path:
        """Where schedulers bind the datagram sockets that runners notify."""
        return self.root / ".watch"


def fold(root: Path, run: str, attempt: int) -> Folder:
    """The folder of an attempt. Raises ValueError for a run id that could leave `root`, or a number below 1."""
    if not _NAME.fullmatch(run):
        raise ValueError(f"{run!r} is no run id: letters, digits, '.', '_' and '-', at most 128, no leading dot")
    if attempt < 1:
        raise ValueError(f"attempt {attempt} of {run}: attempts are counted from 1")
    return Folder(root / run / str(attempt))


def write_whole(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Put `data` at `path` so that a reader sees all of it or the file that was there before. With `durable` it has
    reached the disk when this returns."""
    temporary = f"{path.parent}/.{path.name}.{os.urandom(6).hex()}"
    handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        _fill(handle, data, durable=durable)
        os.replace(temporary, path)  # noqa: PTH105 - hot: no Path is made of a name that is used once
    except BaseException:
        os.unlink(temporary)  # noqa: PTH108 - as above
        raise
    if durable:
        sync_folder(path.parent)


def _fill(handle: int, data: bytes, *, durable: bool) -> None:
    """Write all of it, and close."""
    try:
        done = 0
        while done < len(data):
            done += os.write(handle, data[done:])
        if durable:
            os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, value: dict[str, Any], *, durable: bool = False) -> None:
    """`write_whole` of a JSON object."""
    write_whole(path, json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), durable=durable)


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object at `path`; None when there is no file. Raises ValueError when it is something else."""
    try:
        value = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not isinstance(value, dict):
        raise ValueError(f"{path} holds no JSON object")
    return value


def sync_folder(path: Path) -> None:
    """Names in `path` have reached the disk when this returns."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
