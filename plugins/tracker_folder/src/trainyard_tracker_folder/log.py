"""Reads log lines page by page, from all writers of a run at once.

A cursor says, for each writer, where its next unread line is: which frame (by its place in the segment, which never
changes) and which line in it. So whatever the writers append, together or in turn, a reader who follows cursors sees
each line once, and each writer's lines in their order. Between writers a page is ordered by time, as far as lines
are there when it is read. Places of log frames are kept in memory and found again from the segments.
"""

from __future__ import annotations

import base64
import heapq
import struct
import zlib
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from typing import NamedTuple

from trainyard.track import frames
from trainyard_core.contracts.tracker import LoggedLine, LogPage, RunRef
from trainyard_tracker_folder import segment
from trainyard_tracker_folder.layout import Layout
from trainyard_tracker_folder.places import FramePlaces, RunIndexes

__all__ = ["LogReader"]

_PAGE_BYTES = 8 * 1024 * 1024
_ENTRY = struct.Struct("<16sQI")
_SUM = struct.Struct("<I")


class _Place(NamedTuple):
    """A writer's next unread line: line `line` of the first log frame at or behind byte `at`."""

    at: int = 0
    line: int = 0


class _Item(NamedTuple):
    """A line on its way into a page, and the place behind it."""

    writer: str
    line: frames.Line
    after: _Place


class LogReader:
    """Log pages of all runs. May be used from several threads."""

    def __init__(self, layout: Layout) -> None:
        self._places = RunIndexes(layout, lambda: FramePlaces(frames.Kind.LOGS))

    def read(self, run: RunRef, *, cursor: str, limit: int, tail: bool) -> LogPage:
        """See `Tracker.read_logs`. A page also ends at 8 MiB of text, but holds one line at least."""
        if limit < 1:
            raise ValueError(f"limit is {limit}; ask for at least one line")
        places = _decode(run, cursor)
        with ExitStack() as stack:
            opened = self._places.opened(run, stack)
            indexes = {writer: _View(writer, fd, kept.refresh(fd)) for writer, fd, kept in opened}
            return (_tail if tail else _page)(run, indexes, places, limit)

    def forget(self, run: RunRef) -> None:
        """Drop what is kept of a run."""
        self._places.forget(run)


class _View:
    """One writer's lines, read where they lie."""

    def __init__(self, writer: str, fd: int, places: array[int]) -> None:
        self.writer = writer
        self._fd = fd
        self._places = places
        self._count = len(places)

    def items(self, place: _Place) -> Iterator[_Item]:
        """The lines from `place` on. Raises ValueError when no line can be there."""
        first = self._first(place)
        for index in range(first, self._count):
            at = self._places[index]
            lines = self._lines(at)
            for number in range(place.line if index == first else 0, len(lines)):
                after = _Place(at, number + 1) if number + 1 < len(lines) else _Place(at + 1)
                yield _Item(self.writer, lines[number], after)

    def last(self, place: _Place, limit: int) -> _Place:
        """The place of about the last `limit` lines, not before `place`."""
        index, found, size, first = self._count, 0, 0, self._first(place)
        while index > first and found < limit and size < _PAGE_BYTES:
            index -= 1
            lines = self._lines(self._places[index])
            found, size = found + len(lines), size + sum(len(line.text) for line in lines)
        return _Place(self._places[index]) if index > first else place

    def _first(self, place: _Place) -> int:
        index = bisect_left(self._places, place.at, hi=self._count)
        if place.line and index < self._count and self._places[index] != place.at:
            raise ValueError("the cursor names a place where no line is; start again without one")
        return index

    def _lines(self, at: int) -> list[frames.Line]:
        """A frame's lines. A payload whose lengths do not add up has none."""
        frame = segment.frame_at(self._fd, at)
        try:
            return frames.unpack_lines(frame.payload)
        except frames.FrameError:
            return []


def _page(run: RunRef, views: Mapping[str, _View], places: dict[str, _Place], limit: int) -> LogPage:
    """The next lines of all writers, the earliest first."""
    streams = [view.items(places.get(writer, _Place())) for writer, view in views.items()]
    merged = heapq.merge(*streams, key=_time)
    taken, size = [], 0
    for item in islice(merged, limit):
        taken.append(item)
        size += len(item.line.text)
        if size >= _PAGE_BYTES:
            break
    return _answer(run, taken, places, more=next(merged, None) is not None)


def _tail(run: RunRef, views: Mapping[str, _View], places: dict[str, _Place], limit: int) -> LogPage:
    """The last lines of all writers; the cursor stands at the end of each."""
    streams = []
    for writer, view in views.items():
        streams.append(view.items(view.last(places.get(writer, _Place()), limit)))
    taken: deque[_Item] = deque()
    size = 0
    for item in heapq.merge(*streams, key=_time):
        places[item.writer] = item.after
        taken.append(item)
        size += len(item.line.text)
        while len(taken) > limit or (size > _PAGE_BYTES and len(taken) > 1):
            size -= len(taken.popleft().line.text)
    return _answer(run, taken, places, more=False)


def _time(item: _Item) -> int:
    return item.line.time


def _answer(run: RunRef, taken: Iterable[_Item], places: dict[str, _Place], *, more: bool) -> LogPage:
    lines = []
    for writer, line, after in taken:
        places[writer] = after
        lines.append(LoggedLine(time=line.time, stream=line.stream, text=line.text, cut=line.cut, writer=writer))
    return LogPage(lines=lines, cursor=_encode(run, places), more=more)


def _encode(run: RunRef, places: Mapping[str, _Place]) -> str:
    body = b"".join(_ENTRY.pack(bytes.fromhex(writer), *place) for writer, place in sorted(places.items()))
    return base64.urlsafe_b64encode(_SUM.pack(_checksum(run, body)) + body).decode().rstrip("=")


def _decode(run: RunRef, cursor: str) -> dict[str, _Place]:
    """What a cursor says. Raises ValueError when it was not made here, for this run."""
    if not cursor:
        return {}
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        entries = list(_ENTRY.iter_unpack(data[_SUM.size :]))
        ours = data[: _SUM.size] == _SUM.pack(_checksum(run, data[_SUM.size :]))
    except (ValueError, struct.error):
        ours = False
    if not ours:
        raise ValueError(f"{cursor[:80]!r} is no log cursor of run {run.run}; start again without one")
    return {writer.hex(): _Place(at, line) for writer, at, line in entries}


def _checksum(run: RunRef, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(f"{run.project}/{run.run}".encode("utf-8", "surrogatepass")))
