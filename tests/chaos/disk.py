"""A disk that can lose its power: what a server asked of its data directory, call by call, and what of that may be
left when the power goes at any moment.

The calls are recorded by strace around a real server. What is modelled is what POSIX promises and no more: bytes are
safe once an fsync or fdatasync of their file has returned that was called after their write; a name is safe once an
fsync of its folder has. Of all that was asked for later, each write is there or not (or its first sectors are), and of
each folder's changes some first ones are. Nothing is known of what was written through a memory map, which in a data
directory is SQLite's index of its journal alone, made anew at each start.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

SECTOR = 512
CALLS = (
    "open,openat,creat,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,ftruncate,truncate,fallocate,"
    "rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,symlink,symlinkat,"
    "sendfile,copy_file_range,splice,sync_file_range"
)
LINE = re.compile(
    r"(?P<at>\d+\.\d+) (?P<call>\w+)\((?P<args>.*)\) = (?P<result>-?\d+)(?:<.*?>)?[^<]*<(?P<took>[\d.]+)>$"
)
TOKEN = re.compile(r'"((?:\\x[0-9a-f]{2})*)"|\w+<((?:\\x[0-9a-f]{2})*)>(\(deleted\))?|([^,\s][^,]*)')
DELETED = b" (deleted)"


def recorder(folder: Path) -> tuple[str, ...]:
    """The command to put before a server's, so that its calls are recorded in `folder`, a file for each thread."""
    options = f"-D -f -ff -ttt -T -y -xx -s 33554432 --seccomp-bpf -e trace={CALLS} -e signal=none"
    return ("strace", *options.split(), "-o", str(folder / "calls"))


@dataclass(frozen=True)
class Call:
    """One call that succeeded: when it was made and had returned, and its arguments, paths and bytes decoded."""

    begun: float
    ended: float
    name: str
    args: tuple[bytes, ...]
    result: int


def recorded(folder: Path, root: Path) -> list[Call]:
    """The calls of all threads that concern what is below `root`, in the order in which they returned."""
    below, calls = os.fsencode(root), []
    for file in folder.glob("calls.*"):
        with file.open() as lines:
            calls += [call for line in lines if (call := _parsed(line)) is not None]
    ours = (call for call in calls if any(arg.startswith(below) for arg in call.args))
    return sorted(ours, key=lambda call: call.ended)


def _parsed(line: str) -> Call | None:
    found = LINE.match(line.rstrip("\n"))
    if found is None or int(found["result"]) < 0:
        return None
    begun = float(found["at"])
    args = tuple(_decoded(token) for token in TOKEN.finditer(found["args"]))
    return Call(begun, begun + float(found["took"]), found["call"], args, int(found["result"]))


def _decoded(token: re.Match[str]) -> bytes:
    text, path, deleted, other = token.groups()
    if other is not None:
        return other.encode()
    return bytes.fromhex((text if text is not None else path).replace("\\x", "")) + (DELETED if deleted else b"")


class Luck(random.Random):
    """Chance at its best: everything that was asked for is left."""

    def random(self) -> float:
        return 0.0

    def randrange(self, count: int) -> int:
        return count - 1


class BadLuck(random.Random):
    """Chance at its worst: nothing is left but what is safe."""

    def random(self) -> float:
        return 1.0

    def randrange(self, count: int) -> int:
        return 0


