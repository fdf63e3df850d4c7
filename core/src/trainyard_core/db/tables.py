"""The tables as Piccolo sees them, for ordinary queries: lists, filters, pages. The hot path and every guarded
write are visible SQL elsewhere.

Piccolo only builds these queries; they run in the caller's transaction like any other statement. The tables
themselves, with their checks and indexes, are made by `migrations`; a test holds the two against each other on
both databases.
"""

from __future__ import annotations

from typing import Any, NoReturn

from piccolo.columns import BigInt, DoublePrecision, Integer, Text
from piccolo.engine.base import Engine
from piccolo.query.base import Query
from piccolo.table import Table

from trainyard_core.db.engine import Row, Tx

__all__ = ["TABLES", "Artifact", "Metric", "Project", "Queue", "rows"]

_ENGINES = {"sqlite": "sqlite", "postgresql": "postgres"}


async def rows(tx: Tx, query: Query[Any, Any]) -> list[Row]:
    """Run a Piccolo query in this transaction. Its table, which may be a plugin's, needs no engine of its own."""
    query.table._meta.db = _BUILDER
    (statement,) = query.querystrings
    sql, args = statement.compile_string(engine_type=_ENGINES[tx.dialect])
    return await tx.all(sql, *args)


class _Builder(Engine[Any]):
    """Gives Piccolo the dialect that it builds in, and refuses to run anything past `db.engine`."""

    def __init__(self) -> None:
        super().__init__(engine_type="sqlite", min_version_number=0)

    async def get_version(self) -> float:
        return 0.0

    def get_version_sync(self) -> float:
        return 0.0

    async def prep_database(self) -> None:
        """Nothing to prepare."""

    async def batch(self, *args: object, **options: object) -> NoReturn:
        raise RuntimeError("run queries through trainyard_core.db.tables.rows")

    async def run_querystring(self, *args: object, **options: object) -> NoReturn:
        raise RuntimeError("run queries through trainyard_core.db.tables.rows")

    async def run_ddl(self, *args: object, **options: object) -> NoReturn:
        raise RuntimeError("tables are made by trainyard_core.db.migrations")

    def transaction(self, *args: object, **options: object) -> NoReturn:
        raise RuntimeError("transactions are opened by trainyard_core.db.engine")

    def atomic(self) -> NoReturn:
        raise RuntimeError("transactions are opened by trainyard_core.db.engine")


_BUILDER = _Builder()


class Project(Table, tablename="project", db=_BUILDER):
    """A project."""

    name = Text(primary_key=True)
    description = Text()
    created_at = BigInt()
    updated_at = BigInt()
    archived_at = BigInt(null=True)
    weight = DoublePrecision()
    quota = Text()
    queues = Text()
    connections = Text()


class Queue(Table, tablename="queue", db=_BUILDER):
    """A queue and its limits."""

    name = Text(primary_key=True)
    concurrency = Integer(null=True)
    paused = Integer()
    created_at = BigInt()
    priority = Integer()
    quota = Text()
    selector = Text()
    updated_at = BigInt()


class Metric(Table, tablename="metric", db=_BUILDER):
    """One metric of one run in brief."""

    run = Text(primary_key=True)
    name = Text()
    last = DoublePrecision(null=True)
    last_step = BigInt()
    min = DoublePrecision(null=True)
    max = DoublePrecision(null=True)
    value_count = BigInt()
    finite_count = BigInt()
    project = Text()
    last_time = BigInt()
    last_writer = Text()
    attempt = Integer()
    version = BigInt(default=0)


class Artifact(Table, tablename="artifact", db=_BUILDER):
    """One artifact of one run."""

    run = Text(primary_key=True)
    name = Text()
    kind = Text()
    size = BigInt()
    digest = Text()
    data = Text()
    at = BigInt()
    source = Text(null=True)


TABLES: tuple[type[Table], ...] = (Artifact, Metric, Project, Queue)
"""Every table that is queried through Piccolo."""
