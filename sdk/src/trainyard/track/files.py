"""Files on their way to the server: a private copy in the spool, known by its digest, until it is uploaded.

The copy is made first and digested then, so that the digest is that of the bytes which travel, whatever the program
does to its file meanwhile. Copies share blocks with the original where the file system can. This module decides where
bytes wait and when they may go; `shipper` uploads them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import stat
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from trainyard.names import check_artifact_name, check_kind
from trainyard.track import failpoints

__all__ = [
    "NoFile",
    "any_held",
    "default_name",
    "digest_of",
    "held",
    "listed",
    "note",
    "noted",
    "own_name",
    "purge",
    "readable",
    "stage",
]

GRACE = 60.0
_OUTPUTS, _NOTES = "outputs/", "outputs.logged"
_FICLONE = 0x40049409


class NoFile(ValueError):
    """What was to be kept is no regular file that can be read."""


def stage(root: Path, source: Path, name: str, kind: str = "file", *, link: bool = False) -> dict[str, Any]:
    """Keep the bytes of the file `source` in the spool `root` and return the `artifact` event that announces them;
    append that event next. With `link` a hard link is enough, because nobody will write the file again. Idempotent by
    content. Raises BadName, NoFile, and OSError when the bytes cannot be kept."""
    check_artifact_name(name)
    check_kind(kind)
    folder = root / "files"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{uuid.uuid4().hex}"
    try:
        _take(source, draft, link)
        digest, size = digest_of(draft)
        failpoints.point("files.rename")
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


def own_name(path: Path) -> str:
    """The name that a file or folder has where it is: that of a link, not of what it leads to."""
    name = path.absolute().name
    return path.resolve().name if name == ".." else name


def default_name(path: Path) -> str:
    """The artifact's name for a path that is given without one: its own name, or that which a file of a managed run's
    `outputs/` gets at the end anyway."""
    outputs, whole = Path(os.environ.get("TRAINYARD_OUTPUTS") or "/dev/null"), path.absolute()
    if whole != outputs and whole.is_relative_to(outputs) and ".." not in whole.parts:
        return f"{_OUTPUTS}{whole.relative_to(outputs).as_posix()}"
    return own_name(path)


def note(root: Path, event: dict[str, Any]) -> None:
    """Remember that a file of `outputs/` was logged, after its event, so that it is not kept again at the end. On a
    full disk it is kept again."""
    if event["name"].startswith(_OUTPUTS):
        with contextlib.suppress(OSError), (root / _NOTES).open("ab") as notes:
            notes.write(json.dumps([event["name"], event["kind"], event["digest"]]).encode() + b"\n")


def noted(root: Path) -> dict[str, tuple[str, str]]:
    """Kind and digest of each file of `outputs/` that was logged, by its artifact's name."""
    found = {}
    with contextlib.suppress(FileNotFoundError):
        for line in (root / _NOTES).read_bytes().splitlines():
            with contextlib.suppress(ValueError):  # a process was killed while it wrote
                name, kind, digest = json.loads(line)
                found[name] = (kind, digest)
    return found


def listed(source: Path, name: str) -> Iterator[tuple[str, Path | NoFile]]:
    """What is below a directory, as artifacts `name/...` (empty: by their paths alone) in sorted order: regular files,
    and links to files inside it, under the link's name; and why anything else is left out. A file alone is itself."""
    if not source.is_dir():
        yield name, source
        return
    found: list[tuple[str, Path | NoFile]] = []
    for folder, names, others in os.walk(source, onerror=lambda error: found.append(_unreadable(source, error))):
        links = [path for path in (Path(folder, each) for each in names) if path.is_symlink()]
        for path in (*links, *(Path(folder, each) for each in others)):
            found.append((path.relative_to(source).as_posix(), _inside(source, path)))
    top = f"{name.rstrip('/')}/" if name else ""
    yield from ((top + below, file) for below, file in sorted(found, key=lambda each: Path(each[0])))


def readable(found: Path | NoFile) -> Path:
    """The path, if it is a regular file that can be read now. Raises NoFile."""
    if isinstance(found, NoFile):
        raise found
    _opened(found).close()
    return found


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


def _unreadable(source: Path, error: OSError) -> tuple[str, NoFile]:
    return Path(error.filename).relative_to(source).as_posix(), NoFile(f"the folder cannot be read: {error.strerror}")


def _inside(top: Path, path: Path) -> Path | NoFile:
    """The path, if what it leads to is a file below `top`."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return NoFile("it is not there" if not path.is_symlink() else "the link leads nowhere")
    if path.is_symlink() and not real.is_relative_to(top.resolve()):
        return NoFile("the link leads out of the folder")
    return NoFile("links to folders are not followed") if real.is_dir() else path


def _take(source: Path, draft: Path, link: bool) -> None:
    with _opened(source) as taken:
        if link:
            try:
                _link(taken, draft)
                return
            except OSError:  # another file system, or one without hard links: copy
                draft.unlink(missing_ok=True)
        with draft.open("xb") as kept:
            try:
                fcntl.ioctl(kept.fileno(), _FICLONE, taken.fileno())
            except OSError:
                shutil.copyfileobj(taken, kept, 1024 * 1024)
            kept.flush()
            os.fsync(kept.fileno())


def _link(taken: IO[bytes], draft: Path) -> None:
    """Make a hard link to the file that is open, whatever its path leads to by now. Raises OSError."""
    fd = taken.fileno()
    os.link(f"/proc/self/fd/{fd}", draft, src_dir_fd=fd, follow_symlinks=True)  # Python follows only with a dir_fd


def _opened(source: Path) -> IO[bytes]:
    """A regular file, open. Anything else might make us wait, or never end. Raises NoFile."""
    try:
        if not stat.S_ISREG(source.stat().st_mode):
            raise NoFile("it is not a regular file")
        fd = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise NoFile(error.strerror or type(error).__name__) from error
    file = os.fdopen(fd, "rb")
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return file
    file.close()
    raise NoFile("it is not a regular file")


def digest_of(path: Path) -> tuple[str, int]:
    """The SHA-256 of a file in hex, and its bytes. Raises OSError."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest(), file.tell()
