"""`database`: a database server by its parts and a password, or by a URL that is secret as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from trainyard.client.models import FieldProblem
from trainyard_connections.address import answers
from trainyard_connections.variables import Prefixed, owner, prefix_of, reserved, text
from trainyard_core.contracts.connection import Connection, ConnectionKind
from trainyard_core.contracts.needs import Needs
from trainyard_core.contracts.secret import Secret

__all__ = ["Database"]

PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433, "clickhouse": 8123, "mongodb": 27017}
PARTS = ("engine", "host", "port", "database", "user")


class DatabaseFields(Prefixed):
    """The fields of a connection of kind `database`."""

    engine: Literal["", "postgresql", "mysql", "mariadb", "mssql", "clickhouse", "mongodb"] = Field(
        default="", description="The kind of database server."
    )
    host: str = Field(
        default="",
        min_length=1,
        max_length=300,
        pattern=r"^[^\s/@]+$",
        description="The name or address of the server.",
    )
    port: int = Field(default=0, ge=1, le=65535, description="Default: that of the engine.")
    database: str = Field(default="", min_length=1, max_length=300, description="The name of the database.")
    user: str = Field(default="", min_length=1, max_length=300, description="The user.")


class Database(ConnectionKind):
    """Nothing but the password is secret of the parts; of a URL, which has a password in it, all is."""

    name = "database"
    fields = DatabaseFields

    def secrets(self) -> dict[str, str]:
        """See `ConnectionKind`."""
        return {
            "password": "the password of the user",
            "url": "the whole URL, with user and password, in place of all fields",
        }

    def check(self, connection: Connection) -> list[FieldProblem]:
        """See `ConnectionKind`."""
        given = [part for part in PARTS if part in connection.fields]
        if "url" in connection.secrets:
            if not given and "password" not in connection.secrets:
                return reserved(connection)
            said = "the secret `url` is all that there is to say"
            return [FieldProblem(field="secrets.url", message=said, fix="remove it, or the fields and `password`")]
        problems = reserved(connection)
        for part in ("engine", "host"):
            if not text(connection, part):
                problems.append(FieldProblem(field=f"fields.{part}", message="this is missing", fix=f"write `{part}`"))
        if "user" in connection.fields and "password" not in connection.secrets:
            fix = "write a reference: {env: NAME}"
            problems.append(FieldProblem(field="secrets.password", message="this secret is missing", fix=fix))
        return problems

    def needs(self, connection: Connection) -> Needs:
        """See `ConnectionKind`."""
        prefix = prefix_of(connection)
        parts = {**connection.fields}
        if "url" not in connection.secrets:
            parts.setdefault("port", PORTS[text(connection, "engine")])
        env = {f"{prefix}{part.upper()}": str(parts[part]) for part in PARTS if part in parts}
        secret_env = {f"{prefix}{name.upper()}": ref for name, ref in connection.secrets.items()}
        return Needs(owner=owner(connection), env=env, secret_env=secret_env)

    async def probe(self, connection: Connection, secrets: Mapping[str, Secret]) -> str:
        """Whether the server takes connections. A URL that is secret is not tried: what goes wrong would tell of it."""
        if "url" in connection.secrets:
            return ""
        port = int(text(connection, "port") or PORTS[text(connection, "engine")])
        return await answers(text(connection, "host"), port)
