"""Connections of runs: whether a project may use them, what an attempt that uses them needs, and the values of its
secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

import msgspec

from trainyard.client.models import FieldProblem
from trainyard_core.allowance import check_allowed
from trainyard_core.contracts.connection import Connection, ConnectionKind
from trainyard_core.contracts.needs import MergedNeeds, Needs, SecretFiles
from trainyard_core.contracts.secret import SecretRef, Secrets
from trainyard_core.db import connections
from trainyard_core.db.connections import connection_of
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Invalid, Unavailable, choice
from trainyard_core.hook_guard import gist
from trainyard_core.json_schema import problems_of

__all__ = ["Kinds", "SecretValues", "check_usable", "kind_problems", "needs_of", "secret_values", "usable"]

ANY = "*"
Kinds = Mapping[str, tuple[str, ConnectionKind]]
"""The kinds of connections that are installed, each with its plugin."""


class SecretValues(NamedTuple):
    """The values of an attempt's secrets: by variable, and by the path of the mount, a slash and the file's name."""

    env: dict[str, str]
    files: dict[str, str]

    def __repr__(self) -> str:
        return f"SecretValues(env={sorted(self.env)}, files={sorted(self.files)})"


async def check_usable(
    tx: Tx, names: Sequence[str], *, project: str, allowed: Sequence[str], field: str = "run.connections"
) -> dict[str, Row]:
    """The rows of connections that a project may use. Raises Invalid for one that it may not, and for one that is not
    there, naming those that it may use. `field` is where they are written."""
    for name in names:
        check_allowed("connection", name, allowed, project=project)
    found = await connections.some(tx, names)
    if unknown := [name for name in names if name not in found]:
        usable = [each for each in await connections.names(tx) if any(fnmatchcase(each, one) for one in allowed)]
        message = choice("connection", unknown[0], usable)
        fix = "use one of these, or have an admin add it: yard connections add -f FILE"
        raise Invalid(message, fix=fix, problems=[FieldProblem(field=field, message=message, fix=fix)])
    return found


def kind_problems(connection: Connection, kind: ConnectionKind) -> list[FieldProblem]:
    """All that is wrong with a connection, by its kind. Raises Unavailable for a kind that fails."""
    try:
        schema, known = kind.schema(), kind.secrets()
        found = problems_of(connection.fields, schema, "fields")
        found += [
            FieldProblem(
                field=f"secrets.{name[:64]}",
                message=choice("secret", name[:64], known),
                fix=f"a connection of kind '{connection.kind}' has these secrets only",
            )
            for name in connection.secrets
            if name not in known and ANY not in known
        ]
        return found or kind.check(connection)
    except Exception as error:  # whatever a plugin raises
        raise _failed(connection, error) from None


async def needs_of(tx: Tx, kinds: Kinds, project: str, names: Sequence[str]) -> list[Needs]:
    """What an attempt of that project needs for its connections, in their order. Raises Invalid for a connection that
    the project may not use now, that is gone, or whose kind is not installed here or refuses it; Unavailable for a kind
    that fails."""
    return [_needs(each, kinds) for each in await usable(tx, kinds, project, names)]


async def usable(tx: Tx, kinds: Kinds, project: str, names: Sequence[str]) -> list[Connection]:
    """Connections that a project may use now, each once. Raises what `needs_of` does."""
    if not names:
        return []
    row = await tx.one("SELECT connections FROM project WHERE name = ?", project)
    allowed: list[str] = msgspec.json.decode(row["connections"]) if row else []
    found = await check_usable(tx, names, project=project, allowed=allowed)
    wanted = [connection_of(found[name]) for name in dict.fromkeys(names)]
    for each in wanted:
        _check(each, kinds)
    return wanted


def _check(connection: Connection, kinds: Kinds) -> None:
    if connection.kind not in kinds:
        message = choice("connection kind", connection.kind, kinds)
        raise Invalid(f"connection '{connection.name}': {message}", fix="install the plugin that brings it")
    _, kind = kinds[connection.kind]
    if problems := kind_problems(connection, kind):
        said = "; ".join(f"{each.field}: {each.message}" for each in problems)
        raise Invalid(f"connection '{connection.name}': {said}", fix=f"yard connections check {connection.name}")


def _needs(connection: Connection, kinds: Kinds) -> Needs:
    _, kind = kinds[connection.kind]
    try:
        return kind.needs(connection)
    except Exception as error:  # whatever a plugin raises
        raise _failed(connection, error) from None


def _failed(connection: Connection, error: Exception) -> Unavailable:
    said = f"the kind '{connection.kind}' of connection '{connection.name}' fails: {gist(error)}"
    return Unavailable(said, fix="correct or update its plugin; yard plugins ls names it")


async def secret_values(needs: MergedNeeds, secrets: Secrets) -> SecretValues:
    """The values of all secrets of an attempt. Raises Invalid and Unavailable, as `Secrets.resolve` does."""
    known: dict[SecretRef, str] = {}

    async def value(ref: SecretRef) -> str:
        if ref not in known:
            known[ref] = (await secrets.resolve(ref)).reveal()
        return known[ref]

    env = {variable: await value(ref) for variable, ref in needs.secret_env.items()}
    files = {
        f"{mount.path}/{name}": await value(ref)
        for mount in needs.mounts
        if isinstance(mount.source, SecretFiles)
        for name, ref in mount.source.files.items()
    }
    return SecretValues(env, files)
