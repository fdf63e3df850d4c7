"""Keeps artifacts' rows in step with what the tracker has.

The tracker's bytes are the truth: they are stored, and then `settle` makes the row say so. When an artifact is removed
its row goes first, so that nobody takes it by reference any more; `settle` looks at what came of it. It looks, writes,
and looks again until nothing has changed in between; so of any calls that overlap the last one to write leaves the row
right. An attempt may store files until another one has taken its place, which is looked at again when the last byte has
come, before the file is there for others. A crash in between leaves a row that is wrong until the same request comes
again (or, for an upload, until maintenance).
"""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

import msgspec

from trainyard_core import failpoints
from trainyard_core.contracts.tracker import (
    ArtifactInfo,
    ArtifactMissing,
    BadName,
    DigestMismatch,
    RunRef,
    Tracker,
)
from trainyard_core.db import artifacts
from trainyard_core.db.artifacts import ArtifactActor
from trainyard_core.db.engine import Database, Tx
from trainyard_core.errors import Conflict, DigestRefused, Invalid, StorageFull

__all__ = ["put", "remove", "room", "settle", "stat"]


async def put(
    database: Database,
    tracker: Tracker,
    told: ArtifactActor,
    name: str,
    data: AsyncIterator[bytes],
    *,
    digest: str | None,
    kind: str,
) -> ArtifactInfo:
    """Store an artifact whole or not at all. Idempotent. Raises Invalid, DigestRefused, StorageFull,
    AttemptSuperseded."""
    try:
        with room():
            info = await tracker.put_artifact(
                RunRef(told.project, told.run), name, _fenced(database, told, data), digest=digest
            )
    except BadName as error:
        raise Invalid(str(error), fix="use a relative path, without `..`") from error
    except DigestMismatch as error:
        raise DigestRefused(str(error)) from error
    failpoints.point("artifact:after_put")
    return await settle(database, tracker, told, name, kind=kind) or info


async def remove(database: Database, tracker: Tracker, told: ArtifactActor, name: str) -> None:
    """Remove an artifact, its bytes and its row; idempotent. Raises Conflict while another run has it by reference."""

    async def work(tx: Tx) -> None:
        await artifacts.fence(tx, told)  # whoever takes artifacts from this run holds it, too
        if takers := await artifacts.takers(tx, told.run, name):
            raise Conflict(
                f"artifact '{name}' of run {told.run} is used by {', '.join(takers)}",
                fix="delete it there, or those runs, first",
            )
        await artifacts.forget(tx, told, name)

    await database.write(work, name="artifact")
    await tracker.delete_artifact(RunRef(told.project, told.run), name)
    failpoints.point("artifact:after_delete")
    await settle(database, tracker, told, name, kind="file")


async def settle(
    database: Database,
    tracker: Tracker,
    told: ArtifactActor,
    name: str,
    *,
    kind: str,
    also: Callable[[Tx], Awaitable[None]] | None = None,
) -> ArtifactInfo | None:
    """Make the row of an artifact say what the tracker has, and return that; `also` is done in the same transaction.
    Raises NotFound when the run is gone."""
    seen = await stat(tracker, RunRef(told.project, told.run), name)

    async def work(tx: Tx) -> None:
        await artifacts.fence(tx, msgspec.structs.replace(told, attempt=0))  # the bytes are there, whosever they are
        await (artifacts.record(tx, told, seen, kind=kind) if seen else artifacts.forget(tx, told, name))
        if also is not None:
            await also(tx)

    while True:
        await database.write(work, name="artifact")
        now = await stat(tracker, RunRef(told.project, told.run), name)
        if now == seen:
            return seen
        seen = now


async def _fenced(database: Database, told: ArtifactActor, data: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The bytes, which break off at their end when another attempt has taken the place of the one that sent them."""
    async for piece in data:
        yield piece
    if told.attempt:
        await database.read(lambda tx: artifacts.check_current(tx, told))


@contextmanager
def room() -> Iterator[None]:
    """A tracker's full disk, told as what it is: StorageFull."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull("the tracker's disk is full", fix="free space and send it again") from error
        raise


async def stat(tracker: Tracker, run: RunRef, name: str) -> ArtifactInfo | None:
    """What the tracker has under a name, if anything. Raises BadName."""
    try:
        return await tracker.stat_artifact(run, name)
    except ArtifactMissing:
        return None
