"""From the ring to frames: rows become columns, each row in exactly one frame whatever dies in between.

The protocol, for every frame: note in the buffer which frame is about to cover which rows (`plan`), append the frame,
move `tail`. A crash before the frame leaves the note with a number that no frame has, and the rows are taken again;
a crash after it leaves a frame whose number the note explains, and `recover` moves the tail. A buffer that is full and
wholly in frames is deleted.

Rows with the same names follow each other, as a rule, at a fixed distance, so columns are cut out by strides and not
row by row. The work is done in pieces of less than half a millisecond, with a pause after each: while it runs, a
program that logs waits for the interpreter's lock.
"""

from __future__ import annotations

import logging
from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from trainyard.track import frames
from trainyard.track.buffer import NAMES, Buffer, BufferDamaged, buffers_in
from trainyard.track.frames import Block, Gap, Kind
from trainyard.track.ring import Ring
from trainyard.track.spool import SpoolWriter

__all__ = ["Observer", "drain", "rescue"]

PAYLOAD = 256 * 1024
PIECE = 64 * 1024
_LOW = 0xFFFFFFFF
_log = logging.getLogger("trainyard")


class _Rows(NamedTuple):
    """Rows of one shape, and the offset after them."""

    names: tuple[str, ...]
    steps: array[int]
    times: array[int]
    values: list[array[float]]
    end: int


Observer = Callable[[list[Block], bytes], None]
"""Hears of the rows of a frame that was written, and of its payload."""


def drain(
    ring: Ring,
    spool: SpoolWriter,
    *,
    insist: bool = True,
    pause: Callable[[], None] = lambda: None,
    observe: Observer = lambda blocks, payload: None,
) -> bool:
    """Move all rows that are in the ring now into frames. Without `insist` rows stay in the ring when the disk is full,
    and the answer is False; with it they are dropped and counted then. `pause` is called after each piece of work,
    `observe` with the rows of each frame. Raises OSError when the spool cannot be written for another reason; the rows
    stay in the ring then."""
    with spool.lock:
        for buffer in ring.buffers:
            is_full = buffer is not ring.buffers[-1]  # before its head is read: it does not move any more
            if not _drain_buffer(buffer, spool, insist, pause, observe):
                return False
            if is_full:
                ring.retire(buffer)
        if ring.lost:
            lost, ring.lost = ring.lost, 0
            spool.owe(Gap(lost, 0, 0))
    return True


def rescue(spool: SpoolWriter) -> None:
    """Drain what a dead owner left in the buffers of `spool`'s folder, and delete them. After another boot of the
    machine they are given up: their pages may have reached the disk in any order, while frames carry checksums.
    Idempotent."""
    with ExitStack() as stack:
        for buffer in sorted(_left_in(spool.folder, stack), key=attrgetter("order")):
            try:
                if buffer.same_boot:
                    buffer.recover(spool.seq)
                    _drain_buffer(buffer, spool, insist=True, pause=lambda: None, observe=lambda blocks, payload: None)
                buffer.discard()
            except BufferDamaged as error:
                _say_damaged(spool.folder, error)


def _left_in(folder: Path, stack: ExitStack) -> Iterator[Buffer]:
    for path in buffers_in(folder):
        try:
            yield stack.enter_context(closing(Buffer(path)))
        except BufferDamaged as error:
            _say_damaged(folder, error)


def _say_damaged(folder: Path, error: BufferDamaged) -> None:
    _log.warning("trainyard: rows in %s may be lost: %s", folder, error)


def _drain_buffer(
    buffer: Buffer, spool: SpoolWriter, insist: bool, pause: Callable[[], None], observe: Observer
) -> bool:
    """Move the rows of one buffer; whether all are in frames now, or dropped and counted."""
    end, buffer.named_to = buffer.head, min(buffer.named_to, buffer.tail)
    for blocks, covered in _blocks(_rows(buffer, end, pause)):
        buffer.plan(covered, spool.seq + 1)
        payload = frames.pack_metrics(blocks, pause)
        if insist:
            spool.append(Kind.METRICS, payload)
        elif not spool.offer(Kind.METRICS, payload):
            return False
        buffer.drained(covered)
        observe(blocks, payload)
    if buffer.tail < end:  # names without a row yet
        buffer.drained(end)
    return True


