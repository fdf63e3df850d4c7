"""The names of the variables that a run gets for a connection."""

from __future__ import annotations

import re

from pydantic import BaseModel, Field

from trainyard.client.models import FieldProblem
from trainyard_core.contracts.connection import Connection

__all__ = ["Prefixed", "owner", "prefix_of", "reserved", "text"]


class Prefixed(BaseModel):
    """The field that says how the names of variables begin."""

    prefix: str = Field(
        default="",
        pattern="^[A-Za-z_][A-Za-z0-9_]*$",
        max_length=100,
        description="How the names of the variables begin: letters, digits and `_`. Default: the connection's name.",
    )


def owner(connection: Connection) -> str:
    """Who states a need, as users are shown it."""
    return f"connection '{connection.name}'"


def prefix_of(connection: Connection) -> str:
    """How the names of the variables of a connection begin, with the `_` that follows."""
    given = text(connection, "prefix") or re.sub(r"[^A-Za-z0-9_]", "_", connection.name).upper()
    return f"_{given}_" if given[:1].isdigit() else f"{given}_"


def text(connection: Connection, field: str) -> str:
    """A field as text; empty when it is left out."""
    value = connection.fields.get(field)
    return "" if value is None else str(value)


def reserved(connection: Connection) -> list[FieldProblem]:
    """The problem of a connection whose variables would begin as those of Trainyard itself."""
    if not prefix_of(connection).upper().startswith("TRAINYARD_"):
        return []
    said = "variables that begin with TRAINYARD_ are Trainyard's own"
    return [FieldProblem(field="fields.prefix", message=said, fix="write another `prefix`")]
