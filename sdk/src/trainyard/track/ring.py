"""The ring: takes a row of numbers in about a microsecond, never waits, and keeps the row when the process dies.

A row is copied into a memory-mapped file, a `Buffer`, and counts from the one store that moves the buffer's head over
it. A full buffer is swapped for a spare one; what was put into it waits until another thread has turned it into frames
(`drain`) and calls `retire`. That thread also calls `prepare`, which makes spare buffers; when none is ready, `put`
makes one, and where the disk has no room it is in memory and dies with the process. When `MOST` buffers wait, a row is
lost, and counted in `lost`.

Threads. The short way of `put` takes no lock: between reading `head` and storing it there is no bytecode at which
CPython lets another thread or a signal handler in (it does so after calls and at backward jumps only). Everything
longer holds the lock and first closes the gate, `_limit`, so that no `put` goes the short way meanwhile. Without a
global interpreter lock the gate stays closed and every `put` takes the lock.
"""

from __future__ import annotations

import itertools
import math
import struct
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import time_ns
from typing import NamedTuple, SupportsFloat

from trainyard.track.buffer import HEAD, HEADER, NAMES, Buffer
from trainyard.track.conversion import detached, no_number

__all__ = ["CAPACITY", "MOST", "Refused", "Ring"]

CAPACITY = 4 * 1024 * 1024
"""Bytes of records in a buffer."""
MOST = 64
"""Buffers that may wait to be drained."""
MOST_SPARE = 8
MAX_COLUMNS = 512
MAX_SHAPES = 2048
MAX_NAME = 1024
_TWO = struct.Struct("<QQ")
_MIN_STEP, _MAX_STEP = -(2**63), 2**63 - 1
_ONE_THREAD_AT_A_TIME: bool = getattr(sys, "_is_gil_enabled", lambda: True)()


class Refused(NamedTuple):
    """A value that is not a number, or a name that cannot be one: its name, what it was, and why it was refused."""

    name: str
    kind: str
    why: str


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
            self._ring._open()
        self._lock.release()


class _Shape(NamedTuple):
    pack: Callable[..., bytes]
    word: int
    size: int
    epoch: int
    detaches: bool = False


