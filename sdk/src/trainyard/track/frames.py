"""The spool format: what a frame is in bytes. Shared by SDK, runner, server and trackers; standard library only.

A *writer* is one producer of one run (a process's ring, or the runner's log pump). It numbers its frames 1, 2, 3,
... without gaps, and a
frame is the unit of everything that follows: it is written whole, shipped whole, stored whole and counted once by
(run, writer, seq).

Layout of a frame, little-endian, 40 bytes of header and then the payload::

    0   4s  magic  b"TYF1"
    4   u8  kind   1 metrics, 2 logs, 3 events, 4 gap
    5   u8  flags  bit 0: the writer's last frame
    6   u16 zero
    8   u32 payload length in bytes
    12  u32 CRC-32 of bytes 0-11, 16-39 and the payload
    16  u64 seq
    24  16s writer (a UUID's bytes)

A metrics payload is columnar: blocks of rows that share their names. Numbers are IEEE doubles as the program logged
them, NaN and infinities
included; each column carries its own summary, so that a reader that wants only aggregates decodes no column.
This module decides bytes; where frames lie is `spool`, how they travel is `shipper`, what the server makes of them
is the server's.
"""

from __future__ import annotations

import json
import math
import struct
import sys
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

__all__ = [
    "FINAL",
    "HEADER_SIZE",
    "MAX_PAYLOAD",
    "Block",
    "Frame",
    "FrameError",
    "Gap",
    "Kind",
    "Line",
    "Summary",
    "encode",
    "first_steps",
    "pack_events",
    "pack_gap",
    "pack_lines",
    "pack_metrics",
    "scan",
    "split",
    "summarize",
    "unpack_events",
    "unpack_gap",
    "unpack_lines",
    "unpack_metrics",
]

MAGIC = b"TYF1"
FINAL = 1
MAX_PAYLOAD = 8 * 1024 * 1024
_HEADER = struct.Struct("<4sBBHIIQ16s")
HEADER_SIZE = _HEADER.size
_BLOCK = struct.Struct("<II")
_SUMMARY = struct.Struct("<qdddQQ")
_INTEGER = struct.Struct("<q")
_LINE = struct.Struct("<qBBHI")
_GAP = struct.Struct("<QQQ")


class Kind(IntEnum):
    """What a frame's payload holds."""

    METRICS = 1
    LOGS = 2
    EVENTS = 3
    GAP = 4


