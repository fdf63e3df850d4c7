"""One writer's file of frames, read in order: whole frames only, from any point that was seen before.

A `Mark` remembers how far somebody has read. It holds the header of the last frame seen, so that a file that was
deleted and made anew, perhaps by another process, is noticed and read from its start. Who may write is decided by
`commit`, what frames mean by `series` and `log`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from trainyard.track import frames

__all__ = ["START", "Mark", "frame_at", "holds", "open_to_read", "walk"]

_WINDOW = frames.MAX_PAYLOAD + 1024 * 1024


class Mark(NamedTuple):
    """How far a segment was read: the last frame's number, where the next one starts, and where the last one starts
    with which header."""

    seq: int
    end: int
    at: int
    header: bytes

    def after(self, at: int, frame: frames.Frame) -> Mark:
        """The mark behind `frame`, which starts at `at`."""
        return Mark(frame.seq, at + len(frame.raw), at, frame.raw[: frames.HEADER_SIZE])


START = Mark(0, 0, 0, b"")


def open_to_read(path: Path) -> int:
    """A file descriptor to read from. Raises FileNotFoundError; a symbolic link is an OSError."""
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)


def holds(fd: int, mark: Mark, size: int) -> bool:
    """Whether the file, which has `size` bytes, is still the one that `mark` was made on."""
    return size >= mark.end and os.pread(fd, len(mark.header), mark.at) == mark.header


def walk(fd: int, start: int) -> Iterator[tuple[int, frames.Frame]]:
    """The whole frames from byte `start` on, each with where it starts. Ends at the first byte that is no frame."""
    size = os.fstat(fd).st_size
    while start < size:
        found, _ = frames.scan(os.pread(fd, min(_WINDOW, size - start), start))
        if not found:
            return
        for frame in found:
            yield start, frame
            start += len(frame.raw)


def frame_at(fd: int, at: int) -> frames.Frame:
    """The frame that starts at byte `at`, which `walk` has told. Raises FrameError when it is damaged since."""
    header = os.pread(fd, frames.HEADER_SIZE, at)
    length = int.from_bytes(header[8:12], "little")
    found = frames.split(header + os.pread(fd, length, at + len(header)))
    if len(found) != 1:
        raise frames.FrameError(at, "the frame is gone")
    return found[0]
