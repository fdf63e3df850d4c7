"""The files of runs. `ref` is a run's id or a unique ending of it; names are relative paths with `/` between parts;
`project` is the client's own unless it is given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trainyard.client import requests
from trainyard.client.errors import BadName, Invalid
from trainyard.client.folders import Skip, has_already, inside, named_files, refuse
from trainyard.client.models import Artifact, ArtifactPage
from trainyard.client.resources.pagination import items, items_of
from trainyard.client.upload import Dialog, Progress, quietly, uploading

if TYPE_CHECKING:
    from trainyard.client.async_client import AsyncClient
    from trainyard.client.client import Client

__all__ = ["Artifacts", "AsyncArtifacts"]

PAGE = 500


class Artifacts:
    """The files of runs."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def page(
        self,
        ref: str,
        *,
        prefix: str = "",
        folder: bool = False,
        limit: int | None = None,
        cursor: str = "",
        project: str | None = None,
    ) -> ArtifactPage:
        """One page of names that start with `prefix`; with `folder`, what lies directly below it."""
        request = requests.list_artifacts(
            self._in(project), ref, prefix=prefix, folder=folder, limit=limit, cursor=cursor
        )
        return self._client.send(request)

    def list(self, ref: str, *, prefix: str = "", project: str | None = None) -> Iterator[Artifact]:
        """All files whose names start with `prefix`, by name."""
        return items(lambda cursor: self.page(ref, prefix=prefix, limit=PAGE, cursor=cursor, project=project))

    def read(self, ref: str, name: str, *, project: str | None = None) -> bytes:
        """The bytes of a small file."""
        return self._client.send(requests.get_artifact(self._in(project), ref, name))

    def get(
        self, ref: str, name: str, target: Path, *, progress: Progress = quietly, project: str | None = None
    ) -> Path:
        """Bring a file here: it appears whole or not at all, however often the connection is cut; calling again goes
        on with what came of a large one. Raises DigestMismatch."""
        self._client.fetch(requests.get_artifact(self._in(project), ref, name), target, name, progress)
        return target

    def get_folder(
        self, ref: str, name: str, target: Path, *, progress: Progress = quietly, project: str | None = None
    ) -> Sequence[Path]:
        """Bring all files below `name` (empty: all of the run) into the folder `target`. Those that are there with the
        same bytes stay as they are. Raises BadName before anything is written."""
        prefix = f"{name.rstrip('/')}/" if name else ""
        found = [*self.list(ref, prefix=prefix, project=project)]
        wanted = [(each, inside(target, each.name.removeprefix(prefix))) for each in found]
        for each, path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not has_already(path, each):
                self.get(ref, each.name, path, progress=progress, project=project)
        return [path for _, path in wanted]

    def tar(self, ref: str, target: Path, *, prefix: str = "", project: str | None = None) -> Path:
        """Bring all files whose names start with `prefix` here as one tar."""
        self._client.download(requests.get_tar(self._in(project), ref, prefix=prefix), target, target.name)
        return target

    def put(
        self,
        ref: str,
        name: str,
        source: Path | bytes,
        *,
        kind: str = "file",
        progress: Progress = quietly,
        project: str | None = None,
    ) -> Artifact:
        """Store a file or bytes. Large ones go in parts, and a call that was cut goes on where it was when it is made
        again. Idempotent: the same bytes under the same name change nothing."""
        dialog = Dialog(uploading(self._in(project), ref, name, source, kind=kind, progress=progress))
        return self._client.hold(dialog)

    def put_folder(
        self,
        ref: str,
        name: str,
        source: Path,
        *,
        kind: str = "file",
        progress: Progress = quietly,
        skip: Skip = refuse,
        project: str | None = None,
    ) -> Sequence[Artifact]:
        """Store every regular file below a folder, as `name/...` (empty: by their paths alone). What cannot be stored
        is told to `skip`, which raises unless it is given; a name that no artifact can have is told before anything is
        sent."""
        found = [*named_files(source, name)]
        stored = []
        for each, path in sorted(found, key=lambda one: isinstance(one[1], Path)):
            try:
                if isinstance(path, BadName):
                    raise path
                stored.append(self.put(ref, each, path, kind=kind, progress=progress, project=project))
            except (BadName, Invalid, OSError) as error:
                skip(each, error)
        return stored

    def put_tar(
        self, ref: str, source: Path, *, prefix: str = "", kind: str = "file", project: str | None = None
    ) -> Sequence[Artifact]:
        """Store the regular files of an uncompressed tar, below `prefix`. Raises Invalid for one with anything else but
        folders in it; the files before that stay."""
        request = requests.put_tar(self._in(project), ref, source, prefix=prefix, kind=kind)
        return self._client.send(request).items

    def delete(self, ref: str, name: str, *, project: str | None = None) -> None:
        """Remove a file; one that is not there is no error. Raises Conflict while another run uses it."""
        self._client.send(requests.delete_artifact(self._in(project), ref, name))

    def _in(self, project: str | None) -> str:
        return project or self._client.endpoint.project


