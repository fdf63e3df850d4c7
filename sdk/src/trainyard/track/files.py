"""Files on their way to the server: a private copy in the spool, known by its digest, until it is uploaded.

The copy is made first and digested then, so that the digest is that of the bytes which travel, whatever the program
does to its file meanwhile. Copies share blocks with the original where the file system can. This module decides where
bytes wait and when they may go; `shipper` uploads them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainyard.names import check_artifact_name, check_kind
from trainyard.track import fault

__all__ = ["any_held", "held", "purge", "stage", "stage_tree"]

GRACE = 60.0
_FICLONE = 0x40049409


def stage(root: Path, source: Path, name: str, kind: str = "file", *, link: bool = False) -> dict[str, Any]:
    """Keep the bytes of the file `source` in the spool `root` and return the `artifact` event that announces them;
    append that event next. With `link` a hard link is enough, because nobody will write the file again. Idempotent by
    content. Raises BadName, and OSError when the file cannot be read or kept."""
    check_artifact_name(name)
    check_kind(kind)
    folder = root / "files"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{uuid.uuid4().hex}"
    try:
        _take(source, draft, link)
        digest, size = _digest(draft)
        fault.point("files.rename")
        draft.replace(held(root, digest))
    finally:
        draft.unlink(missing_ok=True)
    return {
        "type": "artifact",
        "time": time.time_ns() // 1000,
        "name": name,
        "kind": kind,
        "size": size,
        "digest": f"sha256:{digest}",
    }


def stage_tree(
    root: Path, source: Path, name: str, kind: str = "file", *, link: bool = False
) -> Iterator[dict[str, Any]]:
    """Stage a file, or every regular file below a directory (names joined by `/`, in sorted order). Symbolic links
    inside a directory are kept only when they lead to a file inside it. Raises as `stage`."""
    if not source.is_dir():
        yield stage(root, source, name, kind, link=link)
        return
    top = source.resolve()
    for path in sorted(source.rglob("*")):
        real = path.resolve()
        if real.is_file() and real.is_relative_to(top):
            yield stage(root, real, f"{name}/{path.relative_to(source).as_posix()}", kind, link=link)


def held(root: Path, digest: str) -> Path:
    """Where the bytes with that digest wait, if they still do."""
    return root / "files" / digest.removeprefix("sha256:")


def any_held(root: Path) -> bool:
    """Whether any bytes wait."""
    try:
        return any((root / "files").iterdir())
    except FileNotFoundError:
        return False


def purge(root: Path, wanted: set[str], *, now: float | None = None) -> None:
    """Delete the bytes whose digest (`sha256:` and hex) is not `wanted` by an event that waits. What was staged less
    than GRACE seconds ago stays, since its event may be about to be written."""
    folder = root / "files"
    if not folder.is_dir():
        return
    before = (time.time() if now is None else now) - GRACE
    for entry in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if f"sha256:{entry.name}" not in wanted and entry.stat().st_ctime < before:
                entry.unlink()


def _take(source: Path, draft: Path, link: bool) -> None:
    if link:
        try:
            os.link(source, draft, follow_symlinks=True)
            return
        except OSError:  # another file system, or one without hard links: copy
            draft.unlink(missing_ok=True)
    with source.open("rb") as taken, draft.open("xb") as kept:
        try:
            fcntl.ioctl(kept.fileno(), _FICLONE, taken.fileno())
        except OSError:
            shutil.copyfileobj(taken, kept, 1024 * 1024)
        kept.flush()
        os.fsync(kept.fileno())


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest(), file.tell()