def _blocks(rows: Iterator[_Rows]) -> Iterator[tuple[list[Block], int]]:
    """Blocks for payloads of about PAYLOAD bytes, each with the offset up to which they cover everything."""
    blocks: dict[tuple[str, ...], Block] = {}
    size, end = 0, 0
    for part in rows:
        width = 16 + 8 * len(part.names)
        size += width * len(part.steps) + (0 if part.names in blocks else _overhead(part.names))
        _extend(blocks, part)
        end = part.end
        if size >= PAYLOAD:
            yield list(blocks.values()), end
            blocks, size = {}, 0
    if blocks:
        yield list(blocks.values()), end


def _overhead(names: tuple[str, ...]) -> int:
    return 64 + sum(57 + 4 * len(name) for name in names)


def _extend(blocks: dict[tuple[str, ...], Block], part: _Rows) -> None:
    block = blocks.setdefault(part.names, Block(part.names, array("q"), array("q"), [array("d") for _ in part.names]))
    block.steps.extend(part.steps)
    block.times.extend(part.times)
    for column, more in zip(block.values, part.values, strict=True):
        column.extend(more)


def _rows(buffer: Buffer, end: int, pause: Callable[[], None]) -> Iterator[_Rows]:
    """The rows below `end` that are not drained yet, in order, as long runs of one shape. Learns names on the way."""
    tail = buffer.tail
    while buffer.named_to < end:
        begin = buffer.named_to
        data = _piece(buffer, begin, end)
        words = array("Q", data)
        at = 0
        while at < len(words):
            here, shape, size = begin + 8 * at, words[at] >> 32, _words_of(words[at], begin + 8 * at)
            if at + size > len(words):  # the next piece starts with it
                break
            if shape == NAMES:
                length = words[at + 1] >> 32
                names = data[8 * at + 16 : 8 * at + 16 + length].decode()
                buffer.names[words[at + 1] & _LOW] = tuple(names.split("\0"))
                count = 1
            else:
                count = _run(words, at, size, (tail - here) // (8 * size) if here < tail else len(words))
                if here >= tail:
                    yield _columns(data, at, count, size, buffer.names[shape], begin)
            at += size * count
        buffer.named_to = begin + 8 * at
        pause()


def _piece(buffer: Buffer, begin: int, end: int) -> bytes:
    """About PIECE bytes of records from `begin` on, the first of them whole. Raises BufferDamaged."""
    size = 8 * _words_of(buffer.words[begin // 8], begin)
    if begin + size > end:
        raise BufferDamaged(f"the record at offset {begin} is cut off")
    return buffer.read(begin, min(end, begin + max(PIECE, size)))


def _words_of(word: int, offset: int) -> int:
    """How many words the record has that starts with `word`. Raises BufferDamaged."""
    size = word & _LOW
    if size < 16 or size % 8:
        raise BufferDamaged(f"no record at offset {offset}")
    return size // 8


def _run(words: array[int], at: int, stride: int, most: int) -> int:
    """How many records of the same kind follow each other, up to `most`; looks twice as far each time."""
    word, count = words[at], 1
    most = min(most, (len(words) - at) // stride)
    while count < most:
        ahead = min(2 * count, most)
        if words[at + count * stride : at + ahead * stride : stride].count(word) < ahead - count:
            break
        count = ahead
    return count


def _columns(data: bytes, at: int, count: int, stride: int, names: tuple[str, ...], begin: int) -> _Rows:
    end = at + count * stride
    integers, doubles = array("q", data[8 * at : 8 * end]), array("d", data[8 * at : 8 * end])
    times = array("q", [time // 1000 for time in integers[1::stride]])
    return _Rows(
        names,
        integers[2::stride],
        times,
        [doubles[3 + i :: stride] for i in range(len(names))],
        begin + 8 * end,
    )
