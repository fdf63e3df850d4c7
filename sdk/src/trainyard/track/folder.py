"""Folders and files that the environment names: where they are, whatever the program does to its working directory.

A relative path means the working directory that the program was in when it imported `trainyard`.
"""

from __future__ import annotations

import os
from pathlib import Path

import trainyard

__all__ = ["code_dir", "data_dir", "named"]


def named(path: str) -> Path:
    """A path from the environment, absolute. Raises OSError for a `~` whose home directory is not known."""
    try:
        return Path(trainyard.started_in, Path(path).expanduser())
    except RuntimeError as error:
        raise OSError(f"{path!r}: this user has no home directory") from error


def data_dir() -> Path:
    """TRAINYARD_DATA, or `~/.trainyard`. Raises OSError where there is neither, as in a container whose user has no
    home directory."""
    chosen = os.environ.get("TRAINYARD_DATA", "")
    try:
        return named(chosen or "~/.trainyard")
    except OSError as error:
        raise OSError(f"no place for Trainyard's data: {error}; set TRAINYARD_DATA to a folder") from error


def code_dir() -> Path | None:
    """The folder whose code is to be described: the working directory; None when that was deleted, and where
    TRAINYARD_CODE is `0` or `false`."""
    if os.environ.get("TRAINYARD_CODE", "1").lower() in ("0", "false"):
        return None
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None
