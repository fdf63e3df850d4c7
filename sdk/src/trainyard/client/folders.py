"""Folders of this machine and names of artifacts: which files a folder has, and where a name may lie below one.

Names that come from a server are trusted in nothing: none leads out of the folder that the caller chose.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from trainyard.client.errors import ClientError
from trainyard.client.models import Artifact

__all__ = ["BadName", "has_already", "inside", "named_files"]


class BadName(ClientError):
    """A name that would lead out of the folder, or that no file here can have."""

    code = "bad_name"


def named_files(source: Path, name: str) -> Iterator[tuple[str, Path]]:
    """Every regular file below a folder with the artifact's name for it, in sorted order. Symbolic links count only
    when they lead to a file inside the folder."""
    top = source.resolve()
    for path in sorted(source.rglob("*")):
        real = path.resolve()
        if real.is_file() and real.is_relative_to(top):
            yield f"{name.rstrip('/')}/{path.relative_to(source).as_posix()}".lstrip("/"), real


def inside(folder: Path, name: str) -> Path:
    """Where an artifact of that name lies below `folder`. Raises BadName."""
    parts = name.split("/")
    if not name or {"", ".", ".."} & set(parts) or "\0" in name or PurePosixPath(name).is_absolute():
        raise BadName(f"artifact {name[:80]!r} has no place below {folder}", fix="get it alone, under another name")
    path = folder.joinpath(*parts)
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise BadName(f"artifact {name[:80]!r} would lie outside {folder}: a link leads out", fix="remove the link")
    return path


def has_already(path: Path, artifact: Artifact) -> bool:
    """Whether a file holds exactly these bytes."""
    if not path.is_file() or path.is_symlink() or path.stat().st_size != artifact.size:
        return False
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest() == artifact.digest
