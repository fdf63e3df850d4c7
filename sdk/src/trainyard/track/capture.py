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
from collections.abc import Iterator
from itertools import groupby
from typing import Any

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


class Capture:
    """Keeps the output of this process from now on until `stop`. A fork's child calls `forget`."""

    def __init__(self, writer: Writer) -> None:
        self._pump = Pump(writer, lambda: None)
        self._waiting: deque[tuple[int, int, str]] = deque()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._wrapped: list[tuple[Any, Any]] = []
        for number, name in _STREAMS.items():
            self._wrap(number, getattr(sys, name))
        self._thread = thread.start(self._work, "trainyard-output")

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
        if stream is None or any(stream is known for known, _ in self._wrapped):
            return
        write, keep = stream.write, self._keep

        def write_and_keep(text: str) -> Any:
            written = write(text)
            keep(number, text)
            return written

        try:
            stream.write = write_and_keep
        except (AttributeError, TypeError):  # an object of a class with slots
            return
        self._wrapped.append((stream, write_and_keep))

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
        wrapped, self._wrapped = self._wrapped, []
        for stream, write in wrapped:
            if getattr(stream, "__dict__", {}).get("write") is write:
                del stream.write

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
