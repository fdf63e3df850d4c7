"""Where the frames of one kind start in a segment: found once, and remembered as the segment grows, for the runs that
were read last."""

from __future__ import annotations

import os
import threading
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Generic, TypeVar

from trainyard.track import frames
from trainyard_core.contracts.tracker import RunRef
from trainyard_tracker_folder import segment
from trainyard_tracker_folder.layout import Layout
from trainyard_tracker_folder.segment import START

__all__ = ["FramePlaces", "RunIndexes"]

Index = TypeVar("Index")
_RUNS = 256
"""Runs of which something is remembered."""


class FramePlaces:
    """The places of one segment's frames of a kind. May be used from several threads."""

    def __init__(self, kind: frames.Kind) -> None:
        self._kind = kind
        self._lock = threading.Lock()
        self._mark = START
        self._places = array("Q")

    def refresh(self, fd: int) -> array[int]:
        """The places as they are now; the array that is answered only grows."""
        with self._lock:
            if not segment.holds(fd, self._mark, os.fstat(fd).st_size):
                self._mark, self._places = START, array("Q")
            for at, frame in segment.walk(fd, self._mark.end):
                self._mark = self._mark.after(at, frame)
                if frame.kind is self._kind:
                    self._places.append(at)
            return self._places


class RunIndexes(Generic[Index]):
    """What is remembered of each segment of the runs that were read last; `make` makes it for a new one. May be used
    from several threads."""

    def __init__(self, layout: Layout, make: Callable[[], Index]) -> None:
        self._layout, self._make = layout, make
        self._lock = threading.Lock()
        self._runs: OrderedDict[RunRef, dict[str, Index]] = OrderedDict()

    def opened(self, run: RunRef, stack: ExitStack) -> Iterator[tuple[str, int, Index]]:
        """The writers of a run, each with a descriptor of its segment, which is open until the stack closes, and what
        is remembered of it."""
        with self._lock:
            kept = self._runs.setdefault(run, {})
            self._runs.move_to_end(run)
            if len(self._runs) > _RUNS:
                self._runs.popitem(last=False)
        for writer, path in self._layout.segments(run).items():
            try:
                fd = segment.open_to_read(path)
            except FileNotFoundError:
                continue
            stack.callback(os.close, fd)
            yield writer, fd, kept.setdefault(writer, self._make())

    def forget(self, run: RunRef) -> None:
        """Drop what is kept of a run."""
        with self._lock:
            self._runs.pop(run, None)
