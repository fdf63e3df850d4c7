"""Components and presets: registered by name and version in a project. A version's content never changes; what is said
of it does."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from litestar import Controller, Response, delete, get, patch, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody

from trainyard.client import models
from trainyard.compile.reference import LATEST, Kind
from trainyard_core.api.access import ApiRequest, allow, no_project, runtime_of
from trainyard_core.api.change import change, check_match, tell
from trainyard_core.api.component_form import check, check_tags, check_text, digest_of, shown, whole
from trainyard_core.api.pagination import Cursor, Limit, after_id, after_name, following
from trainyard_core.auth import READ, WRITE
from trainyard_core.db import components, projects
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Conflict, NotFound, choice
from trainyard_core.work.compilation import no_version

__all__ = ["Components", "Presets"]


KNOWN_ALREADY = ResponseSpec(
    data_container=models.Component, description="The same content is registered already.", generate_examples=False
)


class _Registry(Controller):
    kind: ClassVar[Kind]

    @get()
    async def page(
        self,
        request: ApiRequest,
        project: FromPath[str],
        limit: Limit = 50,
        cursor: Cursor = "",
        archived: FromQuery[bool] = False,
    ) -> models.ComponentPage:
        """List the newest version of each name, by name; with `archived`, archived versions are included."""
        await allow(request, READ, project)
        after = after_name(cursor)

        async def work(tx: Tx) -> list[Row]:
            await _open(tx, project)
            return await components.page(tx, project, self.kind, after=after, limit=limit, archived=archived)

        rows = await runtime_of(request).database.read(work)
        key = rows[-1]["name"] if rows else None
        return models.ComponentPage(items=[shown(row) for row in rows], next=following(rows, limit, key))

    @post(responses={200: KNOWN_ALREADY})
    async def register(
        self, request: ApiRequest, project: FromPath[str], data: JSONBody[models.RegisterComponent]
    ) -> Response[models.Component]:
        """Register a version. Registering the same content again changes nothing (200); other content under the same
        version is refused."""
        actor, at = await allow(request, WRITE, project), runtime_of(request).clock.now()
        new = components.NewComponent(
            project=project,
            kind=self.kind,
            name=data.name,
            version=data.version,
            content=data.content,
            digest=digest_of(self.kind, data),
            description=check_text(data.description),
            tags=check_tags(data.tags),
            actor=actor.name,
            at=at,
        )
        known: list[Row] = []

        async def work(tx: Tx) -> models.Component:
            await _open(tx, project, for_writing=True)
            if not await components.register(tx, new):
                known.append(await self._same(tx, new))
                return whole(known[0])
            version = {"name": new.name, "version": new.version, "digest": new.digest}
            await tell(tx, request, f"{self.kind}_registered", project=project, **version)
            return whole(await self._version(tx, project, new.name, new.version))

        answer = await change(request, work, name="component", status=201)
        if known:
            answer.status_code = 200
        return answer

    @get("/{name:str}")
    async def latest(self, request: ApiRequest, project: FromPath[str], name: FromPath[str]) -> models.Component:
        """Return the newest version that is not archived, with its content."""
        await allow(request, READ, project)
        return await runtime_of(request).database.read(lambda tx: self._newest(tx, project, name))

    @get("/{name:str}/versions")
    async def versions(
        self,
        request: ApiRequest,
        project: FromPath[str],
        name: FromPath[str],
        limit: Limit = 50,
        cursor: Cursor = "",
        archived: FromQuery[bool] = False,
    ) -> models.ComponentPage:
        """List the versions of a name, newest first; with `archived`, archived versions are included."""
        await allow(request, READ, project)
        before = after_id(cursor) or None

        async def work(tx: Tx) -> list[Row]:
            rows = await components.versions(
                tx, project, self.kind, name, before=before, limit=limit, archived=archived
            )
            if not rows and before is None:
                await self._newest(tx, project, name)
            return rows

        rows = await runtime_of(request).database.read(work)
        key = rows[-1]["id"] if rows else None
        return models.ComponentPage(items=[shown(row) for row in rows], next=following(rows, limit, key))

    @get("/{name:str}/versions/{version:str}")
    async def version(
        self, request: ApiRequest, project: FromPath[str], name: FromPath[str], version: FromPath[str]
    ) -> models.Component:
        """Return one version with its content; `latest` is the newest that is not archived."""
        await allow(request, READ, project)
        if version == LATEST:
            return await runtime_of(request).database.read(lambda tx: self._newest(tx, project, name))
        row = await runtime_of(request).database.read(lambda tx: self._version(tx, project, name, version))
        return whole(row)

    @patch("/{name:str}/versions/{version:str}")
    async def edit(
        self,
        request: ApiRequest,
        project: FromPath[str],
        name: FromPath[str],
        version: FromPath[str],
        data: JSONBody[models.EditComponent],
    ) -> Response[models.Component]:
        """Change the description, tags, stage, deprecation or archiving of a version."""
        await allow(request, WRITE, project)
        at = runtime_of(request).clock.now()
        given = {field: value for field, value in msgspec.structs.asdict(data).items() if value is not None}
        check(data)

        async def work(tx: Tx) -> models.Component:
            await components.lock(tx, await self._version(tx, project, name, version))
            row = await self._version(tx, project, name, version)
            now = whole(row)
            check_match(request, now)
            to = msgspec.structs.replace(now, **given)
            await components.edit(
                tx,
                row,
                description=to.description,
                tags=to.tags,
                stage=to.stage,
                deprecated=to.deprecated,
                archived=to.archived,
                at=at,
            )
            named = {"name": name, "version": version, "changed": given}
            await tell(tx, request, f"{self.kind}_changed", project=project, **named)
            return whole(await self._version(tx, project, name, version))

        return await change(request, work, name="component")

    @delete("/{name:str}/versions/{version:str}")
    async def remove(
        self, request: ApiRequest, project: FromPath[str], name: FromPath[str], version: FromPath[str]
    ) -> None:
        """Delete a version that no run was made with."""
        await allow(request, WRITE, project)

        async def work(tx: Tx) -> None:
            row = await self._version(tx, project, name, version)
            await components.lock(tx, row)
            if run := await components.is_used(tx, row):
                said = f"{self.kind} '{name}:{version}' is part of runs, such as {run[-8:]}"
                raise Conflict(said, fix=f"archive it: yard {self.kind}s archive {name}:{version}")
            await components.delete(tx, row)
            await tell(tx, request, f"{self.kind}_deleted", project=project, name=name, version=version)

        await change(request, work, name="component", status=204)

    async def _same(self, tx: Tx, new: components.NewComponent) -> Row:
        """The version that is there already. Raises Conflict when its content means something else."""
        row = await self._version(tx, new.project, new.name, new.version)
        if row["digest"] != new.digest:
            said = f"{self.kind} '{new.name}:{new.version}' is registered with other content ({row['digest'][:19]})"
            raise Conflict(said, fix="a version never changes: register it under another version")
        return row

    async def _version(self, tx: Tx, project: str, name: str, version: str) -> Row:
        row = await components.one(tx, project, self.kind, name, version)
        if row is not None:
            return row
        await self._newest(tx, project, name)
        existing = await components.versions(tx, project, self.kind, name, before=None, limit=100, archived=True)
        known = [row["version"] for row in existing]
        raise NotFound(no_version(self.kind, name, version, known), fix=f"see yard {self.kind}s versions {name}")

    async def _newest(self, tx: Tx, project: str, name: str) -> models.Component:
        row = await components.newest(tx, project, self.kind, name)
        if row is None:
            await _open(tx, project)
            known = await components.names(tx, project, self.kind)
            raise NotFound(choice(self.kind, name, known), fix=f"see yard {self.kind}s ls")
        return whole(row)


class Components(_Registry):
    """`/projects/{project}/components`."""

    path = "/projects/{project:str}/components"
    tags = ("components",)
    kind = "component"


class Presets(_Registry):
    """`/projects/{project}/presets`."""

    path = "/projects/{project:str}/presets"
    tags = ("presets",)
    kind = "preset"


async def _open(tx: Tx, project: str, *, for_writing: bool = False) -> None:
    """Raises NotFound for a project that is not there, Conflict for an archived one that is to be written to."""
    row = await projects.get(tx, project)
    if row is None:
        raise no_project(project)
    if for_writing and row["archived_at"] is not None:
        raise Conflict(f"project '{project}' is archived", fix=f"open it again: yard projects archive {project} --undo")
