"""Local folders and artifact names: which files a folder holds, and the path below a folder for a name.

Names from a server are not trusted: none leads out of the folder that the caller chose.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from trainyard.client.errors import BadName
from trainyard.client.models import Artifact
from trainyard.names import check_artifact_name, check_kind
from trainyard.track import files

__all__ = ["BadName", "Skip", "check_file", "has_content", "list_files", "path_inside", "raise_error"]

Skip = Callable[[str, Exception], None]
"""Called with the artifact's name and the error for a file that is left out. What it raises ends the upload."""


def raise_error(name: str, error: Exception) -> None:
    """Leave no file out."""
    raise error


def list_files(source: Path, name: str) -> list[tuple[str, Path | BadName]]:
    """The artifact name and path of every regular file below a folder, sorted. Links to files inside the folder are
    included. A file that cannot be stored has a BadName in place of its path."""
    return [(each, _path_or_error(each, path)) for each, path in files.listed(source, name)]


def check_file(name: str, kind: str, source: Path) -> None:
    """Raises BadName for a file that cannot become an artifact of that name and kind."""
    try:
        check_artifact_name(name)
        check_kind(kind)
        files.readable(source)
    except ValueError as error:
        raise BadName(f"{source}: {error}", fix="give the path of a regular file, or another name") from error


def path_inside(folder: Path, name: str) -> Path:
    """The path below `folder` for an artifact of that name. Raises BadName for a name that leads out of it."""
    parts = name.split("/")
    if not name or {"", ".", ".."} & set(parts) or "\0" in name or PurePosixPath(name).is_absolute():
        raise BadName(f"artifact {name[:80]!r} has no place below {folder}", fix="get it alone, under another name")
    path = folder.joinpath(*parts)
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise BadName(f"artifact {name[:80]!r} would lie outside {folder}: a link leads out", fix="remove the link")
    return path


def has_content(path: Path, artifact: Artifact) -> bool:
    """Whether a file holds exactly the bytes of an artifact."""
    if not path.is_file() or path.is_symlink() or path.stat().st_size != artifact.size:
        return False
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest() == artifact.digest


def _path_or_error(name: str, path: Path | files.NoFile) -> Path | BadName:
    try:
        check_artifact_name(name)
        return files.readable(path)
    except ValueError as error:
        return BadName(f"{name!a}: {error}")
