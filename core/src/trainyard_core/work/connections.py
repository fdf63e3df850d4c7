"""Connections of runs: whether a project may use them, what an attempt that uses them needs, and the values of its
secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from trainyard.client.distributions import connecting
from trainyard.client.models import FieldProblem
from trainyard_core.allowance import check_allowed
from trainyard_core.contracts.connection import Checkout, Connection, ConnectionKind, SupportsCheckout
from trainyard_core.contracts.needs import InitStep, MergedNeeds, Needs, SecretFiles
from trainyard_core.contracts.secret import SecretRef, Secrets
from trainyard_core.db import connections
from trainyard_core.db.connections import connection_of
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Invalid, Unavailable, choice, invalid_field
from trainyard_core.hook_guard import gist
from trainyard_core.work.connection_fields import field_problems

__all__ = [
    "Kinds",
    "SecretValues",
    "check_usable",
    "checkout_step",
    "installing",
    "kind_problems",
    "needs_of",
    "secret_values",
    "usable",
]

ANY = "*"
FIELD = "run.connections"
Kinds = Mapping[str, tuple[str, ConnectionKind]]
"""The kinds of connections that are installed, each with its plugin."""


class SecretValues(NamedTuple):
    """The values of an attempt's secrets: by variable, and by the path of the mount, a slash and the file's name."""

    env: dict[str, str]
    files: dict[str, str]

    def __repr__(self) -> str:
        return f"SecretValues(env={sorted(self.env)}, files={sorted(self.files)})"


async def check_usable(
    tx: Tx,
    names: Sequence[str],
    *,
    project: str,
    allowed: Sequence[str],
    untrusted: bool = False,
    field: str = FIELD,
) -> dict[str, Row]:
    """The rows of connections that a project may use. Raises Invalid for one that it may not, for one that is not
    there, naming those that it may use, and for one that an `untrusted` run may not use. `field` is where they are
    written."""
    for name in names:
        check_allowed("connection", name, allowed, project=project)
    found = await connections.some(tx, names)
    if unknown := [name for name in names if name not in found]:
        usable = [each for each in await connections.names(tx) if any(fnmatchcase(each, one) for one in allowed)]
        fix = "use one of these, or have an admin add it: yard connections add -f FILE"
        raise invalid_field(field, choice("connection", unknown[0], usable), fix)
    if untrusted and (closed := [name for name in names if not found[name]["untrusted"]]):
        said = f"an untrusted run, whose code comes from outside, may not use connection '{closed[0]}'"
        fix = f"leave it out, or have an admin allow it: `untrusted: true` in the file of '{closed[0]}'"
        raise invalid_field(field, said, f"{fix}, and yard connections add -f FILE")
    return found


def kind_problems(connection: Connection, kind: ConnectionKind) -> list[FieldProblem]:
    """All that is wrong with a connection, by its kind. Raises Unavailable for a kind that fails."""
    try:
        known = kind.secrets()
        found = field_problems(connection.fields, kind.fields)
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


def installing(kind: str) -> str:
    """What is to be done about a kind of connections that is not installed here."""
    distribution = connecting(kind)
    return "install the plugin that brings it where the server runs" + (
        f": pip install {distribution}" if distribution else ""
    )


async def usable(
    tx: Tx, kinds: Kinds, project: str, names: Sequence[str], *, untrusted: bool = False
) -> list[Connection]:
    """Connections that a project may use now, each once. Raises Invalid for a connection that the project, or an
    `untrusted` run, may not use now, that is gone, or whose kind is not installed here or refuses it; Unavailable for a
    kind that fails."""
    if not names:
        return []
    row = await tx.one("SELECT connections FROM project WHERE name = ?", project)
    allowed: list[str] = msgspec.json.decode(row["connections"]) if row else []
    found = await check_usable(tx, names, project=project, allowed=allowed, untrusted=untrusted)
    wanted = [connection_of(found[name]) for name in dict.fromkeys(names)]
    for each in wanted:
        _check(each, kinds)
    return wanted


def _check(connection: Connection, kinds: Kinds) -> None:
    if connection.kind not in kinds:
        message = f"connection '{connection.name}': {choice('connection kind', connection.kind, kinds)}"
        raise invalid_field(FIELD, message, installing(connection.kind))
    _, kind = kinds[connection.kind]
    if problems := kind_problems(connection, kind):
        said = "; ".join(f"{each.field}: {each.message}" for each in problems)
        fix = f"yard connections check {connection.name}"
        raise invalid_field(FIELD, f"connection '{connection.name}': {said}", fix)


def needs_of(connection: Connection, kinds: Kinds) -> Needs:
    """What an attempt needs for a connection that is `usable`. Raises Unavailable for a kind that fails."""
    _, kind = kinds[connection.kind]
    try:
        return kind.needs(connection)
    except Exception as error:  # whatever a plugin raises
        raise _failed(connection, error) from None


def checkout_step(connection: Connection, kinds: Kinds, checkout: Checkout, name: str) -> InitStep:
    """The init step that checks something out by a connection that is `usable`. Raises Invalid for what its kind cannot
    check out, Unavailable for a kind that fails."""
    _, kind = kinds[connection.kind]
    if not isinstance(kind, SupportsCheckout):
        said = f"connection '{connection.name}' of kind '{connection.kind}' leads to no code that `init` could bring"
        raise invalid_field("run.init", said, "name it in `connections`, or a connection of kind git in `init`")
    try:
        problems = kind.check_checkout(connection, checkout)
        step = None if problems else kind.checkout(connection, checkout, name)
    except Exception as error:  # whatever a plugin raises
        raise _failed(connection, error) from None
    if step is None:
        said = "; ".join(each.message for each in problems)
        fields = [replace(each, field=f"run.init.{each.field}") for each in problems]
        raise Invalid(f"connection '{connection.name}': {said}", fix=problems[0].fix, problems=fields)
    return step


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
