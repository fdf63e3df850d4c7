"""Connections: what runs may use beside their own code. Admins write them; whoever may read a project that is allowed
to use one sees its name and its kind. No answer and no activity holds the value of a secret."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import msgspec
from litestar import Controller, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody

from trainyard.client import models
from trainyard.client.models import FieldProblem
from trainyard_core.api.access import ApiRequest, allow, can, runtime_of, visible
from trainyard_core.api.change import change, check_match, tell
from trainyard_core.api.name_rules import check_name
from trainyard_core.api.pagination import Cursor, Limit, after_name, following
from trainyard_core.auth import ADMIN, KNOWN
from trainyard_core.clock import rfc3339
from trainyard_core.contracts.connection import Connection, ConnectionKind
from trainyard_core.contracts.secret import Secret, SecretRef, Secrets, read_reference
from trainyard_core.db import connections, projects
from trainyard_core.db.connections import connection_of
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.row_locks import hold
from trainyard_core.errors import Conflict, Invalid, NotFound, TrainyardError, choice, invalid_field
from trainyard_core.work.connections import Kinds, installing, kind_problems

__all__ = ["Connections"]

PROBE = 10.0
"""Seconds that trying a connection may take."""
MOST_PROJECTS = 10_000


class Connections(Controller):
    """`/connections`."""

    path = "/connections"
    tags = ("connections",)

    @get()
    async def page(self, request: ApiRequest, limit: Limit = 50, cursor: Cursor = "") -> models.ConnectionPage:
        """List the connections that the caller may use, by name. Their fields and references are for admins."""
        await allow(request, KNOWN)
        patterns, whole = await _patterns(request), await can(request, ADMIN)
        after = after_name(cursor)

        async def work(tx: Tx) -> list[Row]:
            found: list[Row] = []
            last = after
            while len(found) < limit and (rows := await connections.page(tx, after=last, limit=limit)):
                found += [row for row in rows if _fits(row["name"], patterns)]
                last = rows[-1]["name"]
            return found[:limit]

        rows = await runtime_of(request).database.read(work)
        key = rows[-1]["name"] if rows else None
        return models.ConnectionPage(items=[_shown(row, whole) for row in rows], next=following(rows, limit, key))

    @get("/{name:str}")
    async def one(self, request: ApiRequest, name: FromPath[str]) -> models.Connection:
        """Return one connection. Its fields and references are for admins."""
        await allow(request, KNOWN)
        patterns, whole = await _patterns(request), await can(request, ADMIN)
        return await runtime_of(request).database.read(lambda tx: _one(tx, name, patterns, whole=whole))

    @put("/{name:str}")
    async def put(
        self, request: ApiRequest, name: FromPath[str], data: JSONBody[models.NewConnection]
    ) -> Response[models.Connection]:
        """Create a connection, or replace the fields and references of one of the same kind."""
        await allow(request, ADMIN)
        check_name("connection", name)
        runtime = runtime_of(request)
        new = _checked(name, data, runtime.registry.connection_kinds.by_name)

        async def work(tx: Tx) -> models.Connection:
            await hold(tx, "connection", name)
            known = await connections.get(tx, name)
            if known is not None:
                check_match(request, _shown(known, True))
                if known["kind"] != new.kind:
                    raise Conflict(
                        f"there is a connection '{name}' of kind '{known['kind']}'",
                        fix=f"choose another name, or remove it first: yard connections rm {name}",
                    )
            await connections.put(tx, new, at=runtime.clock.now())
            kind = "connection_created" if known is None else "connection_changed"
            await tell(tx, request, kind, connection=name, connection_kind=new.kind)
            return await _one(tx, name, None, whole=True)

        return await change(request, work, name="connection")

    @delete("/{name:str}")
    async def remove(self, request: ApiRequest, name: FromPath[str]) -> None:
        """Remove a connection. Attempts that use it and have not started yet fail."""
        await allow(request, ADMIN)

        async def work(tx: Tx) -> None:
            await hold(tx, "connection", name)
            known = await _one(tx, name, None, whole=True)
            await connections.delete(tx, name)
            await tell(tx, request, "connection_deleted", connection=name, connection_kind=known.kind)

        await change(request, work, name="connection", status=204)

    @post("/{name:str}/check", status_code=200)
    async def check(self, request: ApiRequest, name: FromPath[str]) -> models.ConnectionCheck:
        """Try a connection from the server: its fields, its secrets, and whether what it leads to answers."""
        await allow(request, ADMIN)
        runtime = runtime_of(request)
        row = await runtime.database.read(lambda tx: connections.get(tx, name))
        if row is None:
            raise await runtime.database.read(lambda tx: _unknown(tx, name, None))
        connection, kinds = connection_of(row), runtime.registry.connection_kinds.by_name
        if connection.kind not in kinds:
            message = choice("connection kind", connection.kind, kinds)
            problem = FieldProblem(field="kind", message=message, fix=installing(connection.kind))
            return models.ConnectionCheck(ok=False, problems=[problem])
        _, kind = kinds[connection.kind]
        problems = kind_problems(connection, kind) or await _tried(connection, kind, runtime.secrets)
        return models.ConnectionCheck(ok=not problems, problems=problems)


async def _tried(connection: Connection, kind: ConnectionKind, secrets: Secrets) -> list[FieldProblem]:
    """What is wrong with the secrets of a connection or with what it leads to."""
    values: dict[str, Secret] = {}
    problems: list[FieldProblem] = []
    for name, ref in connection.secrets.items():
        try:
            values[name] = await secrets.resolve(ref)
        except TrainyardError as error:
            problems.append(FieldProblem(field=f"secrets.{name}", message=error.detail, fix=error.fix))
    if problems:
        return problems
    said = await _probed(connection, kind, values)
    fix = "correct the connection, or see to what it leads to"
    return [FieldProblem(field="fields", message=said, fix=fix)] if said else []


async def _probed(connection: Connection, kind: ConnectionKind, values: Mapping[str, Secret]) -> str:
    try:
        async with asyncio.timeout(PROBE):
            return await kind.probe(connection, values)
    except TimeoutError:
        return f"no answer within {PROBE:g} s"
    except OSError as error:
        return f"it cannot be reached: {error.strerror or type(error).__name__}"
    except Exception as error:  # whatever a plugin raises; its text may hold a secret
        return f"the kind '{connection.kind}' fails: {type(error).__name__}"


def _checked(name: str, data: models.NewConnection, kinds: Kinds) -> Connection:
    """The connection that was sent. Raises Invalid with all that is wrong with it."""
    if data.kind not in kinds:
        fix = f"use one of these, or {installing(data.kind)}"
        raise invalid_field("kind", choice("connection kind", data.kind, kinds), fix)
    secrets, problems = _references(data.secrets)
    connection = Connection(name=name, kind=data.kind, fields=data.fields, secrets=secrets, untrusted=data.untrusted)
    problems += [] if problems else kind_problems(connection, kinds[data.kind][1])
    if problems:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise Invalid(f"{first.field}: {first.message}{more}", fix=first.fix, problems=problems)
    return connection


def _references(given: Mapping[str, object]) -> tuple[dict[str, SecretRef], list[FieldProblem]]:
    found: dict[str, SecretRef] = {}
    problems: list[FieldProblem] = []
    for name, written in given.items():
        try:
            found[name] = read_reference(written)
        except ValueError as error:
            message, _, fix = str(error).partition("; ")
            problems.append(FieldProblem(field=f"secrets.{name[:64]}", message=message, fix=fix))
    return found, problems


async def _patterns(request: ApiRequest) -> Sequence[str] | None:
    """Those of connections that the asker's projects may use; None: all."""
    only = await visible(request)
    if only is None:
        return None
    rows = await runtime_of(request).database.read(lambda tx: projects.page(tx, only=only, limit=MOST_PROJECTS))
    return [pattern for row in rows for pattern in msgspec.json.decode(row["connections"], type=list[str])]


def _fits(name: str, patterns: Sequence[str] | None) -> bool:
    return patterns is None or any(fnmatchcase(name, pattern) for pattern in patterns)


async def _one(tx: Tx, name: str, patterns: Sequence[str] | None, *, whole: bool) -> models.Connection:
    row = await connections.get(tx, name)
    if row is None or not _fits(name, patterns):
        raise await _unknown(tx, name, patterns)
    return _shown(row, whole)


async def _unknown(tx: Tx, name: str, patterns: Sequence[str] | None) -> NotFound:
    known = [each for each in await connections.names(tx) if _fits(each, patterns)]
    return NotFound(choice("connection", name, known), fix="add it: yard connections add -f FILE")


def _shown(row: Row, whole: bool) -> models.Connection:
    return models.Connection(
        name=row["name"],
        kind=row["kind"],
        fields=msgspec.json.decode(row["fields"]) if whole else {},
        secrets=msgspec.json.decode(row["secrets"]) if whole else {},
        untrusted=bool(row["untrusted"]),
        created_at=rfc3339(row["created_at"]) or "",
        updated_at=rfc3339(row["updated_at"]) or "",
    )