class FrameError(ValueError):
    """Bytes that are not a frame: `offset` is where in the input the bad frame starts."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(f"byte {offset}: {why}")
        self.offset = offset
        self.why = why


class Frame(NamedTuple):
    """One frame. `raw` is the whole frame as it stood in the input, header included."""

    kind: Kind
    flags: int
    seq: int
    writer: str
    payload: bytes
    raw: bytes

    @property
    def final(self) -> bool:
        """Whether its writer promises that nothing follows."""
        return bool(self.flags & FINAL)


class Summary(NamedTuple):
    """One column of one block in brief. `total` counts all values, `finite` those that are numbers; `min` and
    `max` are over the finite ones and NaN when there are none. `last` is the value of the row with the highest step,
    of equal ones the latest by time, of those the one that was logged last; `last_step` and `last_time` are that row's.
    """

    name: str
    last_step: int
    last: float
    min: float
    max: float
    total: int
    finite: int
    last_time: int = 0


class Block(NamedTuple):
    """Rows that share their names. `steps` ('q'), `times` ('q', microseconds since 1970 UTC) and each of `values`
    ('d') have one item a row."""

    names: tuple[str, ...]
    steps: array[int]
    times: array[int]
    values: list[array[float]]


class Line(NamedTuple):
    """One line of output without its line end. `stream` is 1 (stdout) or 2 (stderr); `cut` tells that the line was
    longer than the pump keeps."""

    time: int
    stream: int
    text: str
    cut: bool = False


class Gap(NamedTuple):
    """What had to be dropped: points, lines and events, counted."""

    points: int
    lines: int
    events: int


def encode(kind: Kind, writer: str, seq: int, payload: bytes, *, final: bool = False) -> bytes:
    """One frame as bytes. `writer` is a UUID in hex, with or without dashes."""
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"a payload of {len(payload)} bytes is over the limit of {MAX_PAYLOAD}; split it")
    identity = bytes.fromhex(writer.replace("-", ""))
    flags = FINAL if final else 0
    bare = _HEADER.pack(MAGIC, kind, flags, 0, len(payload), 0, seq, identity)
    return _HEADER.pack(MAGIC, kind, flags, 0, len(payload), _checksum(bare, payload), seq, identity) + payload


def split(data: bytes) -> list[Frame]:
    """The frames of `data`, which must hold whole frames and nothing else. Raises FrameError at the first byte that
    is not so."""
    frames, end = scan(data)
    if end != len(data):
        raise FrameError(end, _why_not(data, end))
    return frames


def scan(data: bytes) -> tuple[list[Frame], int]:
    """The leading whole frames of `data` and where they end: what a crash left of a spool file is read with this."""
    frames: list[Frame] = []
    offset = 0
    while _why_not(data, offset) == "":
        frame = _frame_at(data, offset)
        frames.append(frame)
        offset += len(frame.raw)
    return frames, offset


def _frame_at(data: bytes, offset: int) -> Frame:
    _, kind, flags, _, length, _, seq, identity = _HEADER.unpack_from(data, offset)
    body = offset + HEADER_SIZE
    return Frame(Kind(kind), flags, seq, identity.hex(), data[body : body + length], data[offset : body + length])


def _why_not(data: bytes, offset: int) -> str:
    """Why no whole frame starts at `offset`; empty when one does."""
    if offset + HEADER_SIZE > len(data):
        return "the header is cut short"
    magic, kind, _, _, length, crc, seq, _ = _HEADER.unpack_from(data, offset)
    if magic != MAGIC:
        return "not a frame (wrong magic)"
    if kind not in Kind._value2member_map_ or seq == 0:
        return f"unknown kind {kind} or sequence number {seq}"
    if length > MAX_PAYLOAD:
        return f"a payload of {length} bytes is over the limit of {MAX_PAYLOAD}"
    end = offset + HEADER_SIZE + length
    if end > len(data):
        return "the payload is cut short"
    if _checksum(data[offset : offset + HEADER_SIZE], data[offset + HEADER_SIZE : end]) != crc:
        return "the checksum does not match"
    return ""


def _checksum(header: bytes, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(header[16:], zlib.crc32(header[:12])))


def pack_metrics(blocks: Iterable[Block], pause: Callable[[], None] | None = None) -> bytes:
    """Blocks as one payload: for each block its row and name counts, names, steps, times, then a summary and the
    values of each column. `pause` is called after each column."""
    parts: list[bytes] = []
    for block in blocks:
        names, last = "\0".join(block.names).encode(), _last_row(block.steps.tolist(), block.times)
        parts += [_BLOCK.pack(len(block.steps), len(names)), names, _raw(block.steps), _raw(block.times)]
        for column in block.values:
            parts += [_summary_of(block.steps[last], column[last], column), _raw(column)]
            if pause is not None:
                pause()
    return b"".join(parts)


def unpack_metrics(payload: bytes) -> list[Block]:
    """The blocks of a metrics payload. Raises FrameError when its lengths do not add up."""
    blocks = []
    for names, rows, offset in _blocks(payload):
        steps = _array("q", payload[offset : offset + 8 * rows])
        times = _array("q", payload[offset + 8 * rows : offset + 16 * rows])
        start, stride = offset + 16 * rows + _SUMMARY.size, _SUMMARY.size + 8 * rows
        columns = (payload[start + stride * i : start + stride * i + 8 * rows] for i in range(len(names)))
        blocks.append(Block(names, steps, times, [_array("d", column) for column in columns]))
    return blocks


def summarize(payload: bytes) -> list[Summary]:
    """Each column of each block in brief, in order, without decoding a value."""
    found = []
    for names, rows, offset in _blocks(payload):
        start, stride = offset + 16 * rows, _SUMMARY.size + 8 * rows
        (last_step,) = _INTEGER.unpack_from(payload, start)  # all columns of a block have the same steps
        time = _last_time(payload, offset, rows, last_step)
        for i, name in enumerate(names):
            step, last, low, high, total, finite = _SUMMARY.unpack_from(payload, start + stride * i)
            found.append(Summary(name, step, last, low, high, total, finite, time))
    return found


def first_steps(payload: bytes) -> dict[str, int]:
    """The lowest step of each metric."""
    found: dict[str, int] = {}
    for names, rows, offset in _blocks(payload):
        first = min(_array("q", payload[offset : offset + 8 * rows]))
        found |= {name: min(first, found.get(name, first)) for name in names}
    return found


def _last_time(payload: bytes, offset: int, rows: int, last_step: int) -> int:
    """The latest time of a block's rows of its highest step. Mostly that is the last row, and no other is decoded."""
    end = offset + 8 * rows
    if payload.find(_INTEGER.pack(last_step), offset, end) == end - 8:
        (time,) = _INTEGER.unpack_from(payload, end + 8 * rows - 8)
        return int(time)
    steps, times = _array("q", payload[offset:end]), _array("q", payload[end : end + 8 * rows])
    of_last: Iterator[int] = (time for step, time in zip(steps, times, strict=True) if step == last_step)
    return max(of_last, default=int(times[-1]))


