"""Leases: one process at a time holds a row, until a time. Each lease has an epoch that stands in the condition of
every write of its holder, so that one who was frozen and has lost it writes nothing.

On PostgreSQL the time is the database's, so that workers whose clocks differ agree on who holds a row. SQLite has one
process, whose clock it is.
"""

from __future__ import annotations

from trainyard_core.clock import Clock
from trainyard_core.db.engine import Tx

__all__ = ["NOW", "time_of"]

NOW = "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000000 AS BIGINT)"
"""The time of the database, as PostgreSQL says it."""


async def time_of(tx: Tx, clock: Clock) -> int:
    """The time by which leases and due times are decided, in microseconds since 1970 UTC."""
    if tx.dialect == "sqlite":
        return clock.now()
    row = await tx.one(f"SELECT {NOW} AS now")
    assert row is not None
    return int(row["now"])
