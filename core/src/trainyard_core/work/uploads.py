"""Uploads: artifacts that arrive in parts, and that any process may go on with after a crash at any point.

Write order. The row is there before the first byte. Each part is the tracker's alone, and is acknowledged when the
tracker keeps it for certain. When the last byte is there the row becomes `finishing`; then the tracker makes the
artifact, whole; then one transaction writes the artifact's row and makes the upload `done`. Each step is idempotent,
so whoever comes next (the client again, or maintenance) does the rest. An upload that nobody went on with for a day is
dropped, bytes first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import msgspec
import structlog

from trainyard_core import failpoints
from trainyard_core.clock import SECOND, Clock
from trainyard_core.contracts.tracker import (
    BadName,
    DigestMismatch,
    RunRef,
    SupportsUploads,
    Upload,
    UploadTooLong,
    WrongOffset,
    check_artifact_name,
)
from trainyard_core.db import artifacts as records
from trainyard_core.db import uploads
from trainyard_core.db.artifacts import ArtifactActor
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.errors import AttemptSuperseded, DigestRefused, Invalid, NotFound, NoUploads, TooLarge, WrongPlace
from trainyard_core.ids import new_id
from trainyard_core.run_tracker import RunTracker
from trainyard_core.work import artifacts

__all__ = ["UploadStatus", "Uploads"]

ABANDONED = 24 * 3600 * SECOND
CUT_OFF = 900 * SECOND
AT_ONCE = 100
log = structlog.get_logger("trainyard.uploads")


class UploadStatus(msgspec.Struct, frozen=True):
    """What is known of bytes that somebody wants to upload: how many are here, and whether all of them are."""

    upload: Upload
    offset: int
    is_done: bool


class Uploads:
    """The uploads of a platform. Every method raises NoUploads for a run whose tracker takes no parts, and Unavailable
    for one whose tracker is not there."""

    def __init__(self, database: Database, tracker: RunTracker, clock: Clock) -> None:
        self._database, self._tracker, self._clock = database, tracker, clock

    async def step(self, told: ArtifactActor) -> int:
        """See `SupportsUploads.upload_step`."""
        return (await self._power(RunRef(told.project, told.run))).upload_step

    async def look(self, told: ArtifactActor, *, name: str, size: int, digest: str, kind: str) -> UploadStatus:
        """How far these bytes have come under that name. Bytes that are there already get their row. Raises
        Invalid."""
        try:
            check_artifact_name(name)
        except BadName as error:
            raise Invalid(str(error), fix="use a relative path, without `..`") from error
        run = RunRef(told.project, told.run)
        power = await self._power(run)
        row = await self._database.read(lambda tx: uploads.find(tx, told.run, name=name, size=size, digest=digest))
        upload = uploads.of_row(row) if row else Upload(id=new_id(), name=name, size=size, digest=digest)
        stored = await artifacts.stat(self._tracker, run, name)
        if stored is not None and (stored.size, stored.digest) == (size, digest):
            await artifacts.settle(self._database, self._tracker, told, name, kind=kind)
            return UploadStatus(upload, size, True)
        return UploadStatus(upload, await power.upload_offset(run, upload) if row else 0, False)

    async def offset(self, told: ArtifactActor, row: Row) -> int:
        """How many bytes are here for certain."""
        if row["state"] == "done":
            return int(row["size"])
        run = RunRef(told.project, told.run)
        return await (await self._power(run)).upload_offset(run, uploads.of_row(row))

    async def append(self, told: ArtifactActor, row: Row, offset: int, data: AsyncIterator[bytes]) -> int:
        """Take a part, and with the last one make the artifact. Returns how many bytes are here. Idempotent in effect:
        a part that comes again is a wrong place. Raises WrongPlace, TooLarge, DigestRefused,
        StorageFull."""
        if row["state"] == "done":
            if offset != row["size"]:
                raise WrongPlace(row["size"])
            return offset
        kept = await self._append(told, row, offset, data)
        failpoints.point("upload:after_part")
        if kept == row["size"]:
            await self.finish(told, row)
        else:
            await self._touch(told, row)
        return kept

    async def finish(self, told: ArtifactActor, row: Row) -> None:
        """Make the artifact of an upload whose bytes are all here. Idempotent. Raises WrongPlace, AttemptSuperseded;
        DigestRefused after the upload is removed."""
        ident, at, run = row["id"], told.at, RunRef(told.project, told.run)
        power = await self._power(run)

        async def finishing(tx: Tx) -> None:
            await records.fence(tx, told)
            await uploads.set_state(tx, ident, "finishing", at=at)

        await self._database.write(finishing, name="upload_finishing")
        try:
            with artifacts.room():
                await power.finish_upload(run, uploads.of_row(row))
        except WrongOffset as wrong:
            await self._database.write(lambda tx: uploads.set_state(tx, ident, "open", at=at), name="upload_open")
            raise WrongPlace(wrong.offset) from wrong
        except DigestMismatch as error:
            await self._database.write(lambda tx: uploads.remove(tx, ident), name="upload_remove")
            raise DigestRefused(str(error)) from error
        failpoints.point("upload:after_finish")

        async def done(tx: Tx) -> None:
            await uploads.set_state(tx, ident, "done", at=at)

        await artifacts.settle(self._database, self._tracker, told, row["name"], kind=row["kind"], also=done)

    async def drop(self, told: ArtifactActor, row: Row) -> None:
        """Give an upload up; an artifact that it has become stays. Idempotent."""
        run = RunRef(told.project, told.run)
        await (await self._power(run)).drop_upload(run, uploads.of_row(row))
        failpoints.point("upload:after_drop")
        await self._database.write(lambda tx: uploads.remove(tx, row["id"]), name="upload_remove")

    async def tidy(self) -> None:
        """Finish what was cut off while it was finished, and drop what nobody went on with for a day."""
        now = self._clock.now()
        rows = await self._database.read(
            lambda tx: uploads.stale(tx, untouched_since=now - ABANDONED, finishing_since=now - CUT_OFF, limit=AT_ONCE)
        )
        for row in rows:
            told = ArtifactActor(
                project=row["project"], run=row["run"], actor=row["actor"], at=now, attempt=row["attempt"]
            )
            try:
                await self._settle(told, row)
            except Exception:
                log.exception("an upload could not be tidied and is tried again", run=row["run"], upload=row["id"])

    async def _touch(self, told: ArtifactActor, row: Row) -> None:
        """Tell that it is not abandoned. One that was given up while this part came has no row: the part goes too."""
        if not await self._database.write(lambda tx: uploads.touch(tx, row["id"], at=told.at), name="upload_part"):
            run = RunRef(told.project, told.run)
            await (await self._power(run)).drop_upload(run, uploads.of_row(row))
            raise NotFound(f"upload '{row['id']}' was cancelled meanwhile", fix="open it again")

    async def _settle(self, told: ArtifactActor, row: Row) -> None:
        """One of an attempt that is over by now is dropped too; the tracker may have made its artifact, though."""
        if row["state"] == "finishing":
            with suppress(AttemptSuperseded):
                return await self.finish(told, row)
            await artifacts.settle(self._database, self._tracker, told, row["name"], kind=row["kind"])
        await self.drop(told, row)
        return None

    async def _append(self, told: ArtifactActor, row: Row, offset: int, data: AsyncIterator[bytes]) -> int:
        run, upload = RunRef(told.project, told.run), uploads.of_row(row)
        power = await self._power(run)
        try:
            with artifacts.room():
                return await power.append_upload(run, upload, offset, data)
        except WrongOffset as wrong:
            raise WrongPlace(wrong.offset) from wrong
        except UploadTooLong as error:
            raise TooLarge(str(error), fix="open another upload, with the right size and digest") from error

    async def _power(self, run: RunRef) -> SupportsUploads:
        """The run's tracker, if it takes parts."""
        tracker = await self._tracker.of(run)
        if not isinstance(tracker, SupportsUploads):
            raise NoUploads(f"tracker '{tracker.name}' takes no parts", fix="store the file with one PUT")
        return tracker
