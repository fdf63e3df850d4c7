"""A buffer of the ring: a memory-mapped file that rows fill once, from its start to its end.

Whoever puts writes a record and then moves one word, `head`, over it by one store: what lies below `head` is whole, so
a SIGKILL loses nothing of it (the pages belong to the kernel). Whoever drains moves `tail` over what is in frames. Both
are offsets in the file and only grow. Records are multiples of 8 bytes::

    word 0    size in bytes (low 32 bits), shape (high 32 bits)
    shape 0xffffffff     names: word 1 is the shape they define (low) and their length (high), then UTF-8 joined by NUL
    any other            a row: time in nanoseconds, step, one double for each name of the shape

A buffer explains itself: the names of a shape stand in it before the first row that has them. The header holds the
marks: `head`, `tail`, `order` (its place among the buffers that its writer has filled), and the plan, which says which
frame is about to cover what (see `drain`). What a row may be is `ring`'s to decide.

A file is fully allocated when it is made: a full disk never becomes a bus error in the training program.
"""

from __future__ import annotations

import mmap
import os
import re
import struct
from functools import cache
from pathlib import Path

from trainyard.track import failpoints

__all__ = ["HEAD", "HEADER", "NAMES", "Buffer", "BufferDamaged", "boot_id", "buffers_in"]

HEADER = 4096
"""Bytes before the first record."""
HEAD = 4
"""The word that holds the head."""
NAMES = 0xFFFFFFFF
_TAIL, _PLAN_END, _PLAN_SEQ, _ORDER = 5, 6, 7, 8
_MAGIC = b"TYRING2\0"
_IDENTITY = struct.Struct("<8sQ16s")
_FILE = re.compile(r"ring\.\d{8,}")


class BufferDamaged(ValueError):
    """The file is not a buffer, or its marks contradict each other."""


class Buffer:
    """The buffer in the file `path`; without a path it is memory only and dies with the process. Raises OSError and
    BufferDamaged."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            size = os.fstat(file.fileno()).st_size
            if size <= HEADER:
                raise BufferDamaged(f"{path} has {size} bytes")
            self._start(mmap.mmap(file.fileno(), size), path)

    @classmethod
    def create(cls, folder: Path, number: int, capacity: int) -> Buffer:
        """A new, empty buffer with room for `capacity` bytes (a multiple of 8), in a file of that number. Raises
        OSError when the disk has no room for it, and leaves nothing then."""
        path, draft = folder / f"ring.{number:08d}", folder / f"draft.{number:08d}"
        fd = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(fd, 0, HEADER + capacity)
            buffer = cls._new(mmap.mmap(fd, HEADER + capacity), path)
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        finally:
            os.close(fd)
        return buffer

    @classmethod
    def in_memory(cls, capacity: int) -> Buffer:
        """A buffer without a file: where no file can be had, rows wait in memory."""
        return cls._new(mmap.mmap(-1, HEADER + capacity), None)

    @classmethod
    def _new(cls, area: mmap.mmap, path: Path | None) -> Buffer:
        _IDENTITY.pack_into(area, 0, _MAGIC, len(area), boot_id())
        buffer = cls.__new__(cls)
        buffer._start(area, path)
        return buffer

    def _start(self, area: mmap.mmap, path: Path | None) -> None:
        magic, size, boot = _IDENTITY.unpack_from(area, 0)
        if magic != _MAGIC or size != len(area) or size % 8:
            area.close()
            raise BufferDamaged(f"{path} is not a buffer of the ring")
        self.path = path
        self.map = area
        self.words = memoryview(area).cast("Q")  # stores a word at once; `pack_into` clears it first, byte by byte
        self.size = size
        self.same_boot: bool = boot == boot_id()
        self.names: dict[int, tuple[str, ...]] = {}
        """The names of each shape that is defined below `named_to`: kept by who drains."""
        self.named_to = HEADER
        if not self.tail <= max(self.head, HEADER) <= size:
            marks = f"tail {self.tail}, head {self.head}, size {size}"
            self.close()
            raise BufferDamaged(f"the marks of {path} are out of order: {marks}")

    @property
    def head(self) -> int:
        """Where the next record goes."""
        return self.words[HEAD] or HEADER

    @property
    def tail(self) -> int:
        """Everything below is in frames."""
        return self.words[_TAIL] or HEADER

    @property
    def order(self) -> int:
        """Its place among the buffers that were filled; 0 for one that was not begun."""
        return self.words[_ORDER]

    def begin(self, order: int) -> None:
        """It is filled from now on."""
        self.words[_ORDER] = order

    def read(self, begin: int, end: int) -> bytes:
        """The bytes between two offsets."""
        return self.map[begin:end]

    def plan(self, end: int, seq: int) -> None:
        """Note that frame `seq`, about to be written, covers everything up to `end`. The number is what makes the
        note valid, so it is cleared first and written last."""
        self._mark(_PLAN_SEQ, 0, "buffer.plan.cleared")
        self._mark(_PLAN_END, end, "buffer.plan.end")
        self._mark(_PLAN_SEQ, seq, "buffer.plan.seq")

    def drained(self, end: int) -> None:
        """Everything up to `end` is in frames."""
        self._mark(_TAIL, end, "buffer.tail")

    def recover(self, last_seq: int) -> None:
        """After a crash: when the planned frame did get written (its number is at most `last_seq`), what it covers
        is drained. Idempotent."""
        planned, end = self.words[_PLAN_SEQ], self.words[_PLAN_END]
        if 0 < planned <= last_seq and self.tail < end <= self.head:
            self.drained(end)

    def close(self) -> None:
        """Unmap the file."""
        self.words.release()
        self.map.close()

    def discard(self) -> None:
        """Delete the file. The mapping stays, for a thread that still has it."""
        failpoints.point("buffer.discard")
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def _mark(self, word: int, value: int, name: str) -> None:
        failpoints.point(name)
        self.words[word] = value


def buffers_in(folder: Path) -> list[Path]:
    """The files of the buffers in a writer's folder."""
    return sorted(entry for entry in folder.iterdir() if _FILE.fullmatch(entry.name))


@cache
def boot_id() -> bytes:
    """Which boot of the machine this is; zeros where the system does not say. After another boot the pages of a buffer
    cannot be trusted, since they may have reached the disk in any order."""
    try:
        return bytes.fromhex(Path("/proc/sys/kernel/random/boot_id").read_text().strip().replace("-", ""))
    except (OSError, ValueError):
        return bytes(16)
