"""What a run has to go on from: the newest artifact of a name that an earlier attempt of it has stored, or the run that
it continues, brought to this machine.

The files lie in a folder of the attempt's spool that is for this user alone, and go with it. Each set of files has a
folder there, named by what it holds, so that several processes of an attempt bring it once. It is filled beside, and
takes its place when every file in it has the digest that the server tells.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from trainyard.names import check_artifact_name
from trainyard.track import fault
from trainyard.track.download import Changed, Download, Listed
from trainyard.track.files import digest_of

__all__ = ["fetch"]

_TRIES = 3
"""How often the artifacts may change while they are brought."""
_FOLDER, _DRAFT, _LOCK = "checkpoints", ".draft", ".lock"

Files = dict[str, Listed]
"""The files of a checkpoint by where they lie below their folder."""


def fetch(root: Path, download: Download, name: str) -> Path | None:
    """The file or folder with what was stored as `name`, below the spool `root`; None where nothing was. Raises
    BadName, ConnectionError as `Download`, and OSError when the files cannot be kept."""
    check_artifact_name(name)
    for number in range(_TRIES):
        if not (files := _newest(name, [each for top in _tops(name) for each in download.listed(top)])):
            return None
        try:
            return _kept(root / _FOLDER, files, download) / _last(name)
        except Changed as changed:
            if number == _TRIES - 1:
                raise ConnectionError(f"checkpoint '{name}' changes while it is read: {changed}") from changed
    return None


def _tops(name: str) -> tuple[str, str]:
    """What artifacts of the name are called, or their folder is: logged, and left in the folder of outputs."""
    return name, f"outputs/{name}"


def _newest(name: str, listed: Iterable[Listed]) -> Files:
    """Of the files and folders that the name may mean, the one that was stored last."""
    found: dict[tuple[str, bool], Files] = {}
    for each in listed:
        check_artifact_name(each.name)
        for top in _tops(name):
            if each.name == top or each.name.startswith(f"{top}/"):
                files = found.setdefault((top, each.name == top), {})
                files[_last(name) + each.name.removeprefix(top)] = each
    return max(found.values(), key=lambda files: max(each.at for each in files.values()), default={})


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _kept(parent: Path, files: Files, download: Download) -> Path:
    """The folder with these files, which are brought unless they are there. Raises Changed."""
    told = "\n".join(f"{place} {each.digest}" for place, each in sorted(files.items()))
    folder = parent / hashlib.sha256(told.encode()).hexdigest()[:32]
    with _alone(parent):
        if not all(_is_whole(folder / place, each) for place, each in files.items()):
            _bring(files, download, folder)
    return folder


@contextmanager
def _alone(parent: Path) -> Iterator[None]:
    """One process brings files at a time."""
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(parent / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_whole(path: Path, listed: Listed) -> bool:
    return path.is_file() and digest_of(path) == (listed.digest.removeprefix("sha256:"), listed.size)


def _bring(files: Files, download: Download, folder: Path) -> None:
    draft = folder.parent / _DRAFT
    shutil.rmtree(draft, ignore_errors=True)  # of a process that was killed
    try:
        for place, each in files.items():
            (draft / place).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            download.bring(each, draft / place)
        fault.point("checkpoint.rename")
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
