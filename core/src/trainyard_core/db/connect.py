"""Opens the database that a URL names. The engines in this folder are the only code that opens a connection."""

from __future__ import annotations

from trainyard_core.db.engine import READ_TIMEOUT, Database
from trainyard_core.db.sqlite import SQLiteDatabase
from trainyard_core.errors import Unavailable

__all__ = ["connect"]


async def connect(url: str, *, read_timeout: float = READ_TIMEOUT) -> Database:
    """Open `sqlite:///path` or `postgresql://...`; a read is ended after `read_timeout` seconds. Raises Unavailable
    when the server cannot be reached."""
    if url.startswith("sqlite:///"):
        return SQLiteDatabase(url.removeprefix("sqlite:///"), read_timeout=read_timeout)
    if url.startswith(("postgresql://", "postgres://")):
        from trainyard_core.db.postgresql import PostgresDatabase  # asyncpg is loaded only where it is used

        return await PostgresDatabase.open(url, read_timeout=read_timeout)
    raise Unavailable(
        f"no database engine for '{url.split(':', 1)[0]}:'", fix="use sqlite:///path or postgresql://user@host/name"
    )
