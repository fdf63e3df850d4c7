"""Where things lie below the root, and that no name leads out of it.

    <root>/<project>/<run>/frames/<writer>.tyf   one segment a writer: its frames, byte for byte, nothing else
    <root>/<project>/<run>/artifacts/<hash>      one artifact: its bytes, then a footer (`artifact`)
    <root>/<project>/<run>/incoming/<random>     an artifact on its way in, all in one call
    <root>/<project>/<run>/uploads/<hash>        an artifact on its way in, in pieces (`upload`)
    <root>/.trash/<random>                       a deleted run until its files are gone

A plain lower-case name is its own folder; any other becomes `~` and a hash, so that it can neither leave the root
nor meet another name on a file system that folds case. What is in the files is decided elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from trainyard_core.contracts.tracker import BadName, RunRef

__all__ = ["Layout", "file_name", "make_folder", "sync_folder", "sync_folders"]

_PLAIN = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?")
_WRITER = re.compile(r"[0-9a-f]{32}")


class Layout:
    """The paths below one root."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def run(self, run: RunRef) -> Path:
        """The run's folder. Raises BadName for an empty name and for a folder that is a symbolic link."""
        return self._guarded(self.root / _folder_name("project", run.project) / _folder_name("run", run.run))

    def frames(self, run: RunRef) -> Path:
        """Where the run's segments lie."""
        return self._guarded(self.run(run) / "frames")

    def segment(self, run: RunRef, writer: str) -> Path:
        """A writer's segment. Raises BadName when `writer` is not a UUID in hex."""
        identity = writer.replace("-", "").lower()
        if not _WRITER.fullmatch(identity):
            raise BadName(f"a writer is a UUID in hex, not {writer[:80]!r}")
        return self.frames(run) / f"{identity}.tyf"

    def segments(self, run: RunRef) -> dict[str, Path]:
        """The run's segments by writer, in writer order."""
        try:
            names = sorted(entry.name for entry in os.scandir(self.frames(run)) if entry.name.endswith(".tyf"))
        except FileNotFoundError:
            return {}
        folder = self.frames(run)
        return {name.removesuffix(".tyf"): folder / name for name in names}

    def parts(self, run: RunRef, noun: str) -> tuple[str, str, str]:
        """The steps from the root to the run's folder of `artifacts`, `incoming` or `uploads`, for `place`."""
        return _folder_name("project", run.project), _folder_name("run", run.run), noun

    @property
    def trash(self) -> Path:
        """Where deleted runs go first."""
        return self._guarded(self.root / ".trash")

    def _guarded(self, path: Path) -> Path:
        """`path`, which no symbolic link below the root may lead out of it."""
        part = path
        while part != self.root:
            if part.is_symlink():
                raise BadName(f"{part} is a symbolic link; the tracker follows none below {self.root}")
            part = part.parent
        return path


def file_name(name: str) -> str:
    """The name of the file that keeps the artifact, or the upload, of that name."""
    return hashlib.sha256(name.encode()).hexdigest()


def _folder_name(what: str, name: str) -> str:
    if not name:
        raise BadName(f"the {what} has an empty name")
    if _PLAIN.fullmatch(name):
        return name
    return "~" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:48]


def make_folder(folder: Path) -> None:
    """Make a folder and the missing ones above it, for the owner only, so that a power cut does not undo it."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def sync_folders(folder: Path, root: Path) -> None:
    """Make the entries of `folder` and of those above it, up to `root`, survive a power cut, whoever made them."""
    for part in [folder, *folder.parents]:
        sync_folder(part)
        if part == root:
            return


def sync_folder(folder: Path) -> None:
    """Make the entries of one folder survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
