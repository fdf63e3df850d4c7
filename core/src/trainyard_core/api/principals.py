"""People and services: `/users` and `/service-accounts`, kept by admins of the deployment."""

from __future__ import annotations

from typing import ClassVar

from litestar import Controller, Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from trainyard.client import models
from trainyard_core.api.access import ApiRequest, allow, forget, runtime_of
from trainyard_core.api.change import change, check_match, tell
from trainyard_core.api.name_rules import check_name
from trainyard_core.api.pagination import Cursor, Limit, after_name, following
from trainyard_core.auth import ADMIN, KNOWN, ROLES
from trainyard_core.clock import rfc3339
from trainyard_core.datadir import ADMIN as OWNER
from trainyard_core.db import principals, retirements
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.row_locks import hold
from trainyard_core.errors import Conflict, Invalid, NotFound, choice

__all__ = ["ServiceAccounts", "Users", "check_role", "principal_name"]


class _Principals(Controller):
    kind: ClassVar[str]
    noun: ClassVar[str]

    @get()
    async def page(self, request: ApiRequest, limit: Limit = 50, cursor: Cursor = "") -> models.PrincipalPage:
        """List all of them, by name."""
        await allow(request, ADMIN)
        after = after_name(cursor)
        rows = await runtime_of(request).database.read(
            lambda tx: principals.page(tx, kind=self.kind, after=after, limit=limit)
        )
        key = rows[-1]["name"] if rows else None
        return models.PrincipalPage(items=[present(row) for row in rows], next=following(rows, limit, key))

    @post()
    async def create(self, request: ApiRequest, data: JSONBody[models.NewPrincipal]) -> Response[models.Principal]:
        """Add one."""
        await allow(request, ADMIN)
        at = runtime_of(request).clock.now()
        check_name(self.noun, data.name)
        check_role(data.role)

        async def work(tx: Tx) -> models.Principal:
            if not await principals.create(
                tx, data.name, kind=self.kind, role=data.role, description=data.description, at=at
            ):
                raise Conflict(f"the name '{data.name}' is taken", fix="choose another")
            if await retirements.has(tx, "principal", data.name):
                raise Conflict(
                    f"the name '{data.name}' was that of somebody who has been deleted, and is not used again",
                    fix="choose another; whoever may come back is disabled and not deleted",
                )
            await tell(tx, request, f"{self.kind}_created", name=data.name, role=data.role)
            return present(await self._get(tx, data.name))

        return await change(request, work, name="principal", status=201)

    @get("/{name:str}")
    async def one(self, request: ApiRequest, name: FromPath[str]) -> models.Principal:
        """Return one of them; everybody may see themselves."""
        if request.user.name != f"{self.kind}:{name}":
            await allow(request, ADMIN)
        await allow(request, KNOWN)
        return present(await runtime_of(request).database.read(lambda tx: self._get(tx, name)))

    @patch("/{name:str}")
    async def edit(
        self, request: ApiRequest, name: FromPath[str], data: JSONBody[models.EditPrincipal]
    ) -> Response[models.Principal]:
        """Change the role or description, or disable it with all its tokens (`disabled`)."""
        await allow(request, ADMIN)
        at = runtime_of(request).clock.now()

        async def work(tx: Tx) -> models.Principal:
            await hold(tx, "principal", name)
            row = await self._get(tx, name)
            now = present(row)
            check_match(request, now)
            role = now.role if data.role is None else check_role(data.role)
            described = now.description if data.description is None else data.description
            disabled = now.disabled if data.disabled is None else data.disabled
            if now.role == "admin" and (role != "admin" or disabled):
                await _keep_an_admin(tx, name)
            await principals.update(tx, name, role=role, description=described, at=at)
            if disabled != now.disabled:
                await principals.disable(tx, name, disabled=disabled, at=at)
            await tell(tx, request, f"{self.kind}_changed", name=name, role=role, disabled=disabled)
            return present(await self._get(tx, name))

        answer = await change(request, work, name="principal")
        forget(request)
        return answer

    @delete("/{name:str}")
    async def remove(self, request: ApiRequest, name: FromPath[str]) -> None:
        """Remove one with its tokens and roles. Its activities are kept under its name, which is never used again."""
        await allow(request, ADMIN)
        at = runtime_of(request).clock.now()

        async def work(tx: Tx) -> None:
            await hold(tx, "principal", name)
            row = await self._get(tx, name)
            if name == OWNER:
                raise Conflict(f"'{name}' is whoever holds the data directory", fix="disable it, or revoke its tokens")
            if row["role"] == "admin":
                await _keep_an_admin(tx, name)
            await principals.delete(tx, name)
            await retirements.add(tx, "principal", name, at=at)
            await tell(tx, request, f"{self.kind}_deleted", name=name)

        await change(request, work, name="principal", status=204)
        forget(request)

    async def _get(self, tx: Tx, name: str) -> Row:
        row = await principals.get(tx, name, kind=self.kind)
        if row is None:
            raise NotFound(f"no {self.noun} '{name}'", fix=f"see yard {self.noun.replace(' ', '-')}s ls")
        return row


class Users(_Principals):
    """`/users`."""

    path = "/users"
    tags = ("users",)
    kind, noun = "user", "user"


class ServiceAccounts(_Principals):
    """`/service-accounts`."""

    path = "/service-accounts"
    tags = ("users",)
    kind, noun = "service", "service account"


def present(row: Row) -> models.Principal:
    """A principal on the wire."""
    return models.Principal(
        name=row["name"],
        kind=row["kind"],
        role=row["role"],
        description=row["description"],
        disabled=row["disabled_at"] is not None,
        created_at=rfc3339(row["created_at"]) or "",
        updated_at=rfc3339(row["updated_at"]) or "",
    )


def check_role(role: str, *, least: str = "none") -> str:
    """The role, if there is such a one from `least` on. Raises Invalid."""
    known = ROLES[ROLES.index(least) :]
    if role not in known:
        raise Invalid(choice("role", role, known), fix="use one of these")
    return role


def principal_name(actor: str) -> str:
    """The principal behind an actor's name: `alice` of `user:alice`."""
    return actor.partition(":")[2]


async def _keep_an_admin(tx: Tx, name: str) -> None:
    await principals.hold_admins(tx)
    other = await tx.one(
        "SELECT 1 FROM principal WHERE role = 'admin' AND disabled_at IS NULL AND name <> ? LIMIT 1", name
    )
    if other is None:
        raise Conflict(f"'{name}' is the last admin", fix="make somebody else an admin first")
