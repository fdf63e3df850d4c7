"""Where the frames of one kind start in a segment: found once, and remembered as the segment grows."""

from __future__ import annotations

import os
import threading
from array import array

from trainyard.track import frames
from trainyard_tracker_folder import segment
from trainyard_tracker_folder.segment import START

__all__ = ["FramePlaces"]


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