def _last_row(steps: Sequence[int], times: Sequence[int]) -> int:
    """The row whose values are the last ones: see `Summary`."""
    highest = max(steps)
    first = steps.index(highest)
    if first == len(steps) - 1:
        return first
    return max((row for row in range(first, len(steps)) if steps[row] == highest), key=lambda row: (times[row], row))


def _blocks(payload: bytes) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Names, row count and the offset of the steps, for each block."""
    offset = 0
    while offset < len(payload):
        if offset + _BLOCK.size > len(payload):
            raise FrameError(offset, "a block's header is cut short")
        rows, length = _BLOCK.unpack_from(payload, offset)
        start = offset + _BLOCK.size + length
        names = tuple(payload[offset + _BLOCK.size : start].decode().split("\0"))
        end = start + 16 * rows + len(names) * (_SUMMARY.size + 8 * rows)
        if end > len(payload) or rows == 0:
            raise FrameError(offset, "a block is cut short or empty")
        yield names, rows, start
        offset = end


def _summary_of(last_step: int, last: float, values: array[float]) -> bytes:
    finite: Sequence[float] = values
    if not math.isfinite(sum(values)):
        finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (math.nan, math.nan)
    return _SUMMARY.pack(last_step, last, low, high, len(values), len(finite))


def pack_lines(lines: Iterable[Line]) -> bytes:
    """Lines as one payload: for each its time, stream, cut flag and UTF-8 text."""
    parts: list[bytes] = []
    for line in lines:
        text = line.text.encode("utf-8", "replace")
        parts += [_LINE.pack(line.time, line.stream, line.cut, 0, len(text)), text]
    return b"".join(parts)


def unpack_lines(payload: bytes) -> list[Line]:
    """The lines of a logs payload. Raises FrameError when its lengths do not add up."""
    lines, offset = [], 0
    while offset < len(payload):
        if offset + _LINE.size > len(payload):
            raise FrameError(offset, "a line's header is cut short")
        time, stream, cut, _, length = _LINE.unpack_from(payload, offset)
        start = offset + _LINE.size
        if start + length > len(payload):
            raise FrameError(offset, "a line is cut short")
        lines.append(Line(time, stream, payload[start : start + length].decode("utf-8", "replace"), bool(cut)))
        offset = start + length
    return lines


def pack_events(events: Sequence[dict[str, Any]]) -> bytes:
    """Events (JSON objects, each with a `type`) as one payload."""
    return json.dumps(events, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def unpack_events(payload: bytes) -> list[dict[str, Any]]:
    """The events of a payload. Raises FrameError when it is not a JSON array of objects with a `type`."""
    try:
        events = json.loads(payload)
    except ValueError as error:
        raise FrameError(0, f"events are not JSON: {error}") from error
    if not isinstance(events, list) or not all(isinstance(e, dict) and isinstance(e.get("type"), str) for e in events):
        raise FrameError(0, "events must be a JSON array of objects, each with a `type`")
    return events


def pack_gap(gap: Gap) -> bytes:
    """A gap as a payload."""
    return _GAP.pack(*gap)


def unpack_gap(payload: bytes) -> Gap:
    """The gap of a payload. Raises FrameError when it has the wrong length."""
    if len(payload) != _GAP.size:
        raise FrameError(0, "a gap has the wrong length")
    return Gap(*_GAP.unpack(payload))


def _array(code: str, data: bytes) -> array[Any]:
    values: array[Any] = array(code)
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _raw(values: array[Any]) -> bytes:
    if sys.byteorder == "big":
        values = array(values.typecode, values)
        values.byteswap()
    return values.tobytes()
