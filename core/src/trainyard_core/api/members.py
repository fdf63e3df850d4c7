"""Members: who has which role in a project, kept by its admins."""

from __future__ import annotations

from litestar import Controller, Response, delete, get, put
from litestar.params import FromPath, JSONBody

from trainyard.client import models
from trainyard_core.api.access import ApiRequest, allow, check_project, forget, runtime_of, visible
from trainyard_core.api.change import change, tell
from trainyard_core.api.pagination import Cursor, Limit, after_name, following
from trainyard_core.api.principals import check_role
from trainyard_core.auth import ADMIN, READ
from trainyard_core.clock import rfc3339
from trainyard_core.db import principals
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import NotFound

__all__ = ["Members"]


class Members(Controller):
    """`/projects/{project}/members`."""

    path = "/projects/{project:str}/members"
    tags = ("projects",)

    @get()
    async def page(
        self, request: ApiRequest, project: FromPath[str], limit: Limit = 50, cursor: Cursor = ""
    ) -> models.MemberPage:
        """List a project's members, by name. People with a role in the deployment have it here too, without being
        listed."""
        await allow(request, READ, project)
        after, only = after_name(cursor), await visible(request)

        async def work(tx: Tx) -> list[Row]:
            await check_project(tx, project, only)
            return await principals.members(tx, project, after=after, limit=limit)

        rows = await runtime_of(request).database.read(work)
        key = rows[-1]["principal"] if rows else None
        return models.MemberPage(items=[present(row) for row in rows], next=following(rows, limit, key))

    @put("/{principal:str}")
    async def put_member(
        self,
        request: ApiRequest,
        project: FromPath[str],
        principal: FromPath[str],
        data: JSONBody[models.PutMember],
    ) -> Response[models.Member]:
        """Set somebody's role in the project."""
        await allow(request, ADMIN, project)
        at, only = runtime_of(request).clock.now(), await visible(request)
        check_role(data.role, least="viewer")

        async def work(tx: Tx) -> models.Member:
            await check_project(tx, project, only)
            who = await tx.one("SELECT kind FROM principal WHERE name = ? AND kind <> 'agent'", principal)
            if who is None:
                raise NotFound(f"no user or service account '{principal}'", fix="an admin adds them: yard users add")
            await principals.put_member(tx, project, principal, data.role, at=at)
            await tell(tx, request, "member_put", project=project, principal=principal, role=data.role)
            rows = await principals.members(tx, project, after="", limit=1 << 30)
            return next(present(row) for row in rows if row["principal"] == principal)

        answer = await change(request, work, name="member")
        forget(request)
        return answer

    @delete("/{principal:str}")
    async def remove(self, request: ApiRequest, project: FromPath[str], principal: FromPath[str]) -> None:
        """Remove somebody's role in the project."""
        await allow(request, ADMIN, project)
        only = await visible(request)

        async def work(tx: Tx) -> None:
            await check_project(tx, project, only)
            if not await principals.leave(tx, project, principal):
                raise NotFound(f"'{principal}' has no role in project '{project}'", fix="see yard members ls")
            await tell(tx, request, "member_left", project=project, principal=principal)

        await change(request, work, name="member", status=204)
        forget(request)


def present(row: Row) -> models.Member:
    """A member on the wire."""
    return models.Member(
        principal=row["principal"], kind=row["kind"], role=row["role"], created_at=rfc3339(row["created_at"]) or ""
    )
