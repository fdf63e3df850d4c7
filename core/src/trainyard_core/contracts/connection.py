"""The `ConnectionKind` contract: what a connection of some kind (a bucket, a git host, a chat room) may say, and what
an attempt that uses it needs.

Ownership. Core owns connections: their names, who may use them, where they are stored. A kind owns the meaning of their
fields. It opens nothing itself: a kind is pure, cheap and imports no library, for it runs where files are linted and
where runs are compiled. It has no state, and any of its calls may be made again, anywhere.

Secrets. A connection holds references (`SecretRef`), never values. Core resolves them where they are used, at the last
moment, and hands each over as a `Secret`, which shows nothing, cannot be encoded and cannot be pickled. Whoever reveals
one keeps it out of logs, errors and reprs.

Raises. Nothing: `check` answers with problems. `needs` is called for a connection without problems only.

Provisional: nothing in core calls it yet. Its hook, `register_connection_kinds`, comes with its first plugin.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NoReturn

import msgspec

from trainyard.client.models import FieldProblem
from trainyard_core.contracts.needs import Needs, SecretRef

__all__ = ["Connection", "ConnectionKind", "JsonSchema", "Secret"]

JsonSchema = dict[str, Any]
"""A JSON Schema (2020-12) for an object, as plain data."""


class Secret:
    """A secret's value on its way to the one place that uses it."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The value itself."""
        return self.__value

    def __repr__(self) -> str:
        return "Secret(...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled or copied; pass a SecretRef and resolve it there")


class Connection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One connection: a name that is unique in the deployment, its kind, the fields that the kind defines, and its
    secrets by the names that the kind defines. The repr has the name and the kind: fields may hold addresses."""

    name: str
    kind: str
    fields: dict[str, object] = {}
    secrets: dict[str, SecretRef] = {}

    def __repr__(self) -> str:
        return f"Connection({self.name!r}, kind={self.kind!r})"


class ConnectionKind(ABC):
    """One kind of connection. See the module's prose for what every method may assume."""

    name: str

    @abstractmethod
    def schema(self) -> JsonSchema:
        """The schema of `fields`, which editors complete from and core checks first. It closes the object
        (`additionalProperties: false`) and describes each field."""

    @abstractmethod
    def secrets(self) -> dict[str, str]:
        """What each secret is for, in words, by name. One that must be there is told missing by `check`."""

    @abstractmethod
    def check(self, connection: Connection) -> list[FieldProblem]:
        """All that is wrong beyond the schema, with the field and a fix."""

    @abstractmethod
    def needs(self, connection: Connection) -> Needs:
        """What an attempt that uses this connection finds: env, secrets, mounts, init steps, sidecars. The owner is
        "connection" and its name."""
