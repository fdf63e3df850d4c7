"""Where frames lie on disk: the files of one writer's folder, and reading them back.

A segment is a file of whole frames of one writer in sequence, named for the first of them (`00000001.tyf`). Sequence
numbers that lie between two segments were dropped on a full disk, and reading fills them with empty gaps, so that
whoever receives frames always sees every number. `durable` holds the number up to which the server has everything.
This module reads, deletes and renames; who may write is `spool`'s to decide.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from trainyard.track import failpoints, frames

__all__ = [
    "Place",
    "durable",
    "is_final",
    "last_seq",
    "listed",
    "path_of",
    "raise_durable",
    "read",
    "torn_at",
    "writers",
]

_NAME = re.compile(r"(\d{8,})\.tyf")
_WRITER = re.compile(r"[0-9a-f]{32}")
_NO_GAP = frames.pack_gap(frames.Gap(0, 0, 0))


class Place(NamedTuple):
    """Where reading goes on: frame `seq` is next; it starts at `offset` of the segment named for `first`, when that
    is known (else both are 0)."""

    seq: int
    first: int = 0
    offset: int = 0


def writers(root: Path) -> list[str]:
    """The writers that have a folder in a spool, sorted."""
    try:
        return sorted(entry.name for entry in root.iterdir() if _WRITER.fullmatch(entry.name))
    except FileNotFoundError:
        return []


def listed(folder: Path) -> list[int]:
    """The first sequence number of each segment, ascending."""
    try:
        return sorted(int(found[1]) for entry in folder.iterdir() if (found := _NAME.fullmatch(entry.name)))
    except FileNotFoundError:
        return []


def path_of(folder: Path, first: int) -> Path:
    """The segment that starts with frame `first`."""
    return folder / f"{first:08d}.tyf"


def durable(folder: Path) -> int:
    """The sequence number up to which the server has everything; 0 when it was never told."""
    try:
        return int((folder / "durable").read_text())
    except (FileNotFoundError, ValueError):
        return 0


def raise_durable(folder: Path, seq: int) -> None:
    """Remember that everything up to `seq` is on the server, for good: segments may be deleted after this.
    Never lowers it. Idempotent; safe when several do it at once, since a lower mark only makes frames travel twice."""
    if seq <= durable(folder):
        return
    draft = folder / f"durable.{os.getpid()}.{os.urandom(4).hex()}"
    with draft.open("w") as file:
        file.write(str(seq))
        file.flush()
        os.fsync(file.fileno())
    failpoints.point("durable.rename")
    draft.replace(folder / "durable")


def last_seq(folder: Path) -> int:
    """The last sequence number of a writer: of its last whole frame, or what the server has when nothing is left."""
    segments = listed(folder)
    if not segments:
        return durable(folder)
    found, _ = frames.scan(_bytes(path_of(folder, segments[-1])))
    last = found[-1].seq if found else segments[-1] - 1
    return max(last, durable(folder))


def is_final(folder: Path) -> bool:
    """Whether the last frame that is here says that nothing more comes of its writer."""
    firsts = listed(folder)
    found, _ = frames.scan(_bytes(path_of(folder, firsts[-1]))) if firsts else ([], 0)
    return bool(found) and found[-1].final


def torn_at(path: Path) -> int | None:
    """Where a torn tail of a segment starts, or None when it holds whole frames only."""
    data = _bytes(path)
    _, end = frames.scan(data)
    return None if end == len(data) else end


def read(folder: Path, writer: str, place: Place, limit: int) -> tuple[list[bytes], Place]:
    """Whole frames from `place` on, as raw bytes, at most about `limit` bytes and at least one if there is one; and
    where to go on. Sequence numbers that are missing before a later segment come as empty gaps."""
    found: list[bytes] = []
    size = 0
    for raw, after in _walk(folder, writer, place, limit):
        if found and size + len(raw) > limit:
            break
        found.append(raw)
        size += len(raw)
        place = after
    return found, place


def _walk(folder: Path, writer: str, place: Place, limit: int) -> Iterator[tuple[bytes, Place]]:
    segments = listed(folder)
    seq = place.seq
    for index, first in enumerate(segments):
        if index + 1 < len(segments) and segments[index + 1] <= seq:
            continue
        for missing in range(seq, first):
            yield frames.encode(frames.Kind.GAP, writer, missing, _NO_GAP), Place(missing + 1, first)
            seq = missing + 1
        start = place.offset if place.first == first and place.seq == seq else 0
        for raw, number, end in _frames_at(path_of(folder, first), start, limit):
            if number >= seq:
                seq = number + 1
                yield raw, Place(seq, first, end)


def _frames_at(path: Path, start: int, limit: int) -> Iterator[tuple[bytes, int, int]]:
    """Raw frame, sequence number and where it ends, up to the first byte that is no whole frame."""
    end = start
    enough = limit + frames.HEADER_SIZE + frames.MAX_PAYLOAD if start else -1
    for frame in frames.scan(_bytes(path, start, enough))[0]:
        end += len(frame.raw)
        yield frame.raw, frame.seq, end


def _bytes(path: Path, start: int = 0, size: int = -1) -> bytes:
    """The file's bytes from `start` on, at most `size`; nothing when it was just deleted."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read(size)
    except FileNotFoundError:
        return b""
