"""The `folder` tracker: joins appends, series, logs and artifacts to the contract. Every call that touches the disk
goes through a thread; what is done there is decided by the modules named after it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from trainyard.track.frames import Frame
from trainyard_core.contracts.tracker import (
    ArtifactInfo,
    LogPage,
    RunRef,
    Series,
    SeriesAxis,
    SeriesColumns,
    SeriesSource,
    Tracker,
    Upload,
    WrongOffset,
    check_artifact_name,
)
from trainyard_core.contracts.tracker_events import EventPage
from trainyard_core.hookspecs import Context
from trainyard_tracker_folder import artifact, safe_path
from trainyard_tracker_folder.append import Appender
from trainyard_tracker_folder.event import EventReader
from trainyard_tracker_folder.layout import Layout, make_folder
from trainyard_tracker_folder.log import LogReader
from trainyard_tracker_folder.settings import Settings
from trainyard_tracker_folder.upload import Uploads

if TYPE_CHECKING:
    from trainyard_tracker_folder.series import SeriesReader

__all__ = ["FolderTracker"]

_PIECE = 1024 * 1024
_READERS = 4
"""Threads that read the series of several runs."""


class FolderTracker(Tracker):
    """Keeps all in one folder, which several processes of one machine may share. Use it from one event loop."""

    name = "folder"
    upload_step = 1

    def __init__(self, root: Path, *, cache_mb: int = 128) -> None:
        self._layout = Layout(root)
        self._cache_bytes = cache_mb * 1024 * 1024
        self._appender = Appender(self._layout)
        self._logs = LogReader(self._layout)
        self._events = EventReader(self._layout)
        self._uploads = Uploads(self._layout)

    @classmethod
    def from_context(cls, context: Context) -> FolderTracker:
        """A tracker as the settings say."""
        settings: Settings = context.settings
        return cls(context.folder / Path(settings.root).expanduser(), cache_mb=settings.cache_mb)

    async def append(self, run: RunRef, frames: Sequence[Frame]) -> int:
        """Idempotent by (run, writer, seq)."""
        return await self._appender.append(run, frames)

    async def durable(self, run: RunRef, writer: str) -> int:
        """Counted from the segment itself."""
        return await self._appender.durable(run, writer)

    async def series_names(self, run: RunRef) -> list[str]:
        """Sorted."""
        return await asyncio.to_thread(lambda: self._series.names(run))

    async def read_series(
        self,
        run: RunRef,
        names: Sequence[str],
        *,
        first: int | None = None,
        last: int | None = None,
        points: int = 0,
        attempts: Mapping[str, int] = {},
    ) -> list[Series]:
        """Buckets have as good as equal numbers of rows."""
        return await asyncio.to_thread(
            lambda: self._series.read(run, names, first=first, last=last, points=points, attempts=attempts)
        )

    async def read_many(
        self,
        sources: Sequence[SeriesSource],
        names: Sequence[str],
        *,
        by: SeriesAxis = "step",
        first: int | None = None,
        last: int | None = None,
        points: int = 0,
    ) -> list[list[SeriesColumns]]:
        """In a few threads, each for some of the runs."""

        def read(some: Sequence[SeriesSource]) -> list[list[SeriesColumns]]:
            return [
                self._series.read_columns(source, names, by=by, first=first, last=last, points=points)
                for source in some
            ]

        size = max(1, -(-len(sources) // _READERS))
        parts = [sources[start : start + size] for start in range(0, len(sources), size)]
        found = await asyncio.gather(*(asyncio.to_thread(read, part) for part in parts))
        return [each for part in found for each in part]

    async def read_logs(self, run: RunRef, *, cursor: str = "", limit: int = 1000, tail: bool = False) -> LogPage:
        """A page also ends at 8 MiB of text."""
        return await asyncio.to_thread(self._logs.read, run, cursor=cursor, limit=limit, tail=tail)

    async def read_events(
        self,
        run: RunRef,
        *,
        kind: str = "",
        names: Sequence[str] = (),
        cursor: str = "",
        limit: int = 1000,
        attempts: Mapping[str, int] = {},
    ) -> EventPage:
        """Decodes only the frames of a page, unless the writers are of several attempts."""
        return await asyncio.to_thread(
            self._events.read, run, kind=kind, names=names, cursor=cursor, limit=limit, attempts=attempts
        )

    async def put_artifact(
        self, run: RunRef, name: str, data: AsyncIterator[bytes], *, digest: str | None = None
    ) -> ArtifactInfo:
        """The last of several that store one name at a time wins."""
        check_artifact_name(name)
        incoming = artifact.Incoming(self._layout, run)
        try:
            await asyncio.to_thread(incoming.open)
            async for piece in _gathered(data):
                await asyncio.to_thread(incoming.write, piece)
            return await asyncio.to_thread(incoming.keep, name, digest)
        finally:
            incoming.close()

    async def stat_artifact(self, run: RunRef, name: str) -> ArtifactInfo:
        """From the footer; the bytes are not read."""
        stored = await self._open(run, name)
        stored.close()
        return stored.info

    async def read_artifact(
        self, run: RunRef, name: str, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """In pieces of 1 MiB; goes on with the artifact as it was when the reading began."""
        if start < 0 or (end is not None and end < start):
            raise ValueError(f"bytes {start} to {end} are no range")
        stored = await self._open(run, name)
        try:
            stop = stored.info.size if end is None else min(end, stored.info.size)
            while start < stop:
                piece = await asyncio.to_thread(stored.read, start, min(_PIECE, stop - start))
                start += len(piece)
                yield piece
        finally:
            stored.close()

    async def list_artifacts(self, run: RunRef, *, prefix: str = "") -> list[ArtifactInfo]:
        """By name, from the footers."""
        return await asyncio.to_thread(artifact.list_all, self._layout, run, prefix)

    async def delete_artifact(self, run: RunRef, name: str) -> None:
        """Idempotent."""
        check_artifact_name(name)
        await asyncio.to_thread(artifact.remove, self._layout, run, name)

    async def upload_offset(self, run: RunRef, upload: Upload) -> int:
        """Every byte is kept."""
        check_artifact_name(upload.name)
        return await asyncio.to_thread(self._uploads.offset, run, upload)

    async def append_upload(self, run: RunRef, upload: Upload, offset: int, data: AsyncIterator[bytes]) -> int:
        """Every byte that came in whole pieces of 1 MiB is kept, whatever happens then."""
        check_artifact_name(upload.name)
        at = offset
        async for piece in _gathered(data):
            at = await asyncio.to_thread(self._uploads.write, run, upload, at, piece)
        kept = await asyncio.to_thread(self._uploads.offset, run, upload)
        if at == offset != kept:
            raise WrongOffset(kept)
        return kept

    async def finish_upload(self, run: RunRef, upload: Upload) -> ArtifactInfo:
        """By one rename."""
        check_artifact_name(upload.name)
        return await asyncio.to_thread(self._uploads.finish, run, upload)

    async def drop_upload(self, run: RunRef, upload: Upload) -> None:
        """Idempotent."""
        await asyncio.to_thread(self._uploads.drop, run, upload)

    async def delete_run(self, run: RunRef) -> None:
        """The run is gone at once; its files follow, at the latest with the next run that is deleted."""
        await asyncio.to_thread(self._delete_run, run)

    async def aclose(self) -> None:
        """Waits until all that was asked for is on disk."""
        await self._appender.aclose()

    @cached_property
    def _series(self) -> SeriesReader:
        """Made at the first read, in its thread: it imports numpy."""
        from trainyard_tracker_folder.series import SeriesReader

        return SeriesReader(self._layout, self._cache_bytes)

    async def _open(self, run: RunRef, name: str) -> artifact.Stored:
        check_artifact_name(name)
        return await asyncio.to_thread(artifact.Stored.find, self._layout, run, name)

    def _delete_run(self, run: RunRef) -> None:
        project, folder, _ = self._layout.parts(run, "")
        root, trash = self._layout.root, self._layout.trash
        with suppress(FileNotFoundError), safe_path.opened(root, [project]) as above:
            make_folder(trash)
            with safe_path.opened(root, [trash.name]) as target:
                os.replace(folder, uuid.uuid4().hex, src_dir_fd=above, dst_dir_fd=target)
            os.fsync(above)
        self._logs.forget(run)
        self._events.forget(run)
        if "_series" in self.__dict__:
            self._series.forget(run)
        for left in trash.iterdir() if trash.is_dir() else ():
            _remove_tree(left)


def _remove_tree(path: Path) -> None:
    """Remove a folder, or the link that somebody put in its place."""
    if path.is_symlink():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)


async def _gathered(data: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of about 1 MiB: a thread for each piece pays off."""
    pieces: list[bytes] = []
    size = 0
    async for piece in data:
        pieces.append(piece)
        size += len(piece)
        if size >= _PIECE:
            yield b"".join(pieces)
            pieces, size = [], 0
    if size:
        yield b"".join(pieces)
