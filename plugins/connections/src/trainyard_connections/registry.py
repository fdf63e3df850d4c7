"""`registry`: a container registry, and who logs in there."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from trainyard.client.models import FieldProblem
from trainyard_connections.address import answers, check_url, host_and_port
from trainyard_connections.variables import Prefixed, owner, prefix_of, reserved, text
from trainyard_core.contracts.connection import Connection, ConnectionKind
from trainyard_core.contracts.needs import Needs
from trainyard_core.contracts.secret import Secret

__all__ = ["Registry"]

SCHEMES = ("https", "http")


class RegistryFields(Prefixed):
    """The fields of a connection of kind `registry`."""

    url: str = Field(min_length=1, max_length=2000, description="The URL, without a password.")
    user: str = Field(default="", min_length=1, max_length=300, description="The user.")


class Registry(ConnectionKind):
    """A user comes with a password, and a password with a user."""

    name = "registry"
    fields = RegistryFields

    def secrets(self) -> dict[str, str]:
        """See `ConnectionKind`."""
        return {"password": "the password or access token of the user"}

    def check(self, connection: Connection) -> list[FieldProblem]:
        """See `ConnectionKind`."""
        problems = [*check_url(text(connection, "url"), "fields.url", SCHEMES), *reserved(connection)]
        if "user" in connection.fields and "password" not in connection.secrets:
            fix = "write a reference: {env: NAME}"
            problems.append(FieldProblem(field="secrets.password", message="this secret is missing", fix=fix))
        if "password" in connection.secrets and "user" not in connection.fields:
            problems.append(FieldProblem(field="fields.user", message="this is missing", fix="write `user`"))
        return problems

    def needs(self, connection: Connection) -> Needs:
        """See `ConnectionKind`."""
        prefix = prefix_of(connection)
        env = {f"{prefix}{part.upper()}": text(connection, part) for part in ("url", "user") if text(connection, part)}
        secret_env = {f"{prefix}PASSWORD": ref for ref in connection.secrets.values()}
        return Needs(owner=owner(connection), env=env, secret_env=secret_env)

    async def probe(self, connection: Connection, secrets: Mapping[str, Secret]) -> str:
        """Whether the registry takes connections."""
        return await answers(*host_and_port(text(connection, "url")))
