"""A program's output on its way to the spool: lines are gathered and written as frames.

It decides when a frame is written: half a second after its first line, or as soon as it is large. How bytes become
lines is `lines`; where frames lie is `track.spool`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from trainyard.track.frames import Kind, Line, pack_lines
from trainyard.track.lines import Splitter

__all__ = ["FLUSH_SECONDS", "LAST_LINES", "LAST_LINE_CHARS", "Pump", "Writer", "micros"]

FLUSH_SECONDS = 0.5
LAST_LINES = 20
LAST_LINE_CHARS = 2000
_FLUSH_BYTES = 256 * 1024


class Writer(Protocol):
    """What the pump needs of a spool's writer."""

    def append(self, kind: Kind, payload: bytes) -> None: ...


class Pump:
    """Takes both streams of one program. `flushed` is called after each frame. For one thread at a time. `label` stands
    in brackets before each line."""

    def __init__(self, writer: Writer, flushed: Callable[[], None], *, label: str = "") -> None:
        self._writer = writer
        self._flushed = flushed
        self._label = f"[{label}] " if label else ""
        self._splitters = {1: Splitter(1), 2: Splitter(2)}
        self._lines: list[Line] = []
        self._size = 0
        self._since = 0.0
        self._last: deque[str] = deque(maxlen=LAST_LINES)

    @property
    def last_lines(self) -> list[str]:
        """The last lines of both streams in the order in which they came, long ones shortened."""
        return list(self._last)

    @property
    def due(self) -> float | None:
        """When `tick` has work (monotonic seconds); None while it has none."""
        waits = [splitter.due for splitter in self._splitters.values()]
        waits.append(self._since + FLUSH_SECONDS if self._lines else None)
        return min((wait for wait in waits if wait is not None), default=None)

    def feed(self, stream: int, data: bytes, at: int) -> None:
        """Bytes of a stream, as they were written `at` that time."""
        self._queue(self._splitters[stream].feed(data, at, time.monotonic()))

    def tick(self) -> None:
        """Show what bars wait, write what waited long enough."""
        now = time.monotonic()
        for splitter in self._splitters.values():
            self._queue(splitter.tick(micros(), now))
        if self._lines and now >= self._since + FLUSH_SECONDS:
            self._flush()

    def finish(self) -> None:
        """Both streams ended: write the rest."""
        for splitter in self._splitters.values():
            self._queue(splitter.finish(micros()))
        if self._lines:
            self._flush()

    def _queue(self, lines: list[Line]) -> None:
        if not lines:
            return
        if self._label:
            lines = [line._replace(text=self._label + line.text) for line in lines]
        if not self._lines:
            self._since = time.monotonic()
        self._lines += lines
        self._size += sum(len(line.text) + 16 for line in lines)
        self._last.extend(line.text[:LAST_LINE_CHARS] for line in lines[-LAST_LINES:])
        if self._size >= _FLUSH_BYTES:
            self._flush()

    def _flush(self) -> None:
        self._writer.append(Kind.LOGS, pack_lines(self._lines))
        self._lines, self._size = [], 0
        self._flushed()


def micros() -> int:
    """Now, in microseconds since 1970."""
    return time.time_ns() // 1000
