"""What a run has to go on from: the newest artifact of a name that an earlier attempt of it has stored, or the run that
it continues, brought to this machine.

A folder is kept as one file, a tar, so that what is there is one checkpoint and never parts of two.

What is brought lies in a folder of the attempt's spool that is for this user alone, and goes with it. Each set of files
has a folder there, named by what it holds, so that several processes of an attempt bring it once. It is filled beside,
and takes its place when every file has had the digest that the server tells.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tarfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from trainyard.names import check_artifact_name
from trainyard.track import failpoints, files
from trainyard.track.download import Changed, Download, Listed

__all__ = ["KIND", "PACKED", "fetch", "packed"]

KIND = "checkpoint"
"""The kind of the artifacts."""
PACKED = ".tar"
"""What the name of a folder's artifact ends with."""

_TRIES = 3
"""How often the artifacts may change while they are brought."""
_FOLDER, _DRAFT, _LOCK = "checkpoints", ".draft", ".lock"

Files = dict[str, Listed]
"""The files of a checkpoint by where they lie below their folder."""


@contextmanager
def packed(root: Path, folder: Path) -> Iterator[Path]:
    """The files of a folder as one, below the spool `root`, until the context ends. Raises NoFile for one that cannot
    be read, BadName, OSError."""
    parent = root / _FOLDER
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = parent / f".{uuid.uuid4().hex}"
    try:
        with tarfile.open(draft, "x", dereference=True) as tar:
            for name, found in files.listed(folder, ""):
                check_artifact_name(name)
                tar.add(files.readable(found), name, recursive=False)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def fetch(root: Path, download: Download, name: str) -> Path | None:
    """The file or folder with what was stored as `name`, below the spool `root`; None where nothing was. Raises
    BadName, ConnectionError as `Download`, and OSError when the files cannot be kept."""
    check_artifact_name(name)
    for number in range(_TRIES):
        if not (found := _newest(name, [each for top in _tops(name) for each in download.listed(top)])):
            return None
        try:
            return _kept(root / _FOLDER, name, found, download) / _last(name)
        except Changed as changed:
            if number == _TRIES - 1:
                raise ConnectionError(f"checkpoint '{name}' changes while it is read: {changed}") from changed
    return None


def _tops(name: str) -> tuple[str, str]:
    """What artifacts of the name are called, or their folder is: logged, and left in the folder of outputs."""
    return name, f"outputs/{name}"


def _newest(name: str, listed: Iterable[Listed]) -> Files:
    """Of the files and folders that the name may mean, the one that was stored last."""
    found: dict[str, Files] = {}
    for each in listed:
        check_artifact_name(each.name)
        if each.name == name + PACKED and each.kind == KIND:
            found[each.name] = {_last(each.name): each}
        for top in _tops(name):
            if each.name == top or each.name.startswith(f"{top}/"):
                place = _last(name) + each.name.removeprefix(top)
                found.setdefault(each.name if each.name == top else f"{top}/", {})[place] = each
    return max(found.values(), key=lambda those: max(each.at for each in those.values()), default={})


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _kept(parent: Path, name: str, found: Files, download: Download) -> Path:
    """The folder with these files, which are brought unless they are there. Raises Changed."""
    listing = "\n".join([name, *(f"{place} {each.digest}" for place, each in sorted(found.items()))])
    folder = parent / hashlib.sha256(listing.encode()).hexdigest()[:32]
    with _alone(parent):
        if not folder.is_dir():
            _bring(name, found, download, folder)
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


def _bring(name: str, found: Files, download: Download, folder: Path) -> None:
    draft = folder.parent / _DRAFT
    shutil.rmtree(draft, ignore_errors=True)  # of a process that was killed
    try:
        for place, each in found.items():
            (draft / place).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            download.bring(each, draft / place)
            if place == _last(name) + PACKED:
                _unpack(draft / place)
        failpoints.point("checkpoint.rename")
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _unpack(packed: Path) -> None:
    """Put the files of a packed folder into its place. Nothing but files is taken, and none leads out of it."""
    top = packed.with_suffix("")
    top.mkdir(mode=0o700)
    with tarfile.open(packed) as tar:
        for member in filter(tarfile.TarInfo.isreg, tar):
            check_artifact_name(member.name)
            (top / member.name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            source = tar.extractfile(member)
            assert source is not None, "it is a file"
            with (top / member.name).open("xb") as out:
                shutil.copyfileobj(source, out, 1024 * 1024)
    packed.unlink()
