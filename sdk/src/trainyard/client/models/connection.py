"""Connections."""

from __future__ import annotations

from typing import Any

import msgspec

from trainyard.client.models.problem import FieldProblem

__all__ = ["Connection", "ConnectionCheck", "ConnectionPage", "NewConnection"]


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """A connection: what runs may use beside their own code. `kind` says what its `fields` mean. `secrets` are
    references to secrets, never values. Only admins of the deployment are shown `fields` and `secrets`. `untrusted`:
    runs whose code comes from outside may use it too."""

    name: str
    kind: str
    fields: dict[str, Any] = {}
    secrets: dict[str, dict[str, str]] = {}
    untrusted: bool = False
    created_at: str = ""
    updated_at: str = ""


class ConnectionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Connections, by name."""

    items: list[Connection]
    next: str | None = None


class NewConnection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Everything that an admin decides of a connection; see `Connection`. Each of `secrets` is a mapping:
    `{env: NAME}`, `{file: /path}` or `{source: NAME, name: ..., key: ...}`."""

    kind: str
    fields: dict[str, Any] = {}
    secrets: dict[str, Any] = {}
    untrusted: bool = False

    def __repr__(self) -> str:
        return f"NewConnection(kind={self.kind!r})"


class ConnectionCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What came of trying a connection from the server; `problems` is empty when it works."""

    ok: bool
    problems: list[FieldProblem] = []