@dataclass
class File:
    """One file's bytes that are safe, and the changes since: where and what, or (bytes None) its new size."""

    safe: bytearray = field(default_factory=bytearray)
    later: list[tuple[float, int, bytes | None]] = field(default_factory=list)
    size: int = 0

    def change(self, ended: float, at: int, data: bytes | None) -> None:
        """A write, or a new size, that has returned."""
        self.later.append((ended, at, data))
        self.size = at if data is None else max(self.size, at + len(data))

    def sync(self, begun: float) -> None:
        """What had been written when a sync began is safe once it has returned."""
        for change in self.later:
            if change[0] <= begun:
                _apply(self.safe, *change[1:])
        self.later = [change for change in self.later if change[0] > begun]

    def left(self, chance: random.Random) -> bytes:
        """What may be left of it."""
        content = bytearray(self.safe)
        for _, at, data in self.later:
            if chance.random() < 0.5:
                whole = data is None or chance.random() < 0.7
                _apply(content, at, data if whole else data[: chance.randrange(len(data) + 1) // SECTOR * SECTOR])
        return bytes(content)


def _apply(content: bytearray, at: int, data: bytes | None) -> None:
    if data is None:
        del content[at:]
    content.extend(b"\0" * (at - len(content)))
    if data:
        content[at : at + len(data)] = data


Key = TypeVar("Key")
Entry = File | None
"""What a name leads to: a file, or a folder."""


@dataclass
class Folder:
    """One folder's names that are safe, and the changes since: sets of names that change together (a rename)."""

    safe: dict[str, Entry] = field(default_factory=dict)
    later: list[tuple[float, dict[str, Entry | str]]] = field(default_factory=list)

    def sync(self, begun: float) -> None:
        """As for a file."""
        for at, change in self.later:
            if at <= begun:
                _put(self.safe, change)
        self.later = [change for change in self.later if change[0] > begun]

    def left(self, chance: random.Random) -> dict[str, Entry]:
        """The names that may be left."""
        names = dict(self.safe)
        for _, change in self.later[: chance.randrange(len(self.later) + 1)]:
            _put(names, change)
        return names


GONE = "gone"


def _put(names: dict[Key, Entry], change: Mapping[Key, Entry | str]) -> None:
    for name, entry in change.items():
        if isinstance(entry, str):
            names.pop(name, None)
        else:
            names[name] = entry


class Disk:
    """What is below one folder, as far as calls that were recorded have made it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._now: dict[Path, Entry] = {root: None}
        self._folders: dict[Path, Folder] = {root: Folder()}

    def do(self, call: Call) -> None:
        """Take a call that has returned. Raises NotImplementedError for one that is not modelled."""
        getattr(self, f"_{call.name}", self._unknown)(call)

    def leave(self, target: Path, chance: random.Random) -> None:
        """Make a folder that holds what may be left when the power goes now."""
        self._leave(self._root, target, chance)

    def _leave(self, path: Path, target: Path, chance: random.Random) -> None:
        target.mkdir(mode=0o700)
        for name, entry in self._folders[path].left(chance).items():
            there = target / name
            if entry is None:
                self._leave(path / name, there, chance)
            else:
                there.write_bytes(entry.left(chance))
                there.chmod(0o600)

    def _is_ours(self, path: Path) -> bool:
        return path.is_relative_to(self._root)

    def _change(self, at: float, changes: dict[Path, Entry | str]) -> None:
        """Change what paths lead to; those of one folder change together."""
        _put(self._now, changes)
        folders: dict[Path, dict[str, Entry | str]] = {}
        for path, entry in changes.items():
            folders.setdefault(path.parent, {})[path.name] = entry
        for folder, change in folders.items():
            self._folders[folder].later.append((at, change))

    def _openat(self, call: Call) -> None:
        path, flags = path_of(*call.args[:2]), call.args[2].split(b"|")
        if not self._is_ours(path):
            return
        if b"O_CREAT" in flags and path not in self._now:
            self._change(call.ended, {path: File()})
        if b"O_TRUNC" in flags and (file := self._now.get(path)):
            file.change(call.ended, 0, None)

    def _pwrite64(self, call: Call) -> None:
        self._write_at(call, int(call.args[3]))

    def _write(self, call: Call) -> None:
        """What is written without a place goes to the end, as all such files here are written from start to end."""
        if (file := self._now.get(path_of(call.args[0]))) is not None:
            self._write_at(call, file.size)

    def _write_at(self, call: Call, at: int) -> None:
        """To a file that has a name: what goes into others is lost with them."""
        if (file := self._now.get(path_of(call.args[0]))) is not None:
            file.change(call.ended, at, call.args[1][: call.result])

    def _ftruncate(self, call: Call) -> None:
        if (file := self._now.get(path_of(call.args[0]))) is not None:
            file.change(call.ended, int(call.args[1]), None)

    def _fsync(self, call: Call) -> None:
        path = path_of(call.args[0])
        if path in self._folders:
            self._folders[path].sync(call.begun)
        elif (file := self._now.get(path)) is not None:
            file.sync(call.begun)

    _fdatasync = _fsync

    def _renameat(self, call: Call) -> None:
        self._move(call.ended, path_of(*call.args[:2]), path_of(*call.args[2:4]))

    _renameat2 = _renameat

    def _rename(self, call: Call) -> None:
        self._move(call.ended, path_of(call.args[0]), path_of(call.args[1]))

    def _move(self, at: float, old: Path, new: Path) -> None:
        if not self._is_ours(old) and not self._is_ours(new):
            return
        entry = self._now[old]
        assert entry is not None, f"a folder was renamed, which is not modelled: {old}"
        self._change(at, {new: entry, old: GONE})

    def _linkat(self, call: Call) -> None:
        old, new = path_of(*call.args[:2]), path_of(*call.args[2:4])
        if self._is_ours(new):
            self._change(call.ended, {new: self._now[old]})

    def _link(self, call: Call) -> None:
        old, new = path_of(call.args[0]), path_of(call.args[1])
        if self._is_ours(new):
            self._change(call.ended, {new: self._now[old]})

    def _unlinkat(self, call: Call) -> None:
        self._remove(call.ended, path_of(*call.args[:2]))

    def _unlink(self, call: Call) -> None:
        self._remove(call.ended, path_of(call.args[0]))

    _rmdir = _unlink

    def _remove(self, at: float, path: Path) -> None:
        if self._is_ours(path) and path in self._now:
            self._change(at, {path: GONE})

    def _mkdirat(self, call: Call) -> None:
        self._make(call.ended, path_of(*call.args[:2]))

    def _mkdir(self, call: Call) -> None:
        self._make(call.ended, path_of(call.args[0]))

    def _make(self, at: float, path: Path) -> None:
        if self._is_ours(path):
            self._change(at, {path: None})
            self._folders[path] = Folder()

    def _unknown(self, call: Call) -> None:
        raise NotImplementedError(f"{call.name} of {call.args[0]!r}: teach {type(self).__name__} what it does")


def path_of(*parts: bytes) -> Path:
    """A path, or one below a folder."""
    return Path(*map(os.fsdecode, parts))
