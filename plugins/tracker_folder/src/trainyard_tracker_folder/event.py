"""Reads events page by page, from all writers of a run at once. Which event comes next is the contract's to say
(`trainyard_core.contracts.tracker_events`); here they are found in the segments.

What is remembered of a segment is where its event frames start and how many events are in and before each, so that a
page that begins behind thousands of events decodes only its own.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from trainyard.track import frames
from trainyard_core.contracts.tracker import RunRef
from trainyard_core.contracts.tracker_events import EventPage, page_of_events
from trainyard_tracker_folder import segment
from trainyard_tracker_folder.layout import Layout
from trainyard_tracker_folder.places import FramePlaces, RunIndexes

__all__ = ["EventReader"]


class EventReader:
    """Event pages of all runs. May be used from several threads."""

    def __init__(self, layout: Layout) -> None:
        self._indexes = RunIndexes(layout, _Index)

    def read(
        self,
        run: RunRef,
        *,
        kind: str,
        names: Sequence[str],
        cursor: str,
        limit: int,
        attempts: Mapping[str, int],
    ) -> EventPage:
        """See `Tracker.read_events`."""
        with ExitStack() as stack:
            sources = {writer: index.refresh(fd).events for writer, fd, index in self._indexes.opened(run, stack)}
            return page_of_events(sources, kind=kind, names=names, cursor=cursor, limit=limit, attempts=attempts)

    def forget(self, run: RunRef) -> None:
        """Drop what is kept of a run."""
        self._indexes.forget(run)


class _Index:
    """Where one segment's event frames start, and how many events there are up to the end of each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frames = FramePlaces(frames.Kind.EVENTS)
        self._places = array("Q")
        self._ends = array("Q")

    def refresh(self, fd: int) -> _View:
        with self._lock:
            places = self._frames.refresh(fd)
            if self._places is not places:
                self._places, self._ends = places, array("Q")
            for at in places[len(self._ends) :]:
                before = self._ends[-1] if self._ends else 0
                self._ends.append(before + len(_events(fd, at)))
            return _View(fd, places, self._ends)


class _View:
    """One writer's events, read where they lie."""

    def __init__(self, fd: int, places: array[int], ends: array[int]) -> None:
        self._fd, self._places, self._ends, self._count = fd, places, ends, len(ends)

    def events(self, start: int) -> Iterator[Mapping[str, Any]]:
        """The events from number `start` on."""
        first = bisect_right(self._ends, start, hi=self._count)
        skipped = start - (self._ends[first - 1] if first else 0)
        for index in range(first, self._count):
            yield from _events(self._fd, self._places[index])[skipped if index == first else 0 :]


def _events(fd: int, at: int) -> list[dict[str, Any]]:
    """A frame's events. A payload that is no list of events has none."""
    try:
        return frames.unpack_events(segment.frame_at(fd, at).payload)
    except (frames.FrameError, RecursionError):
        return []
