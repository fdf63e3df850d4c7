"""`custom`: variables of any name, plain and secret."""

from __future__ import annotations

import re
from typing import Annotated, cast

from pydantic import BaseModel, Field

from trainyard.client.models import FieldProblem
from trainyard_connections.variables import owner
from trainyard_core.contracts.connection import Connection, ConnectionKind
from trainyard_core.contracts.needs import Needs

__all__ = ["Custom"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")


class CustomFields(BaseModel):
    """The fields of a connection of kind `custom`."""

    env: dict[str, Annotated[str, Field(max_length=10000)]] = Field(
        default_factory=dict, description="Texts by the names of variables. What is secret belongs into `secrets`."
    )


class Custom(ConnectionKind):
    """Each of `env` and each secret is a variable of that name."""

    name = "custom"
    fields = CustomFields

    def secrets(self) -> dict[str, str]:
        """See `ConnectionKind`."""
        return {"*": "the value of the variable of that name"}

    def check(self, connection: Connection) -> list[FieldProblem]:
        """See `ConnectionKind`."""
        env = _env(connection)
        named = [*(("fields.env", name) for name in env), *(("secrets", name) for name in connection.secrets)]
        problems = [
            FieldProblem(
                field=f"{place}.{name[:64]}",
                message="this is not the name of a variable that a connection may set",
                fix="use letters, digits and `_`, and no name that begins with TRAINYARD_",
            )
            for place, name in named
            if not _NAME.fullmatch(name) or name.upper().startswith("TRAINYARD_")
        ]
        twice = sorted(env.keys() & connection.secrets.keys())
        problems += [
            FieldProblem(field=f"secrets.{name}", message="`env` has this variable as well", fix="remove one of them")
            for name in twice
        ]
        if not named:
            problems.append(FieldProblem(field="fields.env", message="there is nothing in it", fix="add a variable"))
        return problems

    def needs(self, connection: Connection) -> Needs:
        """See `ConnectionKind`."""
        return Needs(owner=owner(connection), env=_env(connection), secret_env=dict(connection.secrets))


def _env(connection: Connection) -> dict[str, str]:
    return dict(cast("dict[str, str]", connection.fields.get("env", {})))