class AsyncArtifacts:
    """The files of runs."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def page(
        self,
        ref: str,
        *,
        prefix: str = "",
        folder: bool = False,
        limit: int | None = None,
        cursor: str = "",
        project: str | None = None,
    ) -> ArtifactPage:
        """One page of names that start with `prefix`; with `folder`, what lies directly below it."""
        request = requests.list_artifacts(
            self._in(project), ref, prefix=prefix, folder=folder, limit=limit, cursor=cursor
        )
        return await self._client.send(request)

    def list(self, ref: str, *, prefix: str = "", project: str | None = None) -> AsyncIterator[Artifact]:
        """All files whose names start with `prefix`, by name."""
        return items_of(lambda cursor: self.page(ref, prefix=prefix, limit=PAGE, cursor=cursor, project=project))

    async def read(self, ref: str, name: str, *, project: str | None = None) -> bytes:
        """The bytes of a small file."""
        return await self._client.send(requests.get_artifact(self._in(project), ref, name))

    async def get(
        self, ref: str, name: str, target: Path, *, progress: Progress = quietly, project: str | None = None
    ) -> Path:
        """Bring a file here: it appears whole or not at all, however often the connection is cut; calling again goes
        on with what came of a large one. Raises DigestMismatch."""
        await self._client.fetch(requests.get_artifact(self._in(project), ref, name), target, name, progress)
        return target

    async def get_folder(
        self, ref: str, name: str, target: Path, *, progress: Progress = quietly, project: str | None = None
    ) -> Sequence[Path]:
        """Bring all files below `name` (empty: all of the run) into the folder `target`. Those that are there with the
        same bytes stay as they are. Raises BadName before anything is written."""
        prefix = f"{name.rstrip('/')}/" if name else ""
        found = [each async for each in self.list(ref, prefix=prefix, project=project)]
        wanted = [(each, inside(target, each.name.removeprefix(prefix))) for each in found]
        for each, path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not await asyncio.to_thread(has_already, path, each):
                await self.get(ref, each.name, path, progress=progress, project=project)
        return [path for _, path in wanted]

    async def tar(self, ref: str, target: Path, *, prefix: str = "", project: str | None = None) -> Path:
        """Bring all files whose names start with `prefix` here as one tar."""
        await self._client.download(requests.get_tar(self._in(project), ref, prefix=prefix), target, target.name)
        return target

    async def put(
        self,
        ref: str,
        name: str,
        source: Path | bytes,
        *,
        kind: str = "file",
        progress: Progress = quietly,
        project: str | None = None,
    ) -> Artifact:
        """Store a file or bytes. Large ones go in parts, and a call that was cut goes on where it was when it is made
        again. Idempotent: the same bytes under the same name change nothing."""
        dialog = Dialog(uploading(self._in(project), ref, name, source, kind=kind, progress=progress))
        return await self._client.hold(dialog)

    async def put_folder(
        self,
        ref: str,
        name: str,
        source: Path,
        *,
        kind: str = "file",
        progress: Progress = quietly,
        skip: Skip = refuse,
        project: str | None = None,
    ) -> Sequence[Artifact]:
        """Store every regular file below a folder, as `name/...` (empty: by their paths alone). What cannot be stored
        is told to `skip`, which raises unless it is given; a name that no artifact can have is told before anything is
        sent."""
        found = await asyncio.to_thread(lambda: [*named_files(source, name)])
        stored = []
        for each, path in sorted(found, key=lambda one: isinstance(one[1], Path)):
            try:
                if isinstance(path, BadName):
                    raise path
                stored.append(await self.put(ref, each, path, kind=kind, progress=progress, project=project))
            except (BadName, Invalid, OSError) as error:
                skip(each, error)
        return stored

    async def put_tar(
        self, ref: str, source: Path, *, prefix: str = "", kind: str = "file", project: str | None = None
    ) -> Sequence[Artifact]:
        """Store the regular files of an uncompressed tar, below `prefix`. Raises Invalid for one with anything else but
        folders in it; the files before that stay."""
        request = requests.put_tar(self._in(project), ref, source, prefix=prefix, kind=kind)
        return (await self._client.send(request)).items

    async def delete(self, ref: str, name: str, *, project: str | None = None) -> None:
        """Remove a file; one that is not there is no error. Raises Conflict while another run uses it."""
        await self._client.send(requests.delete_artifact(self._in(project), ref, name))

    def _in(self, project: str | None) -> str:
        return project or self._client.endpoint.project
