"""From the ring to frames: rows become columns, each row in exactly one frame whatever dies in between.

The protocol, for every frame: note in the ring which frame is about to cover which rows (`plan`), append the frame,
move `tail`. A crash before the frame leaves the note with a number that no frame has, and the rows are taken again;
a crash after it leaves a frame whose number the note explains, and `recover` moves the tail. Only when a whole span
is in frames is its room given back, since the names of its rows stand at its start.

Rows with the same names follow each other, as a rule, at a fixed distance, so columns are cut out by strides and not
row by row.
"""

from __future__ import annotations

import contextlib
import logging
import os
from array import array
from collections.abc import Iterator
from typing import NamedTuple

from trainyard.track import frames
from trainyard.track.frames import Block, Gap, Kind
from trainyard.track.ring import NAMES, PAD, Ring, RingDamaged, Span
from trainyard.track.spool import SpoolWriter

__all__ = ["drain", "rescue"]

PAYLOAD = 448 * 1024
"""About how long a payload gets; never twice that, so that a frame passes proxies that let 1 MiB pass."""
_LOW = 0xFFFFFFFF
_log = logging.getLogger("trainyard")


class _Rows(NamedTuple):
    """Rows of one shape, and the ring position after them."""

    names: tuple[str, ...]
    steps: array[int]
    times: array[int]
    values: list[array[float]]
    end: int


def drain(ring: Ring, spool: SpoolWriter) -> None:
    """Move all rows that are in the ring now into frames. Raises OSError when the spool cannot be written for a
    reason other than a full disk; the rows stay in the ring then."""
    with spool.lock:
        span = ring.open_span()
        if span.tail < span.end:
            for payload, end in _payloads(_rows(ring, span)):
                ring.plan(end, spool.seq + 1)
                spool.append(Kind.METRICS, payload)
                ring.drained(end)
            ring.drained(span.end)
        if span.base < span.end:
            ring.release(span.end)
        if ring.lost:
            lost, ring.lost = ring.lost, 0
            spool.owe(Gap(lost, 0, 0))


def rescue(spool: SpoolWriter) -> None:
    """Drain what a dead owner left in the ring of `spool`'s folder. After another boot of the machine the ring is
    given up: its pages may have reached the disk in any order, while frames carry checksums. Idempotent."""
    if os.fstat(spool.fd).st_size == 0:
        return
    try:
        with contextlib.closing(Ring(spool.fd)) as ring:
            if ring.same_boot:
                ring.recover(spool.seq)
                drain(ring, spool)
    except RingDamaged as error:
        _log.warning("trainyard: the ring in %s is damaged (%s); rows in it may be lost", spool.folder, error)


def _payloads(rows: Iterator[_Rows]) -> Iterator[tuple[bytes, int]]:
    """Metrics payloads of about PAYLOAD bytes, each with the ring position up to which it covers everything."""
    blocks: dict[tuple[str, ...], Block] = {}
    size, end = 0, 0
    for part in rows:
        width = 16 + 8 * len(part.names)
        size += width * len(part.steps) + (0 if part.names in blocks else _overhead(part.names))
        _extend(blocks, part)
        end = part.end
        if size >= PAYLOAD:
            yield frames.pack_metrics(blocks.values()), end
            blocks, size = {}, 0
    if blocks:
        yield frames.pack_metrics(blocks.values()), end


def _overhead(names: tuple[str, ...]) -> int:
    return 64 + sum(57 + 4 * len(name) for name in names)


def _extend(blocks: dict[tuple[str, ...], Block], part: _Rows) -> None:
    block = blocks.setdefault(part.names, Block(part.names, array("q"), array("q"), [array("d") for _ in part.names]))
    block.steps.extend(part.steps)
    block.times.extend(part.times)
    for column, more in zip(block.values, part.values, strict=True):
        column.extend(more)


def _rows(ring: Ring, span: Span) -> Iterator[_Rows]:
    """The rows of a span that are not drained yet, in order, as long runs of one shape."""
    names: dict[int, tuple[str, ...]] = {}
    for begin, data in ring.pieces(span):
        words = array("Q", data)
        at = 0
        while at < len(words):
            shape, size = words[at] >> 32, words[at] & _LOW
            if size < 8 or size % 8 or at + size // 8 > len(words):
                raise RingDamaged(f"no record at position {begin + 8 * at}")
            if shape == NAMES:
                length = words[at + 1] >> 32
                names[words[at + 1] & _LOW] = tuple(data[8 * at + 16 : 8 * at + 16 + length].decode().split("\0"))
            elif shape != PAD:
                here = begin + 8 * at
                count = _run(words, at, size // 8, (span.tail - here) // size if here < span.tail else len(words))
                if here >= span.tail:
                    yield _columns(data, at, count, size // 8, names[shape], begin)
                size *= count
            at += size // 8


def _run(words: array[int], at: int, stride: int, most: int) -> int:
    """How many records of the same kind follow each other, up to `most` and about PAYLOAD bytes; looks twice as far
    each time."""
    word, count = words[at], 1
    most = min(most, (len(words) - at) // stride, max(1, PAYLOAD // (8 * stride)))
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
