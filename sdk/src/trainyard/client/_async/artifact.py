"""The artifacts of runs. `ref` is a run's id or a unique ending of it; names are relative paths with `/` between the
parts; `project` is the client's own by default."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from trainyard.client import requests
from trainyard.client._async.concurrency import run_blocking
from trainyard.client._async.pagination import collect, items
from trainyard.client._async.resource import AsyncResource
from trainyard.client.errors import BadName, Invalid
from trainyard.client.folders import Skip, has_content, list_files, path_inside, raise_error
from trainyard.client.models import Artifact, ArtifactPage
from trainyard.client.upload import Dialog, Progress, ignore_progress, upload_steps

__all__ = ["AsyncArtifacts"]

PAGE = 500


class AsyncArtifacts(AsyncResource):
    """The artifacts of runs."""

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
        """One page of the artifacts whose names start with `prefix`; with `folder`, those directly below it."""
        request = requests.list_artifacts(
            self._project(project), ref, prefix=prefix, folder=folder, limit=limit, cursor=cursor
        )
        return await self._client.send(request)

    def list(self, ref: str, *, prefix: str = "", project: str | None = None) -> AsyncIterator[Artifact]:
        """All artifacts whose names start with `prefix`, by name."""
        return items(lambda cursor: self.page(ref, prefix=prefix, limit=PAGE, cursor=cursor, project=project))

    async def read(self, ref: str, name: str, *, project: str | None = None) -> bytes:
        """The bytes of a small artifact."""
        return await self._client.send(requests.get_artifact(self._project(project), ref, name))

    async def get(
        self, ref: str, name: str, target: Path, *, progress: Progress = ignore_progress, project: str | None = None
    ) -> Path:
        """Download an artifact to a file, which appears only when it is complete. The download survives cut
        connections, and calling again continues a large one that was given up. Raises DigestMismatch."""
        await self._client.fetch(requests.get_artifact(self._project(project), ref, name), target, name, progress)
        return target

    async def get_folder(
        self, ref: str, name: str, target: Path, *, progress: Progress = ignore_progress, project: str | None = None
    ) -> Sequence[Path]:
        """Download all artifacts below `name` (empty: all of the run) to the folder `target`. Files that have the same
        bytes already are left alone. Raises BadName before anything is written."""
        prefix = f"{name.rstrip('/')}/" if name else ""
        found = await collect(self.list(ref, prefix=prefix, project=project))
        pairs = [(each, path_inside(target, each.name.removeprefix(prefix))) for each in found]
        for each, path in pairs:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not await run_blocking(has_content, path, each):
                await self.get(ref, each.name, path, progress=progress, project=project)
        return [path for _, path in pairs]

    async def tar(self, ref: str, target: Path, *, prefix: str = "", project: str | None = None) -> Path:
        """Download all artifacts whose names start with `prefix` as one tar file."""
        await self._client.download(requests.get_tar(self._project(project), ref, prefix=prefix), target, target.name)
        return target

    async def put(
        self,
        ref: str,
        name: str,
        source: Path | bytes,
        *,
        kind: str = "file",
        progress: Progress = ignore_progress,
        project: str | None = None,
    ) -> Artifact:
        """Store a file or bytes. Large files are sent in parts, and calling again continues an upload that was cut.
        Idempotent: the same bytes under the same name change nothing."""
        steps = upload_steps(self._project(project), ref, name, source, kind=kind, progress=progress)
        return await self._client.exchange(Dialog(steps))

    async def put_folder(
        self,
        ref: str,
        name: str,
        source: Path,
        *,
        kind: str = "file",
        progress: Progress = ignore_progress,
        skip: Skip = raise_error,
        project: str | None = None,
    ) -> Sequence[Artifact]:
        """Store every regular file below a folder as `name/...` (empty: by its path alone). `skip` is called for each
        file that cannot be stored; by default it raises, for a name that no artifact can have before anything is
        sent."""
        found = await run_blocking(list_files, source, name)
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
        """Store the regular files of an uncompressed tar below `prefix`. Raises Invalid for a tar that holds anything
        but files and folders; the files that came before are kept."""
        page = await self._client.send(requests.put_tar(self._project(project), ref, source, prefix=prefix, kind=kind))
        return page.items

    async def delete(self, ref: str, name: str, *, project: str | None = None) -> None:
        """Delete an artifact. Idempotent: deleting one that is gone succeeds. Raises Conflict while another run uses
        it."""
        await self._client.send(requests.delete_artifact(self._project(project), ref, name))
