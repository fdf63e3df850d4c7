"""Components and presets: registered by name and version in a project. A version's content never changes; what is said
of it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

import msgspec
from litestar import Controller, Response, delete, get, patch, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from trainyard.client import models
from trainyard.compile.reference import LATEST, Kind
from trainyard_core.contracts.database import NewEvent, PluginRow, PluginTx, Target
from trainyard_core.contracts.platform import Platform
from trainyard_core.contracts.routes import READ, WRITE, Actor, Change, Permission
from trainyard_core.contracts.wire import decode_cursor, encode_cursor
from trainyard_core.errors import Conflict, Invalid, NotFound, choice
from trainyard_registry import versions
from trainyard_registry.resolver import no_version
from trainyard_registry.version_body import check, check_tags, check_text, digest_of, shown, whole
from trainyard_registry.versions import NewVersion

__all__ = ["Components", "Presets"]

MOST = 500
Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description="At most so many items.")]
Cursor = Annotated[str, QueryParameter(description="`next` of the page before.")]
MAY_READ = {"authorization": Permission(READ, project="project")}
MAY_WRITE = {"authorization": Permission(WRITE, project="project")}
KNOWN_ALREADY = ResponseSpec(
    data_container=models.Component, description="The same content is registered already.", generate_examples=False
)


class _Registry(Controller):
    kind: ClassVar[Kind]
    opt = MAY_READ

    @get()
    async def page(
        self,
        platform: Platform,
        project: FromPath[str],
        limit: Limit = 50,
        cursor: Cursor = "",
        archived: FromQuery[bool] = False,
    ) -> models.ComponentPage:
        """List the newest version of each name, by name; with `archived`, archived versions are included."""
        after = _after_name(cursor)
        rows = await platform.database.read(
            lambda tx: versions.page(tx, project, self.kind, after=after, limit=limit, archived=archived)
        )
        return _page(rows, limit, "name")

    @post(opt=MAY_WRITE, responses={200: KNOWN_ALREADY})
    async def register(
        self,
        platform: Platform,
        actor: Actor,
        change: Change,
        project: FromPath[str],
        data: JSONBody[models.RegisterComponent],
    ) -> Response[models.Component]:
        """Register a version. Registering the same content again changes nothing (200); other content under the same
        version is refused."""
        new = NewVersion(
            project=project,
            kind=self.kind,
            name=data.name,
            version=data.version,
            content=data.content,
            digest=digest_of(self.kind, data),
            description=check_text(data.description),
            tags=check_tags(data.tags),
            actor=actor.name,
            at=platform.clock.now(),
        )
        known: list[PluginRow] = []

        async def work(tx: PluginTx) -> models.Component:
            known.clear()
            await tx.check_open_project(project)
            if not await versions.insert(tx, new):
                known.append(await self._same(tx, new))
                return whole(known[0])
            await tx.offer_reference(new.target)
            version = {"name": new.name, "version": new.version, "digest": new.digest}
            await self._record(tx, "registered", new.project, new.actor, new.at, version)
            return whole(await self._version(tx, project, new.name, new.version))

        answer = await change(work, models.Component)
        return Response(answer, status_code=200 if known else 201)

    @get("/{name:str}")
    async def latest(self, platform: Platform, project: FromPath[str], name: FromPath[str]) -> models.Component:
        """Return the newest version that is not archived, with its content."""
        return await platform.database.read(lambda tx: self._newest(tx, project, name))

    @get("/{name:str}/versions")
    async def versions(
        self,
        platform: Platform,
        project: FromPath[str],
        name: FromPath[str],
        limit: Limit = 50,
        cursor: Cursor = "",
        archived: FromQuery[bool] = False,
    ) -> models.ComponentPage:
        """List the versions of a name, newest first; with `archived`, archived versions are included."""
        before = _before_id(cursor)

        async def work(tx: PluginTx) -> list[PluginRow]:
            rows = await versions.versions(tx, project, self.kind, name, before=before, limit=limit, archived=archived)
            if not rows and before is None:
                await self._newest(tx, project, name)
            return rows

        return _page(await platform.database.read(work), limit, "id")

    @get("/{name:str}/versions/{version:str}")
    async def version(
        self, platform: Platform, project: FromPath[str], name: FromPath[str], version: FromPath[str]
    ) -> models.Component:
        """Return one version with its content; `latest` is the newest that is not archived."""
        if version == LATEST:
            return await platform.database.read(lambda tx: self._newest(tx, project, name))
        return whole(await platform.database.read(lambda tx: self._version(tx, project, name, version)))

    @patch("/{name:str}/versions/{version:str}", opt=MAY_WRITE)
    async def edit(
        self,
        platform: Platform,
        actor: Actor,
        change: Change,
        project: FromPath[str],
        name: FromPath[str],
        version: FromPath[str],
        data: JSONBody[models.EditComponent],
    ) -> models.Component:
        """Change the description, tags, stage, deprecation or archiving of a version."""
        at = platform.clock.now()
        given = {field: value for field, value in msgspec.structs.asdict(data).items() if value is not None}
        check(data)

        async def work(tx: PluginTx) -> models.Component:
            await versions.lock(tx, await self._version(tx, project, name, version))
            row = await self._version(tx, project, name, version)
            now = whole(row)
            change.check_match(now)
            to = msgspec.structs.replace(now, **given)
            await versions.edit(
                tx,
                row,
                description=to.description,
                tags=to.tags,
                stage=to.stage,
                deprecated=to.deprecated,
                archived=to.archived,
                at=at,
            )
            told = {"name": name, "version": version, "changed": given}
            await self._record(tx, "changed", project, actor.name, at, told)
            return whole(await self._version(tx, project, name, version))

        return await change(work, models.Component)

    @delete("/{name:str}/versions/{version:str}", opt=MAY_WRITE)
    async def remove(
        self,
        platform: Platform,
        actor: Actor,
        change: Change,
        project: FromPath[str],
        name: FromPath[str],
        version: FromPath[str],
    ) -> None:
        """Delete a version that no run was made with."""
        at = platform.clock.now()

        async def work(tx: PluginTx) -> None:
            row = await self._version(tx, project, name, version)
            target = Target(project=project, kind=self.kind, name=name, version=version, digest=row["digest"])
            if run := await tx.withdraw_reference(target):
                said = f"{self.kind} '{name}:{version}' is part of runs, such as {run[-8:]}"
                raise Conflict(said, fix=f"archive it: yard {self.kind}s archive {name}:{version}")
            if not await versions.delete(tx, row):
                raise NotFound(f"{self.kind} '{name}:{version}' has just been deleted", fix="there is nothing to do")
            await self._record(tx, "deleted", project, actor.name, at, {"name": name, "version": version})

        await change(work, type(None))

    async def _same(self, tx: PluginTx, new: NewVersion) -> PluginRow:
        """The version that is there already. Raises Conflict when its content means something else."""
        row = await self._version(tx, new.project, new.name, new.version)
        if row["digest"] != new.digest:
            said = f"{self.kind} '{new.name}:{new.version}' is registered with other content ({row['digest'][:19]})"
            raise Conflict(said, fix="a version never changes: register it under another version")
        return row

    async def _version(self, tx: PluginTx, project: str, name: str, version: str) -> PluginRow:
        row = await versions.one(tx, project, self.kind, name, version)
        if row is not None:
            return row
        await self._newest(tx, project, name)
        existing = await versions.versions(tx, project, self.kind, name, before=None, limit=100, archived=True)
        known = [row["version"] for row in existing]
        raise NotFound(no_version(self.kind, name, version, known), fix=f"see yard {self.kind}s versions {name}")

    async def _newest(self, tx: PluginTx, project: str, name: str) -> models.Component:
        row = await versions.newest(tx, project, self.kind, name)
        if row is None:
            known = await versions.names(tx, project, self.kind)
            raise NotFound(choice(self.kind, name, known), fix=f"see yard {self.kind}s ls")
        return whole(row)

    async def _record(
        self, tx: PluginTx, what: str, project: str, actor: str, at: int, data: Mapping[str, object]
    ) -> None:
        await tx.record(NewEvent(project=project, kind=f"{self.kind}_{what}", actor=actor, at=at, data=data))


class Components(_Registry):
    """`/projects/{project}/components`."""

    tags = ("components",)
    kind = "component"


class Presets(_Registry):
    """`/projects/{project}/presets`."""

    tags = ("presets",)
    kind = "preset"


def _page(rows: Sequence[PluginRow], limit: int, key: str) -> models.ComponentPage:
    """A page of versions, with the cursor after its last row when it is full."""
    following = encode_cursor(rows[-1][key]) if len(rows) == limit else None
    return models.ComponentPage(items=[shown(row) for row in rows], next=following)


def _after_name(cursor: str) -> str:
    """The name after which a list by name goes on. Raises Invalid."""
    return str(decode_cursor(cursor, 1)[0]) if cursor else ""


def _before_id(cursor: str) -> int | None:
    """The id below which a list goes on; None on the first page. Raises Invalid."""
    (before,) = decode_cursor(cursor, 1) or (0,)
    if not isinstance(before, int) or not 0 <= before < 1 << 63:
        raise Invalid("`cursor` is not one of ours", fix="use `next` of the page before, or leave it out")
    return before or None
