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
from typing import Any

from trainyard.track import thread
from trainyard.track.log_once import say
from trainyard.track.output import FLUSH_SECONDS, LAST_LINE_CHARS, Pump, Writer, micros

__all__ = ["Capture"]

_MOST_WAITING = 100_000
"""Pieces of output that may wait to be written; more are dropped, and it is said."""
_TRACE_CHARS = 64 * 1024
_STREAMS = {1: "stdout", 2: "stderr"}


class Capture:
    """Keeps the output of this process from now on until `stop`. A fork's child calls `forget`."""

    def __init__(self, writer: Writer) -> None:
        self._pump = Pump(writer, lambda: None)
        self._waiting: deque[tuple[int, int, str]] = deque()
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._wrapped = [stream for number in _STREAMS if (stream := self._wrap(number)) is not None]
        self._thread = thread.start(self._work, "trainyard-output")

    def stop(self, trace: str = "") -> None:
        """Keep no more. `trace` is the traceback of what ended the run: it is kept too, unless it was printed."""
        self._release()
        self._stopping.set()
        with self._lock:
            self._drain()
            if trace and not self._has_printed(trace):
                self._pump.feed(2, trace[-_TRACE_CHARS:].encode("utf-8", "replace"), micros())
            self._pump.finish()

    def forget(self) -> None:
        """In a fork's child: what it prints is not kept."""
        self._release()
        self._waiting.clear()

    def _wrap(self, number: int) -> tuple[Any, Any] | None:
        """Have a stream's texts kept: the stream and its new `write`; None where there is no such stream."""
        stream: Any = getattr(sys, _STREAMS[number])
        if stream is None:
            return None
        write, waiting = stream.write, self._waiting

        def write_and_keep(text: str) -> Any:
            written = write(text)
            if not self._stopping.is_set() and len(waiting) < _MOST_WAITING:
                waiting.append((micros(), number, text))
            return written

        try:
            stream.write = write_and_keep
        except (AttributeError, TypeError):  # an object of a class with slots
            return None
        return stream, write_and_keep

    def _release(self) -> None:
        """Give the streams their own `write` back, unless somebody has wrapped it once more."""
        wrapped, self._wrapped = self._wrapped, []
        for stream, write in wrapped:
            if vars(stream).get("write") is write:
                del stream.write

    def _work(self) -> None:
        while not self._stopping.wait(FLUSH_SECONDS):
            with self._lock:
                self._drain()

    def _drain(self) -> None:
        """Hand what waits to the pump. Called with the lock held."""
        if len(self._waiting) >= _MOST_WAITING:
            say("output", "the program prints faster than its output can be kept; some of it is left out")
        try:
            while self._waiting:
                at, number, text = self._waiting.popleft()
                self._pump.feed(number, str(text).encode("utf-8", "replace"), at)
            self._pump.tick()
        except OSError as error:
            say("output", f"output could not be kept: {error}")

    def _has_printed(self, trace: str) -> bool:
        """Whether the last line of a traceback is among the last lines that were printed."""
        return trace.strip().rpartition("\n")[2][:LAST_LINE_CHARS] in self._pump.last_lines