class Ring:
    """A ring whose buffers are files of `folder`, each with room for `capacity` bytes (a multiple of 8). One process
    puts; see the module for what is kept.

    `on_swap` is called when a full buffer was swapped, by `put` and under its lock: it may not raise or wait.
    `on_refused` is called with each value that was refused; what it raises comes out of `put`, whose row is not
    recorded then.

    `buffers` are those that hold rows, the oldest first; the last one is being filled."""

    def __init__(self, folder: Path, capacity: int = CAPACITY) -> None:
        self._folder, self._capacity, self._numbers = folder, capacity, itertools.count(1)
        self._gate = _Gate(self)
        self._spares: deque[Buffer] = deque()
        self._aside: list[tuple[tuple[str, ...], int, int, list[float]]] = []
        self._step = self._epoch = self._head = 0
        self._closed = False
        self.lost = 0
        self.on_swap: Callable[[], None] = _do_nothing
        self.on_refused: Callable[[Refused], None] = _ignore_refused
        self.buffers: tuple[Buffer, ...] = ()
        self._fill(self._another())
        self._open()

    @property
    def is_in_memory(self) -> bool:
        """Whether rows go into a buffer without a file now, because the disk is full."""
        return self.buffers[-1].path is None

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
            self._map[at:end] = data
            self._head = end
            self._words[HEAD] = end
            return None
        return self._put_carefully(values, step)

    def begin_at(self, step: int) -> None:
        """The step of the next row that names none."""
        self._step = step

    def prepare(self) -> None:
        """Make a spare buffer when there are too few: as many as hold rows. Called by one thread, the one that drains.
        Where the disk has no room there is none."""
        if len(self._spares) < min(MOST_SPARE, len(self.buffers)):
            with suppress(OSError):
                self._spares.append(self._new())

    def give_up_spares(self) -> bool:
        """Delete the spare buffers, whose room on the disk is needed otherwise; whether there were any."""
        had_spares = False
        while self._spares:
            try:
                self._spares.popleft().discard()
                had_spares = True
            except IndexError:  # `put` took it
                break
        return had_spares

    def retire(self, buffer: Buffer) -> None:
        """Let go of the oldest buffer, which is full and wholly in frames."""
        with self._gate:
            self.buffers = tuple(each for each in self.buffers if each is not buffer)
        buffer.discard()

    @property
    def waiting(self) -> int:
        """Bytes that are not drained yet."""
        return sum(buffer.head - buffer.tail for buffer in self.buffers)

    def stop(self) -> None:
        """Take no more rows: what is put from now on is ignored."""
        with self._gate:
            self._closed = True

    def discard(self) -> None:
        """Delete the files of all buffers that are wholly in frames, after `stop`."""
        self.give_up_spares()
        for buffer in self.buffers:
            if buffer.head == buffer.tail:
                buffer.discard()

    def close(self) -> None:
        """Unmap all files. What is not drained stays in them."""
        for buffer in (*self.buffers, *self._spares):
            buffer.close()

    def _new(self) -> Buffer:
        return Buffer.create(self._folder, next(self._numbers), self._capacity)

    def _fill(self, buffer: Buffer) -> None:
        """Go on in this buffer. The gate is closed, or nobody puts yet."""
        self.buffers = (*self.buffers, buffer)
        self._map, self._words = buffer.map, buffer.words
        self._head = buffer.head
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        self._epoch += 1
        buffer.begin(self._epoch)
        self._next_shape = 0

    def _open(self) -> None:
        """Open the gate."""
        if _ONE_THREAD_AT_A_TIME and not self._closed:
            self._limit = HEADER + self._capacity
        else:
            self._limit = -1

    def _put_carefully(self, values: Mapping[str, SupportsFloat], step: int | None) -> None:
        """The long way: a new set of names, a full buffer, or values that need a second look."""
        try:
            items = list(values.items())
        except Exception:
            return self.on_refused(_no_row(values))
        row = self._clean(items)
        if not row:
            return None
        number = min(self._step, _MAX_STEP) if step is None else self._whole(step)
        self._step = number + 1
        now = time_ns()
        names = list(row)
        for first in range(0, len(names), MAX_COLUMNS):
            part = tuple(names[first : first + MAX_COLUMNS])
            self._place(part, now, number, [row[name] for name in part])
        if any(hasattr(value, "detach") for _, value in items):
            self._detach(tuple(names))
        return None

    def _whole(self, step: SupportsFloat) -> int:
        """The step as a number; the next one for what is none, so that its row is kept."""
        try:
            return _as_step(step)
        except Exception as error:
            following = min(self._step, _MAX_STEP)
            why = f"{_said(error)}; its row has step {following}"
            self.on_refused(Refused("step", type(step).__name__, why))
            return following

    def _detach(self, names: tuple[str, ...]) -> None:
        """From now on rows of these names have tensors without gradients, whose conversion would warn."""
        shape = self._shapes.get(names)
        if shape is not None and not shape.detaches:
            self._shapes[names] = shape._replace(pack=_detaching(shape.pack), detaches=True)

    def _clean(self, items: Sequence[tuple[str, SupportsFloat]]) -> dict[str, float]:
        row: dict[str, float] = {}
        for name, value in items:
            why = _why_not_name(name)
            if not why:
                try:
                    row[name] = _as_number(value)
                    continue
                except Exception as error:
                    why = _why_no_number(value, error)
            self.on_refused(Refused(_said(name)[:80], type(value).__name__, why))
        return row

    def _place(self, names: tuple[str, ...], now: int, step: int, numbers: list[float]) -> None:
        with self._gate:
            if self._gate.depth > 1:  # a signal handler on top of ourselves
                self._aside.append((names, now, step, numbers))
                return
            row = (names, now, step, numbers)
            if not (self._closed or self._write_row(*row) or (self._swap() and self._write_row(*row))):
                self.lost += len(numbers)
        self._place_aside()

    def _place_aside(self) -> None:
        """Put the rows that a signal handler logged on top of a `put`, which had to wait in memory."""
        aside, self._aside = self._aside, []
        for row in aside:
            self._place(*row)

    def _write_row(self, names: tuple[str, ...], now: int, step: int, numbers: list[float]) -> bool:
        """Whether there was room for the row, and for its names when they are new."""
        shape = self._shapes.get(names) or self._define(names)
        return shape is not None and self._write(shape.pack(shape.word, now, step, *numbers))

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
        """Put one record at the head; whether there was room. The gate is closed."""
        end = self._head + len(data)
        if end > HEADER + self._capacity:
            return False
        self._map[self._head : end] = data
        self._head = end
        self._words[HEAD] = end
        return True

    def _swap(self) -> bool:
        """Go on in another buffer; False when too many wait. The gate is closed."""
        if len(self.buffers) >= MOST:
            return False
        self._fill(self._another())
        self.on_swap()
        return True

    def _another(self) -> Buffer:
        """A spare buffer, else a new one, else one in memory."""
        with suppress(IndexError):
            return self._spares.popleft()
        with suppress(OSError):
            return self._new()
        return Buffer.in_memory(self._capacity)


def _as_number(value: SupportsFloat) -> float:
    if isinstance(value, str | bytes | bytearray):
        raise TypeError("text")
    value = detached(value)
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
    if number != step or not _MIN_STEP <= number <= _MAX_STEP:
        raise ValueError(f"step {step!r} is not a whole number of 64 bits")
    return int(number)


def _no_row(values: object) -> Refused:
    name = values[:80] if isinstance(values, str) else "log"
    return Refused(name, type(values).__name__, "a row is given as log({'loss': 0.5})")


def _detaching(pack: Callable[..., bytes]) -> Callable[..., bytes]:
    return lambda word, time, step, *values: pack(word, time, step, *map(detached, values))


def _said(thing: object) -> str:
    """Its text, or its type where it has none."""
    try:
        return str(thing) or type(thing).__name__
    except Exception:
        return type(thing).__name__


def _why_no_number(value: object, error: Exception) -> str:
    try:
        return no_number(value, error)
    except Exception:  # of an object that answers no question
        return _said(error)


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


def _do_nothing() -> None:
    return None


def _ignore_refused(refused: Refused) -> None:
    return None


if sys.byteorder == "big":
    raise ImportError("trainyard.track.ring packs words in place and needs a little-endian machine")
