"""Projects: what they are called, what their runs may use, and who may do what in them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from litestar import Controller, Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from trainyard.client import models
from trainyard_core.api.access import ApiRequest, allow, forget, no_project, runtime_of, visible
from trainyard_core.api.change import change, check_match, tell
from trainyard_core.api.name_rules import check_name
from trainyard_core.api.pagination import Cursor, Limit, after_name, following
from trainyard_core.api.principals import principal_name
from trainyard_core.auth import ADMIN, KNOWN, READ, WRITE, Actor, role_in
from trainyard_core.clock import rfc3339
from trainyard_core.db import principals, projects, retirements
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.row_locks import hold
from trainyard_core.errors import Conflict, Invalid

__all__ = ["Projects"]

MOST_PATTERNS = 200
_decode = msgspec.json.decode
_encode = msgspec.json.Encoder(order="deterministic").encode


class Projects(Controller):
    """`/projects`."""

    path = "/projects"
    tags = ("projects",)

    @get()
    async def page(self, request: ApiRequest, limit: Limit = 50, cursor: Cursor = "") -> models.ProjectPage:
        """List the projects that the caller may see, by name."""
        actor, only = await allow(request, KNOWN), await visible(request)
        after = after_name(cursor)
        rows = await runtime_of(request).database.read(
            lambda tx: projects.page(tx, only=only, after=after, limit=limit)
        )
        key = rows[-1]["name"] if rows else None
        return models.ProjectPage(items=[present(row, actor) for row in rows], next=following(rows, limit, key))

    @post()
    async def create(self, request: ApiRequest, data: JSONBody[models.NewProject]) -> Response[models.Project]:
        """Create a project; the caller becomes its admin."""
        actor, at = await allow(request, WRITE), runtime_of(request).clock.now()
        check_name("project", data.name)

        async def work(tx: Tx) -> models.Project:
            if not await projects.ensure(tx, data.name, at=at, description=data.description):
                raise Conflict(f"the name '{data.name}' is taken", fix="use that project, or choose another name")
            if await retirements.has(tx, "project", data.name):
                raise Conflict(
                    f"the name '{data.name}' was that of a project that has been deleted, and is not used again",
                    fix="choose another; a project that may come back is archived and not deleted",
                )
            await _make_admin(tx, data.name, actor, at)
            await tell(tx, request, "project_created", project=data.name)
            return msgspec.structs.replace(await _one(tx, data.name, actor), role="admin")

        answer = await change(request, work, name="project", status=201)
        forget(request)
        return answer

    @get("/{project:str}")
    async def one(self, request: ApiRequest, project: FromPath[str]) -> models.Project:
        """Return one project."""
        actor = await allow(request, READ, project)
        return await runtime_of(request).database.read(lambda tx: _one(tx, project, actor))

    @patch("/{project:str}")
    async def edit(
        self, request: ApiRequest, project: FromPath[str], data: JSONBody[models.EditProject]
    ) -> Response[models.Project]:
        """Change a project. Changing its limits requires an admin of the deployment."""
        actor, at = await allow(request, ADMIN, project), runtime_of(request).clock.now()
        if _touches_limits(data):
            await allow(request, ADMIN)
        _check(data)

        async def work(tx: Tx) -> models.Project:
            await hold(tx, "project", project)
            now = await _one(tx, project, actor)
            check_match(request, now)
            new = _merged(now, data)
            await projects.update(
                tx,
                project,
                description=new.description,
                weight=new.weight,
                quota=_encode(new.quota).decode(),
                queues=_encode(new.queues).decode(),
                connections=_encode(new.connections).decode(),
                at=at,
            )
            if new.archived != now.archived:
                await projects.archive(tx, project, archived=new.archived, at=at)
            await tell(tx, request, "project_changed", project=project, **_given(data))
            return await _one(tx, project, actor)

        answer = await change(request, work, name="project")
        runtime_of(request).notifier.notify_agents()
        return answer

    @delete("/{project:str}")
    async def remove(self, request: ApiRequest, project: FromPath[str]) -> None:
        """Delete a project that has no runs. Its name is never used again."""
        actor, at = await allow(request, ADMIN, project), runtime_of(request).clock.now()
        if project == projects.DEFAULT:
            raise Conflict(f"'{project}' is where runs go that name no project", fix="archive it instead")

        async def work(tx: Tx) -> None:
            await hold(tx, "project", project)
            await _one(tx, project, actor)
            if not await projects.delete(tx, project, at=at):
                raise Conflict(f"project '{project}' has runs", fix="archive it, or delete its runs first")
            await tell(tx, request, "project_deleted", project=project)

        await change(request, work, name="project", status=204)
        forget(request)


def present(row: Row, actor: Actor) -> models.Project:
    """A project on the wire, as the actor sees it."""
    return models.Project(
        name=row["name"],
        description=row["description"],
        created_at=rfc3339(row["created_at"]) or "",
        updated_at=rfc3339(row["updated_at"] or row["created_at"]) or "",
        archived=row["archived_at"] is not None,
        role=role_in(actor, row["name"]),
        queues=_decode(row["queues"]),
        connections=_decode(row["connections"]),
        weight=row["weight"],
        quota=_decode(row["quota"]),
    )


async def _one(tx: Tx, name: str, actor: Actor) -> models.Project:
    row = await projects.get(tx, name)
    if row is None:
        raise no_project(name)
    return present(row, actor)


async def _make_admin(tx: Tx, project: str, actor: Actor, at: int) -> None:
    """Whoever is an admin everywhere needs no role of their own; one whom only a plugin knows has no place for it."""
    name = principal_name(actor.name)
    if actor.role != "admin" and await tx.one("SELECT 1 FROM principal WHERE name = ?", name) is not None:
        await principals.put_member(tx, project, name, "admin", at=at)


def _given(data: models.EditProject) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(data).items() if value is not None}


def _touches_limits(data: models.EditProject) -> bool:
    return bool(_given(data).keys() & {"queues", "connections", "weight", "quota"})


def _merged(now: models.Project, data: models.EditProject) -> models.Project:
    return msgspec.structs.replace(now, **_given(data))


def _check(data: models.EditProject) -> None:
    """Raises Invalid for limits that make no sense."""
    if data.weight is not None and not (0 < data.weight <= 1e6):
        raise Invalid("`weight` must be above 0 and at most 1000000", fix="1 is the share of every new project")
    _check_quota(data.quota or {})
    for patterns in (data.queues, data.connections):
        _check_patterns(patterns or ())


def _check_quota(quota: Mapping[str, float]) -> None:
    for name, amount in quota.items():
        if not name or len(name) > 64 or not (math.isfinite(amount) and 0 <= amount <= 1e18):
            raise Invalid(
                f"`quota`: '{name[:64]}: {amount}' is no amount", fix="use 0 or more, in cores, bytes or devices"
            )


def _check_patterns(patterns: Sequence[str]) -> None:
    if len(patterns) > MOST_PATTERNS or any(not each or len(each) > 64 for each in patterns):
        raise Invalid(
            f"a list of patterns has at most {MOST_PATTERNS}, each of 1 to 64 characters", fix="use `*` in them"
        )
