"""Folders of this machine and names of artifacts: which files a folder has, and where a name may lie below one.

Names that come from a server are trusted in nothing: none leads out of the folder that the caller chose.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from trainyard.client.errors import BadName
from trainyard.client.models import Artifact
from trainyard.names import check_artifact_name, check_kind
from trainyard.track import files

__all__ = ["BadName", "Skip", "check_file", "has_already", "inside", "named_files", "refuse"]


Skip = Callable[[str, Exception], None]
"""Told of a file that is left out, by its artifact's name, and why. What it raises ends the whole."""


def refuse(name: str, error: Exception) -> None:
    """Leaves nothing out."""
    raise error


def named_files(source: Path, name: str) -> Iterator[tuple[str, Path | BadName]]:
    """Every regular file below a folder with the artifact's name for it, in sorted order; links count when they lead to
    a file inside the folder. What cannot be stored comes with why."""
    for called, found in files.listed(source, name):
        try:
            check_artifact_name(called)
            yield called, files.readable(found)
        except ValueError as error:
            yield called, BadName(f"{called!a}: {error}")


def check_file(name: str, kind: str, source: Path) -> None:
    """Raises BadName for what cannot become an artifact of that name and kind."""
    try:
        check_artifact_name(name)
        check_kind(kind)
        files.readable(source)
    except ValueError as error:
        raise BadName(f"{source}: {error}", fix="give the path of a regular file, or another name") from error


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
