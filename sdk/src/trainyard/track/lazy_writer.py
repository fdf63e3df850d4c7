"""A writer of a spool that is opened at its first frame: a run of which nothing is to be said has no such writer."""

from __future__ import annotations

import threading
from pathlib import Path

from trainyard.track.frames import Gap, Kind, pack_gap
from trainyard.track.spool import SpoolWriter

__all__ = ["LazyWriter"]


class LazyWriter:
    """A writer in the spool `root` that threads may share. A fork's child calls `forget`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.RLock()
        self._writer: SpoolWriter | None = None
        self._is_closed = False

    def append(self, kind: Kind, payload: bytes) -> None:
        """Write one frame, as `SpoolWriter.append` does; nothing after `close`, or where there is no spool."""
        with self._lock:
            if self._is_closed:
                return
            if self._writer is None and not self._root.is_dir():  # it was deleted, and is not made again
                return
            if self._writer is None:
                self._writer = SpoolWriter(self._root)
            self._writer.append(kind, payload)

    def close(self) -> None:
        """Write that no more frames follow, and let go of the folder. Idempotent."""
        with self._lock:
            writer, self._writer, self._is_closed = self._writer, None, True
            if writer is not None:
                writer.append(Kind.GAP, pack_gap(Gap(0, 0, 0)), final=True)
                writer.close()

    def forget(self) -> None:
        """In a fork's child: let go without a trace."""
        self._lock = threading.RLock()
        writer, self._writer, self._is_closed = self._writer, None, True
        if writer is not None:
            writer.forget()
