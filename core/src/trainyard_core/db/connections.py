"""Connections in SQL: what they are called, and references to their secrets."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trainyard_core.contracts.connection import Connection
from trainyard_core.db.engine import Row, Tx

__all__ = ["connection_of", "delete", "get", "names", "page", "put", "some"]

_encode = msgspec.json.Encoder(order="deterministic").encode


async def put(tx: Tx, connection: Connection, *, at: int) -> None:
    """Create a connection or replace what it has."""
    await tx.run(
        "INSERT INTO connection (name, kind, fields, secrets, untrusted, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, fields = excluded.fields,"
        " secrets = excluded.secrets, untrusted = excluded.untrusted, updated_at = excluded.updated_at",
        connection.name, connection.kind, _encode(connection.fields).decode(), _encode(connection.secrets).decode(),
        int(connection.untrusted), at, at,
    )  # fmt: skip


async def get(tx: Tx, name: str) -> Row | None:
    """One connection's row."""
    return await tx.one("SELECT * FROM connection WHERE name = ?", name)


async def page(tx: Tx, *, after: str = "", limit: int = 50) -> list[Row]:
    """Connections by name, after one."""
    return await tx.all("SELECT * FROM connection WHERE name > ? ORDER BY name LIMIT ?", after, limit)


async def names(tx: Tx) -> list[str]:
    """All connections' names."""
    return [row["name"] for row in await tx.all("SELECT name FROM connection ORDER BY name")]


async def some(tx: Tx, wanted: Sequence[str]) -> dict[str, Row]:
    """Those of these connections that there are, by name."""
    if not wanted:
        return {}
    found = await tx.all(f"SELECT * FROM connection WHERE name IN ({', '.join('?' * len(wanted))})", *wanted)
    return {row["name"]: row for row in found}


async def delete(tx: Tx, name: str) -> None:
    """Remove a connection."""
    await tx.run("DELETE FROM connection WHERE name = ?", name)


def connection_of(row: Row) -> Connection:
    """A connection from its row."""
    return msgspec.convert(
        {
            "name": row["name"],
            "kind": row["kind"],
            "fields": msgspec.json.decode(row["fields"]),
            "secrets": msgspec.json.decode(row["secrets"]),
            "untrusted": bool(row["untrusted"]),
        },
        Connection,
    )
