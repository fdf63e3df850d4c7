"""Keeps what a program prints as the run's logs, while it goes on to the terminal.

The `write` of `sys.stdout` and `sys.stderr` is wrapped, the streams stay the same objects: `print`, `logging`,
tracebacks, progress bars and notebooks write through it, and `isatty`, the debugger and colours do not notice. What is
written to the file descriptors directly (C libraries, subprocesses, `sys.stdout.buffer`) goes to the terminal only: a
pipe in the place of the descriptors would lose output when the program is killed, and stop programs that wait for each
other. A thread turns what was written into frames, so a program that is killed loses at most its last half second.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from trainyard.track import thread
from trainyard.track.log_once import say
from trainyard.track.output import FLUSH_SECONDS, LAST_LINE_CHARS, Pump, Writer, micros

__all__ = ["Capture"]

_MOST_WAITING = 50_000
"""Pieces of output that wait before the program that prints takes part in writing them."""
_PATIENCE = 0.05
_TOGETHER = 10_000
"""Microseconds within which pieces of one stream are taken as one."""
_TRACE_CHARS = 64 * 1024
_STREAMS = {1: "stdout", 2: "stderr"}


class _Wrapped(NamedTuple):
    """A stream, the `write` that keeps its texts, and the one of its own that it had before (None: its class's)."""

    stream: Any
    write: Callable[[str], Any]
    before: Any


class Capture:
    """Keeps the output of this process from now on until `stop`. A fork's child calls `forget`."""

    def __init__(self, writer: Writer) -> None:
        self._pump = Pump(writer, lambda: None)
        self._waiting: deque[tuple[int, int, str]] = deque()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._wrapped: dict[int, _Wrapped] = {}
        for number, name in _STREAMS.items():
            self._wrap(number, getattr(sys, name))
        self._thread = thread.start(self._work, "trainyard-output")

    @property
    def last_lines(self) -> list[str]:
        """The last lines that were kept, long ones shortened; all of them are there after `stop`."""
        return self._pump.last_lines

    def renew(self) -> None:
        """Wrap again the streams whose `write` somebody has put back, as IPython does after each cell."""
        for number, wrapped in list(self._wrapped.items()):
            if _own_write(wrapped.stream) is not wrapped.write:
                self._put_around(number, wrapped.stream)

    def stop(self, trace: str = "") -> None:
        """Keep no more. `trace` is the traceback of what ended the run: it is kept too, unless it was printed."""
        self._release()
        self._stopping.set()
        if not self._lock.acquire(timeout=10 * _PATIENCE):  # a signal handler on top of ourselves
            return
        try:
            self._drain()
            if trace and not self._has_printed(trace):
                self._pump.feed(2, trace[-_TRACE_CHARS:].encode("utf-8", "replace"), micros())
            self._pump.finish()
        finally:
            self._lock.release()

    def forget(self) -> None:
        """In a fork's child: what it prints is not kept."""
        self._release()
        self._stopping = threading.Event()  # a thread of the parent may have held the lock of the other one
        self._stopping.set()
        self._waiting.clear()

    def _wrap(self, number: int, stream: Any) -> None:
        """Have the texts of a stream kept. One that is missing, the other one, or cannot be wrapped stays as it is."""
        if stream is not None and not any(stream is each.stream for each in self._wrapped.values()):
            self._put_around(number, stream)

    def _put_around(self, number: int, stream: Any) -> None:
        """Wrap the `write` that a stream has now. Of several around each other only the latest keeps texts."""
        write, before = stream.write, _own_write(stream)

        def write_and_keep(text: str) -> Any:
            written = write(text)
            if (latest := self._wrapped.get(number)) is not None and latest.write is write_and_keep:
                self._keep(number, text)
            return written

        try:
            stream.write = write_and_keep
        except (AttributeError, TypeError):  # an object of a class with slots
            return
        self._wrapped[number] = _Wrapped(stream, write_and_keep, before)

    def _keep(self, number: int, text: str) -> None:
        if self._stopping.is_set():
            return
        self._waiting.append((micros(), number, str(text)))
        if len(self._waiting) > _MOST_WAITING and self._lock.acquire(timeout=_PATIENCE):
            try:
                self._drain()
            finally:
                self._lock.release()

    def _release(self) -> None:
        """Give the streams their own `write` back, unless somebody has wrapped it once more."""
        wrapped, self._wrapped = self._wrapped, {}
        for each in wrapped.values():
            if _own_write(each.stream) is not each.write:
                continue
            if each.before is None:
                del each.stream.write
            else:
                each.stream.write = each.before

    def _work(self) -> None:
        while not self._stopping.wait(FLUSH_SECONDS):
            with self._lock:
                self._drain()

    def _drain(self) -> None:
        """Hand what waits to the pump. Called with the lock held."""
        try:
            for (number, _), pieces in groupby(self._taken(), lambda piece: (piece[1], piece[0] // _TOGETHER)):
                found = list(pieces)
                text = "".join(piece[2] for piece in found)
                self._pump.feed(number, text.encode("utf-8", "replace"), found[0][0])
            self._pump.tick()
        except OSError as error:
            say("output", f"output could not be kept: {error}")

    def _taken(self) -> Iterator[tuple[int, int, str]]:
        for _ in range(len(self._waiting)):
            yield self._waiting.popleft()

    def _has_printed(self, trace: str) -> bool:
        """Whether the last line of a traceback is among the last lines that were printed."""
        return trace.strip().rpartition("\n")[2][:LAST_LINE_CHARS] in self._pump.last_lines


def _own_write(stream: Any) -> Any:
    """The `write` that was set on a stream itself; None when it has its class's."""
    return getattr(stream, "__dict__", {}).get("write")
