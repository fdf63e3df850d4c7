"""The ring: a memory-mapped file that takes a row of numbers in about a microsecond and keeps it when the process dies.

A row is copied into the mapping and then one word, `head`, is moved over it by one store: what lies below `head` is
whole, so a SIGKILL after `put` has returned loses nothing (the pages belong to the kernel). Positions only grow; a
position's place in the file is its remainder by the capacity. Records are multiples of 8 bytes and never cross the
end::

    word 0    size in bytes (low 32 bits), shape (high 32 bits)
    shape 0              padding to the end of the lap
    shape 0xffffffff     names: word 1 is the shape they define (low) and their length (high), then UTF-8 joined by NUL
    any other            a row: time in nanoseconds, step, one double for each name of the shape

Names are defined again after every drain, so the part that is not drained yet explains itself. The header holds the
marks of a drain (see `drain`): `tail` is drained, from `base` on nothing may be overwritten, and `plan` says which
frame is about to cover what. This module decides how rows lie in the file; turning them into frames is `drain`'s.

Threads. The short way of `put` takes no lock: between reading `head` and storing it there is no bytecode at which
CPython lets another thread or a signal handler in (it does so after calls and at backward jumps only). Everything
longer holds the lock and first closes the gate, `_limit`, so that no `put` goes the short way meanwhile. Without a
global interpreter lock the gate stays closed and every `put` takes the lock.

The file is fully allocated at the start: a full disk never becomes a bus error in the training program.
"""

from __future__ import annotations

import math
import mmap
import os
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import time_ns
from typing import NamedTuple, SupportsFloat

from trainyard.track import fault

__all__ = ["CAPACITY", "NAMES", "PAD", "Refused", "Ring", "RingDamaged", "Span", "boot_id"]

CAPACITY = 4 * 1024 * 1024
HEADER = 4096
PAD = 0
NAMES = 0xFFFFFFFF
MAX_COLUMNS = 512
MAX_SHAPES = 2048
MAX_NAME = 1024
_MAGIC = b"TYRING1\0"
_IDENTITY = struct.Struct("<8sQ16s")
_TWO = struct.Struct("<QQ")
_HEAD, _TAIL, _BASE, _PLAN_END, _PLAN_SEQ = 4, 5, 6, 7, 8
"""The words of the marks."""
_MIN_STEP, _MAX_STEP = -(2**63), 2**63 - 1
_ONE_THREAD_AT_A_TIME: bool = getattr(sys, "_is_gil_enabled", lambda: True)()


class RingDamaged(ValueError):
    """The file is not a ring, or its marks contradict each other."""


class Refused(NamedTuple):
    """A value that is not a number, or a name that cannot be one: its name, what it was, and why it was refused."""

    name: str
    kind: str
    why: str


class Span(NamedTuple):
    """A part of the ring to be drained: rows from `tail` to `end`, whose names are defined from `base` on."""

    base: int
    tail: int
    end: int


