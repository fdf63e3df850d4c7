"""The spool: the folder where frames wait until the server has them. Who may write, recovery, and a full disk.

A writer's folder has one owner at a time: whoever holds the flock on its file `ring`, which is empty. The owner appends
whole frames to segments and numbers them. When it dies, `settle` takes the lock, cuts a torn tail off, turns what is
left in its ring into frames and lets go; so what was logged is in frames exactly once, whoever settles and however
often.

On a full disk the oldest segment of the writer is dropped, and what it held is counted in one gap frame after the
frame that needed the room. What lies in a segment is `segments`' and `frames`', what lies in a ring is `buffer`'s.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import json
import logging
import os
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from trainyard.track import failpoints, frames, segments
from trainyard.track.frames import Gap, Kind

__all__ = [
    "SEGMENT_SIZE",
    "Settled",
    "SpoolBusy",
    "SpoolWriter",
    "append_event",
    "pending",
    "prune",
    "settle",
]

SEGMENT_SIZE = 16 * 1024 * 1024
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_log = logging.getLogger("trainyard")


class SpoolBusy(RuntimeError):
    """The writer has a living owner."""


class Settled(dict[str, int]):
    """The last sequence number of each writer. Those in `live` have a living owner and may go on."""

    live: frozenset[str] = frozenset()


class SpoolWriter:
    """The owner of one writer's folder; threads may share it. Without `writer` a new one is made; with it, one whose
    owner is gone is continued after its last whole frame. Raises SpoolBusy while that owner lives.

    `make_room` is called when the disk is full, before anything is dropped: it answers whether it freed some of it.
    A fork's child must not use its parent's writer: it calls `forget` and opens its own."""

    def __init__(self, root: Path, *, writer: str | None = None, segment_size: int = SEGMENT_SIZE) -> None:
        self.writer = (writer or os.urandom(16).hex()).replace("-", "")
        (root / self.writer).mkdir(mode=0o700, parents=True, exist_ok=True)
        with _settling(root):
            self._start(root / self.writer, segment_size)

    def _start(self, folder: Path, segment_size: int) -> None:
        """Take the folder, and continue after its last whole frame. The root's settle lock is held."""
        self.writer, self.folder = folder.name, folder
        self.lock = threading.RLock()
        self._limit = segment_size
        self._file: int | None = None
        self._size = 0
        self._owed = Gap(0, 0, 0)
        self._said = False
        self.make_room: Callable[[], bool] = _no_room
        self._fd = _own(folder)
        try:
            self._cut_torn_tail()
            self.seq = segments.last_seq(folder)
        except BaseException:
            os.close(self._fd)
            raise

    def append(self, kind: Kind, payload: bytes, *, final: bool = False) -> int:
        """Write one frame and return its sequence number. It survives the death of the process, and a power cut once
        the server has it. On a full disk the oldest segment goes; when nothing is left to go, the payload is dropped
        and counted, and the number of the last frame is returned. Raises ValueError for a payload over the limit of
        a frame and OSError for trouble other than a full disk."""
        with self.lock:
            if final and any(self._owed):
                self._settle_debt()
            seq = self.seq + 1
            if not self._insist(frames.encode(kind, self.writer, seq, payload, final=final)):
                self._owe(_count(kind, payload))
                return self.seq
            if any(self._owed) and not final:
                self._settle_debt()
            return seq

    def offer(self, kind: Kind, payload: bytes) -> bool:
        """Write one frame unless the disk is full; whether it was written. Nothing is dropped for it. Raises as
        `append` does."""
        with self.lock:
            frame = frames.encode(kind, self.writer, self.seq + 1, payload)
            if not self._write(frame) and not (self.make_room() and self._write(frame)):
                return False
            if any(self._owed):
                self._settle_debt()
            return True

    def owe(self, gap: Gap) -> None:
        """Count what was lost elsewhere, in the gap frame that follows the next frame."""
        with self.lock:
            self._owe(gap)

    def close(self) -> None:
        """Write what is owed, flush to disk and let go of the folder. Idempotent."""
        with self.lock:
            if self._fd < 0:
                return
            if any(self._owed):
                self._settle_debt()
            self._seal()
            os.close(self._fd)
            self._fd = -1

    def forget(self) -> None:
        """In a fork's child: close the files without a trace; the parent still owns the folder."""
        for fd in (self._file, self._fd):
            if fd is not None and fd >= 0:
                os.close(fd)
        self._file, self._fd = None, -1

    def _settle_debt(self) -> None:
        gap = frames.pack_gap(self._owed)
        if self._write(frames.encode(Kind.GAP, self.writer, self.seq + 1, gap)):
            self._owed = Gap(0, 0, 0)

    def _insist(self, frame: bytes) -> bool:
        """Write a frame, dropping old segments until it fits; False when it does not fit into an empty folder."""
        while not self._write(frame):
            if not self.make_room() and not self._drop_oldest():
                return False
        return True

    def _write(self, frame: bytes) -> bool:
        """Append a frame whole, or leave no trace of it and return False when the disk is full."""
        try:
            file = self._segment(len(frame))
            failpoints.point("spool.write")
            done = 0
            while done < len(frame):
                done += os.write(file, frame[done:])
            failpoints.point("spool.written")
        except OSError as error:
            self._undo()
            if error.errno == errno.EFBIG and self._size:
                self._seal()
                return self._write(frame)
            if error.errno not in _FULL:
                raise
            return False
        except BaseException:  # a signal handler's: a frame that is not counted must not stay
            self._undo()
            raise
        self._size, self.seq = self._size + len(frame), self.seq + 1  # no call in between: see `ring`, Threads
        return True

    def _segment(self, room: int) -> int:
        """The open segment with room for a frame, or a new one."""
        if self._file is not None and self._size and self._size + room > self._limit:
            self._seal()
        if self._file is None:
            path = segments.path_of(self.folder, self.seq + 1)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._size = os.fstat(self._file).st_size
        return self._file

    def _undo(self) -> None:
        if self._file is not None:
            os.ftruncate(self._file, self._size)

    def _seal(self) -> None:
        """Finish the open segment; the next frame starts another one."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):  # a disk that cannot sync is found out by the shipper, which syncs again
            os.fdatasync(self._file)
        os.close(self._file)
        self._file = None

    def _drop_oldest(self) -> bool:
        found = segments.listed(self.folder)
        if not found or found[0] > self.seq:
            return False
        if len(found) == 1:
            self._seal()
            with contextlib.suppress(OSError):
                self._segment(0)  # an empty file keeps the next number known when the last frames go
        path = segments.path_of(self.folder, found[0])
        lost, _ = frames.scan(path.read_bytes())
        failpoints.point("spool.drop")
        path.unlink()
        known = segments.durable(self.folder)
        for frame in lost:
            if frame.seq > known:
                self._owe(_count(frame.kind, frame.payload))
        return True

    def _owe(self, gap: Gap) -> None:
        self._owed = Gap(*(a + b for a, b in zip(self._owed, gap, strict=True)))
        if not self._said:
            self._said = True
            _log.warning(
                "trainyard: the disk of %s is full; the oldest data that wait for the server are dropped, and their"
                " number is recorded. Free some space, or set TRAINYARD_DATA to another disk.",
                self.folder.parent,
            )

    def _cut_torn_tail(self) -> None:
        """What a crash left of the last segment is not a frame and goes."""
        found = segments.listed(self.folder)
        if not found:
            return
        path = segments.path_of(self.folder, found[-1])
        torn = segments.torn_at(path)
        if torn is not None:
            failpoints.point("spool.cut")
            os.truncate(path, torn)


def _no_room() -> bool:
    return False


def append_event(root: Path, event: dict[str, Any]) -> None:
    """Write one event, the last of a writer of its own, which has neither ring nor thread. Raises OSError."""
    spool = SpoolWriter(root)
    spool.append(Kind.EVENTS, frames.pack_events([event]), final=True)
    spool.close()


def settle(root: Path, *, skip: Collection[str] = (), final: bool = False) -> Settled:
    """Recover every writer whose owner is dead, and return the last sequence number of all but those to `skip`. A
    dead owner's ring is drained into frames exactly once; with `final` a last frame says that nothing more comes of
    it. Idempotent; several processes may settle at once."""
    settled = Settled()
    live = set()
    for writer in segments.writers(root):
        if writer in skip:
            continue
        last = _settle_one(root, writer, final=final)
        if last is None:
            live.add(writer)
        settled[writer] = segments.last_seq(root / writer) if last is None else last
    settled.live = frozenset(live)
    return settled


def _settle_one(root: Path, writer: str, *, final: bool) -> int | None:
    """The last sequence number of a dead owner's writer after recovery; None when the owner lives."""
    from trainyard.track import drain  # drain writes through us

    with _settling(root):
        spool = SpoolWriter.__new__(SpoolWriter)
        try:
            spool._start(root / writer, SEGMENT_SIZE)
        except SpoolBusy:
            return None
        try:
            drain.rescue(spool)
            if final and spool.seq and not segments.is_final(root / writer):
                spool.append(Kind.GAP, frames.pack_gap(Gap(0, 0, 0)), final=True)
            return spool.seq
        finally:
            spool.close()


