"""The `ConnectionKind` contract: which fields a connection of some kind (a bucket, a git host, a chat room) has, and
what an attempt that uses it needs.

Ownership. Core owns connections: their names, who may use them, where they are stored. A kind owns the meaning of their
fields. Its methods but `probe` open nothing: they are pure and cheap and import no client library, because they run
where runs are compiled and started. A kind has no state; any process may repeat any call.

Secrets. A connection holds references (`SecretRef`), never values. Core resolves a reference just before the value is
used and passes it on as a `Secret`, whose repr shows nothing and which can be neither encoded nor pickled. Code that
reveals a secret keeps its value out of logs, errors and reprs.

Raises. Nothing: `check` returns problems. Core calls `needs`, `probe` and `checkout` only for a connection without
problems.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import msgspec

from trainyard.client.models import FieldProblem
from trainyard.compile.resolved import Checkout
from trainyard_core.contracts.needs import InitStep, Needs
from trainyard_core.contracts.secret import Secret, SecretRef

__all__ = ["Checkout", "Connection", "ConnectionKind", "JsonSchema", "SupportsCheckout"]

JsonSchema = dict[str, Any]
"""A JSON Schema (2020-12) for an object, as plain data. Core understands `type`, `properties`, `required`,
`additionalProperties`, `items`, `enum`, `pattern`, `minLength`, `maxLength`, `minimum` and `maximum`."""


class Connection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One connection: a name that is unique in the deployment, its kind, the fields that the kind defines, and its
    secrets by the names that the kind defines. With `untrusted`, runs whose code comes from outside may use it too. The
    repr has only the name and the kind, because fields may hold addresses."""

    name: str
    kind: str
    fields: dict[str, object] = {}
    secrets: dict[str, SecretRef] = {}
    untrusted: bool = False

    def __repr__(self) -> str:
        return f"Connection({self.name!r}, kind={self.kind!r})"


class ConnectionKind(ABC):
    """One kind of connection. The prose of the module says what every method may assume."""

    name: str

    @abstractmethod
    def schema(self) -> JsonSchema:
        """Return the schema of `fields`. Core holds the fields against it before it calls `check`. It
        allows no other properties (`additionalProperties: false`) and describes each field."""

    @abstractmethod
    def secrets(self) -> dict[str, str]:
        """Return the purpose of each secret, in words, by its name; `*` stands for any other name. `check` reports a
        required secret that is missing."""

    @abstractmethod
    def check(self, connection: Connection) -> list[FieldProblem]:
        """Return all problems that the schema cannot express, each with its field and a fix."""

    @abstractmethod
    def needs(self, connection: Connection) -> Needs:
        """Return what an attempt that uses this connection needs: environment, secrets, mounts, init steps, sidecars.
        The owner is "connection" and its name."""

    async def probe(self, connection: Connection, secrets: Mapping[str, Secret]) -> str:
        """Try the connection from the server, and return what is wrong, in words, without the value of a secret; empty
        when it works, or when there is nothing to try. It is cancelled after ten seconds. Raises nothing else than
        OSError, which is told."""
        return ""


@runtime_checkable
class SupportsCheckout(Protocol):
    """A kind whose connections lead to code (optional): `init` of an operation may name them."""

    def check_checkout(self, connection: Connection, checkout: Checkout) -> list[FieldProblem]:
        """Return what is wrong with a checkout by this connection, each with its field below `run.init`, such as
        `git.url`, and a fix. Pure."""

    def checkout(self, connection: Connection, checkout: Checkout, name: str) -> InitStep:
        """Return the init step of that name that checks it out, with what `needs` of the connection provides. It starts
        in the folder of the code, makes `checkout.path` if it is not there, and leaves no value of a secret in it. A
        checkout that is there already is brought to the revision. Pure."""