class _Gate:
    """The lock of a ring, held with the short way of `put` closed. `depth` above 1 means: entered from inside."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._lock = threading.RLock()
        self.depth = 0

    def __enter__(self) -> None:
        self._lock.acquire()
        self._ring._limit = -1
        self.depth += 1

    def __exit__(self, *exc: object) -> None:
        self.depth -= 1
        if self.depth == 0:
            self._ring._aim()
        self._lock.release()


class _Shape(NamedTuple):
    pack: Callable[..., bytes]
    word: int
    size: int
    epoch: int


class Ring:
    """A ring in the file of `fd`, which stays the caller's. One process puts; see the module for what is kept.

    `on_full` is called by `put`, without a lock held, when a row has no room; it drains and so makes room, or answers
    False when this thread is draining already (a signal handler on top of it). `on_refused` is told of each value that
    was refused. Neither may raise."""

    def __init__(self, fd: int) -> None:
        size = os.fstat(fd).st_size
        if size <= HEADER:
            raise RingDamaged(f"the ring has {size} bytes")
        self._start(mmap.mmap(fd, size))

    @classmethod
    def create(cls, fd: int, capacity: int = CAPACITY) -> Ring:
        """A new, empty ring of `capacity` bytes (a multiple of 8) in the empty file of `fd`. Raises OSError when the
        disk has no room for it; the file is empty again then."""
        try:
            os.posix_fallocate(fd, 0, HEADER + capacity)
            os.pwrite(fd, _IDENTITY.pack(_MAGIC, capacity, boot_id()), 0)
        except OSError:
            os.ftruncate(fd, 0)
            raise
        return cls(fd)

    @classmethod
    def in_memory(cls, capacity: int = CAPACITY) -> Ring:
        """A ring without a file: for a full disk, where a row waits in memory and dies with the process."""
        ring = cls.__new__(cls)
        area = mmap.mmap(-1, HEADER + capacity)
        _IDENTITY.pack_into(area, 0, _MAGIC, capacity, boot_id())
        ring._start(area)
        return ring

    def _start(self, area: mmap.mmap) -> None:
        magic, capacity, boot = _IDENTITY.unpack_from(area, 0)
        if magic != _MAGIC or len(area) != HEADER + capacity or capacity % 8:
            area.close()
            raise RingDamaged("the file is not a ring")
        self._map = area
        self._words = memoryview(area).cast("Q")  # stores a word at once; `pack_into` clears it first, byte by byte
        self.capacity: int = capacity
        self.same_boot: bool = boot == boot_id()
        self._gate = _Gate(self)
        self._limit = self._shift = 0
        self._next_shape = 0
        self._aside: list[tuple[tuple[str, ...], int, int, list[float]]] = []
        self._head = self._load(_HEAD)
        self._tail, self._base = self._load(_TAIL), self._load(_BASE)
        if not self._base <= self._tail <= self._head <= self._base + capacity:
            raise RingDamaged(f"marks out of order: base {self._base}, tail {self._tail}, head {self._head}")
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        self._epoch = 0
        self._step = 0
        self.lost = 0
        self.on_full: Callable[[], bool] = _cannot
        self.on_refused: Callable[[Refused], None] = _ignore_refused
        self._aim()

    def put(self, values: Mapping[str, SupportsFloat], step: int | None = None) -> None:
        """Copy one row into the ring. Values are converted by `__float__` now, so later changes of them do not
        matter. Without `step` it is one more than the last step put. Never raises an Exception."""
        try:
            shape = self._shapes[tuple(values)]
            if step is None:
                step = self._step
            data = shape.pack(shape.word, time_ns(), step, *values.values())
            self._step = step + 1
        except Exception:
            return self._put_carefully(values, step)
        at = self._head  # no call from here to the store: see Threads above
        end = at + shape.size
        if end <= self._limit and shape.epoch == self._epoch:
            at += self._shift
            self._map[at : at + shape.size] = data
            self._head = end
            self._words[_HEAD] = end
            return None
        return self._put_carefully(values, step)

    def begin_at(self, step: int) -> None:
        """The step of the next row that names none."""
        self._step = step

    def _put_carefully(self, values: Mapping[str, SupportsFloat], step: int | None) -> None:
        """The long way: a new set of names, a lap's end, a full ring, or values that need a second look."""
        try:
            row = self._clean(values)
            number = self._step if step is None else _as_step(step)
        except Exception as error:
            return self.on_refused(Refused("step or values", type(error).__name__, str(error)))
        if not row:
            return None
        self._step = number + 1
        now = time_ns()
        names = list(row)
        for first in range(0, len(names), MAX_COLUMNS):
            part = tuple(names[first : first + MAX_COLUMNS])
            self._place(part, now, number, [row[name] for name in part])
        return None

    def _clean(self, values: Mapping[str, SupportsFloat]) -> dict[str, float]:
        row: dict[str, float] = {}
        for name, value in list(values.items()):
            why = _why_not_name(name)
            if not why:
                try:
                    row[name] = _as_number(value)
                    continue
                except Exception as error:
                    why = str(error) or type(error).__name__
            self.on_refused(Refused(str(name)[:80], type(value).__name__, why))
        return row

    def _place(self, names: tuple[str, ...], now: int, step: int, numbers: list[float]) -> None:
        for _ in range(3):
            with self._gate:
                if self._gate.depth > 1:  # a signal handler on top of ourselves
                    self._aside.append((names, now, step, numbers))
                    return
                shape = self._shapes.get(names) or self._define(names)
                if shape is not None and self._write(shape.pack(shape.word, now, step, *numbers)):
                    break
            if not self.on_full():
                self._aside.append((names, now, step, numbers))
                return
        else:
            self.lost += len(numbers)
        self.place_aside()

    def place_aside(self) -> None:
        """Put the rows that a signal handler logged on top of a `put` or a drain, which had to wait in memory."""
        aside, self._aside = self._aside, []
        for row in aside:
            self._place(*row)

    def _define(self, names: tuple[str, ...]) -> _Shape | None:
        """Write the names as a record and remember their shape; None when there is no room."""
        if len(self._shapes) >= MAX_SHAPES:
            self._shapes.clear()
        self._next_shape += 1
        text = "\0".join(names).encode()
        size = 16 + len(text) + -len(text) % 8
        head = _TWO.pack(NAMES << 32 | size, len(text) << 32 | self._next_shape)
        if not self._write((head + text).ljust(size, b"\0")):
            return None
        row = struct.Struct(f"<Qqq{len(names)}d")
        shape = _Shape(row.pack, self._next_shape << 32 | row.size, row.size, self._epoch)
        self._shapes[names] = shape
        return shape

    def _write(self, data: bytes) -> bool:
        """Put one record at the head, after padding when the lap ends; whether there was room. The gate is closed."""
        size, rest = len(data), self.capacity - self._head % self.capacity
        pad = rest if size > rest else 0
        if self._head + pad + size > self._base + self.capacity:
            return False
        if pad:
            self._words[(HEADER + self._head % self.capacity) // 8] = PAD << 32 | pad
            self._move(self._head + pad)
        at = HEADER + self._head % self.capacity
        self._map[at : at + size] = data
        self._move(self._head + size)
        return True

    def _move(self, head: int) -> None:
        self._head = head
        self._words[_HEAD] = head

    def _aim(self) -> None:
        """Open the gate up to where the short way of `put` must stop: the end of the lap or of the room."""
        lap = self._head - self._head % self.capacity
        self._shift = HEADER - lap
        if _ONE_THREAD_AT_A_TIME:
            self._limit = min(lap + self.capacity, self._base + self.capacity)

    @property
    def waiting(self) -> int:
        """Bytes that are not drained yet."""
        return self._head - self._tail

    def open_span(self) -> Span:
        """All that is in the ring now. Rows that are put from now on define their names again, after the span."""
        with self._gate:
            self._shapes.clear()
            self._epoch += 1
            self._next_shape = 0
            return Span(self._base, self._tail, self._head)

    def read(self, begin: int, end: int) -> bytes:
        """The bytes between two positions of one lap."""
        at = HEADER + begin % self.capacity
        return self._map[at : at + end - begin]

    def pieces(self, span: Span) -> Iterator[tuple[int, bytes]]:
        """The bytes of a span, in one piece for each lap it touches, each with its position."""
        begin = span.base
        while begin < span.end:
            stop = min(span.end, begin - begin % self.capacity + self.capacity)
            yield begin, self.read(begin, stop)
            begin = stop

    def plan(self, end: int, seq: int) -> None:
        """Note that frame `seq`, about to be written, covers everything up to `end`. The number is what makes the
        note valid, so it is cleared first and written last."""
        self._mark(_PLAN_SEQ, 0, "ring.plan.cleared")
        self._mark(_PLAN_END, end, "ring.plan.end")
        self._mark(_PLAN_SEQ, seq, "ring.plan.seq")

    def drained(self, end: int) -> None:
        """Everything up to `end` is in frames."""
        self._tail = end
        self._mark(_TAIL, end, "ring.tail")

    def release(self, end: int) -> None:
        """Give the room of a drained span back to `put`."""
        with self._gate:
            self._mark(_BASE, end, "ring.base")
            self._base = end

    def recover(self, last_seq: int) -> None:
        """After a crash: when the planned frame did get written (its number is at most `last_seq`), what it covers
        is drained. Idempotent."""
        planned, end = self._load(_PLAN_SEQ), self._load(_PLAN_END)
        if 0 < planned <= last_seq and self._tail < end <= self._head:
            self.drained(end)

    def close(self) -> None:
        """Unmap the file."""
        self._words.release()
        self._map.close()

    def _load(self, word: int) -> int:
        return self._words[word]

    def _mark(self, word: int, value: int, name: str) -> None:
        fault.point(name)
        self._words[word] = value


def boot_id() -> bytes:
    """Which boot of the machine this is; zeros where the system does not say. After another boot a ring's pages
    cannot be trusted, since they may have reached the disk in any order."""
    try:
        return bytes.fromhex(Path("/proc/sys/kernel/random/boot_id").read_text().strip().replace("-", ""))
    except (OSError, ValueError):
        return bytes(16)


def _as_number(value: SupportsFloat) -> float:
    if isinstance(value, str | bytes | bytearray):
        raise TypeError("text is not a metric; use log_outputs or log_tags for it")
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]  # only an int or a Fraction overflows
    except TypeError:
        item = getattr(value, "item", None)
        if item is None:
            raise
        return float(item())


def _as_step(step: SupportsFloat) -> int:
    number = int(step)  # type: ignore[call-overload]  # whatever has __int__; the error is reported
    if number != step or not _MIN_STEP <= number <= _MAX_STEP - 1:
        raise ValueError(f"step {step!r} is not a whole number of 64 bits")
    return int(number)


def _why_not_name(name: object) -> str:
    if not isinstance(name, str):
        return "a metric's name must be text"
    if not name or "\0" in name or len(name) > MAX_NAME:
        return f"a metric's name has 1 to {MAX_NAME} characters and no NUL"
    try:
        name.encode()
    except UnicodeEncodeError:
        return "a metric's name must be valid Unicode"
    return ""


def _cannot() -> bool:
    return False


def _ignore_refused(refused: Refused) -> None:
    return None


if sys.byteorder == "big":
    raise ImportError("trainyard.track.ring packs words in place and needs a little-endian machine")
