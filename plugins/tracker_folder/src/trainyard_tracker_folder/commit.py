"""Makes frames durable: one locked, recovered, synced write to one segment. Blocking; `append` calls it in a thread.

The lock is on the segment itself, so that processes which share the folder take turns. Whoever holds it first looks
at what others left: whole frames count (and are synced before anybody is told of them), a torn end is cut off. The
sequence number thus comes from the file alone; the `Mark` that is passed along only saves reading it again.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from trainyard.track.frames import Frame
from trainyard_core.contracts.tracker import SequenceGap
from trainyard_tracker_folder import segment
from trainyard_tracker_folder.layout import make_folder, sync_folders
from trainyard_tracker_folder.segment import START, Mark

__all__ = ["Outcome", "commit"]


class Outcome(NamedTuple):
    """What became of requests: how far the file is durable, and for each request its durable number or the gap."""

    mark: Mark
    answers: list[int | SequenceGap]


def commit(path: Path, root: Path, known: Mark, requests: Sequence[Sequence[Frame]]) -> Outcome:
    """Write what is new of `requests`, each frames of one writer in order, with one sync. `known` is the mark of an
    earlier outcome, or START. Idempotent by (segment, seq). A request without frames only asks for the durable
    number. Raises OSError with nothing of this call kept."""
    if not any(requests) and not path.exists():
        return Outcome(START, [0] * len(requests))
    with _locked(path) as fd:
        size = os.fstat(fd).st_size
        found = known if segment.holds(fd, known, size) else START
        if found == START:
            sync_folders(path.parent, root)
        if size != found.end:
            found = _recover(fd, found)
        answers, fresh = _admit(found.seq, requests)
        mark = _write(fd, found, fresh) if fresh else found
        if mark != known:
            _sync(fd, found)
        return Outcome(mark, answers)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The segment, made when missing, for us alone."""
    while True:
        fd = _opened(path)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            if _is_at(fd, path):
                yield fd
                return
        finally:
            os.close(fd)


def _opened(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        make_folder(path.parent)
        return os.open(path, flags, 0o600)


def _is_at(fd: int, path: Path) -> bool:
    """Whether the open file is still the one under its name: the run may have been deleted while we waited."""
    try:
        return os.path.samestat(os.fstat(fd), os.lstat(path))
    except FileNotFoundError:
        return False


def _recover(fd: int, mark: Mark) -> Mark:
    """The end of the whole frames from `mark` on; what a crash left behind them is cut off."""
    for at, frame in segment.walk(fd, mark.end):
        mark = mark.after(at, frame)
    if os.fstat(fd).st_size > mark.end:
        os.ftruncate(fd, mark.end)
    return mark


def _admit(seq: int, requests: Sequence[Sequence[Frame]]) -> tuple[list[int | SequenceGap], list[Frame]]:
    """Decide, request by request, what is new and what is refused."""
    answers: list[int | SequenceGap] = []
    fresh: list[Frame] = []
    for request in requests:
        if request and request[0].seq > seq + 1:
            answers.append(SequenceGap(seq + 1))
            continue
        new = [frame for frame in request if frame.seq > seq]
        fresh += new
        seq += len(new)
        answers.append(seq)
    return answers, fresh


def _write(fd: int, start: Mark, fresh: Sequence[Frame]) -> Mark:
    """Put frames behind `start`. A write that fails (disk full) leaves the file as it was."""
    data = memoryview(b"".join(frame.raw for frame in fresh))
    at = start.end
    try:
        while data:
            written = os.pwrite(fd, data, at)
            data, at = data[written:], at + written
    except OSError:
        os.ftruncate(fd, start.end)
        raise
    return start.after(at - len(fresh[-1].raw), fresh[-1])


def _sync(fd: int, start: Mark) -> None:
    """Sync, or drop what follows `start`: after a failed sync the kernel may have forgotten those pages, and a
    later sync would wrongly succeed."""
    try:
        os.fdatasync(fd)
    except OSError:
        os.ftruncate(fd, start.end)
        raise
