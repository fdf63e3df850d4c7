"""Many artifacts as one tar: made while it is read, and read while it comes.

What goes out is the same for the same artifacts: by name, with the time of each artifact's row, and no owner or mode of
this machine. What comes in is trusted in nothing: only regular files with names that an artifact may have, each stored
whole or not at all, under limits of size and number.
"""

from __future__ import annotations

import tarfile
from collections.abc import AsyncIterator

from trainyard_core.clock import SECOND
from trainyard_core.contracts.tracker import ArtifactInfo, BadName, RunRef, Tracker, check_artifact_name
from trainyard_core.db import artifacts
from trainyard_core.db.engine import Database, Row
from trainyard_core.work.artifacts import stat

__all__ = ["ArtifactReplaced", "pack"]

PAGE = 500
BLOCK = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK)


class ArtifactReplaced(Exception):
    """An artifact was replaced while it was sent: the tar cannot be ended."""


async def pack(database: Database, tracker: Tracker, run: RunRef, prefix: str) -> AsyncIterator[bytes]:
    """The tar of a run's artifacts whose names start with `prefix`. What is listed without bytes is left out. Raises
    Changed."""
    async for row in _rows(database, run, prefix):
        holder = RunRef(run.project, row["source"] or run.run)
        info = await _stored(tracker, holder, row["name"])
        if info is not None:
            async for piece in _member(tracker, holder, info, row["at"]):
                yield piece
    yield END


async def _rows(database: Database, run: RunRef, prefix: str) -> AsyncIterator[Row]:
    after = ""
    while True:
        start = after
        rows = await database.read(
            lambda tx: artifacts.page(tx, run.run, prefix=prefix, after=start, limit=PAGE)  # noqa: B023 - awaited here
        )
        for row in rows:
            yield row
        if len(rows) < PAGE:
            return
        after = rows[-1]["name"]


async def _stored(tracker: Tracker, run: RunRef, name: str) -> ArtifactInfo | None:
    try:
        check_artifact_name(name)
    except BadName:  # a program may announce what it never stored
        return None
    return await stat(tracker, run, name)


async def _member(tracker: Tracker, run: RunRef, info: ArtifactInfo, at: int) -> AsyncIterator[bytes]:
    header = tarfile.TarInfo(info.name)
    header.size, header.mtime, header.mode = info.size, at // SECOND, 0o644
    yield header.tobuf(tarfile.PAX_FORMAT)
    sent = 0
    async for piece in tracker.read_artifact(run, info.name, end=info.size):
        sent += len(piece)
        yield piece
    if sent != info.size or await stat(tracker, run, info.name) != info:
        raise ArtifactReplaced(f"artifact {info.name!r} of run {run.run} changed while it was sent")
    yield bytes(-info.size % BLOCK)