def prune(root: Path) -> None:
    """Delete what the server has: whole segments up to the durable number, of living owners all but the newest."""
    for writer in segments.writers(root):
        folder = root / writer
        known, found = segments.durable(folder), segments.listed(folder)
        for first, following in itertools.pairwise(found):
            if following <= known + 1:
                segments.path_of(folder, first).unlink(missing_ok=True)
        if found and found[-1] <= known:
            with contextlib.suppress(SpoolBusy), _settling(root):
                fd = _own(folder)
                if segments.last_seq(folder) <= known:
                    segments.path_of(folder, found[-1]).unlink(missing_ok=True)
                os.close(fd)


def pending(root: Path) -> int:
    """How many frames the server does not have yet. What is still in a living owner's ring is not counted."""
    folders = [root / writer for writer in segments.writers(root)]
    return sum(max(0, segments.last_seq(folder) - segments.durable(folder)) for folder in folders)


def _own(folder: Path) -> int:
    """The locked `ring` file of a folder. Raises SpoolBusy."""
    fd = os.open(folder / "ring", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise SpoolBusy(f"writer {folder.name} in {folder.parent} belongs to a living process") from error
    except BaseException:
        os.close(fd)
        raise
    return fd


@contextlib.contextmanager
def _settling(root: Path) -> Iterator[None]:
    """Only one process at a time looks for dead owners, so that none takes a moment's check for a living owner."""
    fd = os.open(root / "settle.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _count(kind: Kind, payload: bytes) -> Gap:
    """How many points, lines and events a payload holds."""
    if kind is Kind.METRICS:
        return Gap(sum(column.total for column in frames.summarize(payload)), 0, 0)
    if kind is Kind.LOGS:
        return Gap(0, len(frames.unpack_lines(payload)), 0)
    if kind is Kind.EVENTS:
        return Gap(0, 0, len(json.loads(payload)))
    return frames.unpack_gap(payload)
