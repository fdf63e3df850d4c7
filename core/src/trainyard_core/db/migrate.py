"""Brings a database up to date: each migration and its record are one transaction, under a lock, in order of (app,
name).

Piccolo's own runner records a migration in a second statement and lets two processes race, so a crash or a second
server in between breaks it; the tables below therefore move by this runner. A database that holds a migration this
version does not know is refused: it was written by a newer version.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from trainyard_core.clock import Clock
from trainyard_core.db.engine import Database, Tx
from trainyard_core.errors import StartRefused

__all__ = ["Migration", "lock", "migrate", "migrations_in"]

LOCK = 0x7261696E
RECORD = """CREATE TABLE IF NOT EXISTS migration (
    app TEXT NOT NULL, name TEXT NOT NULL, applied_at BIGINT NOT NULL, PRIMARY KEY (app, name))"""


class Migration(NamedTuple):
    """One step. `app` is whose tables it moves (`core`, or a plugin's name); `forwards` takes a transaction on
    these. `replaces` are the names of earlier migrations whose place it takes: `forwards` also brings a database that
    has applied them to the same tables, and their records give way to its own."""

    app: str
    name: str
    forwards: Callable[[Any], Awaitable[None]]
    replaces: tuple[str, ...] = ()


def migrations_in(app: str, package: ModuleType) -> list[Migration]:
    """The migrations of a package: its modules named `m0001_...`, in order. Their `REPLACES`, if they have it, are the
    names of migrations that they replace."""
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__) if m.name.startswith("m"))
    modules = [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    return [
        Migration(app, name, module.forwards, tuple(getattr(module, "REPLACES", ())))
        for name, module in zip(names, modules, strict=True)
    ]


async def migrate(database: Database, migrations: Sequence[Migration], clock: Clock) -> list[str]:
    """Apply what is missing; returns the names of what was applied. Safe when several processes start at once.

    Raises StartRefused when the database is of a newer version, or too old to be converted.
    """

    async def work(tx: Tx) -> list[str]:
        await lock(tx)
        await tx.run(RECORD)
        known = {(row["app"], row["name"]) for row in await tx.all("SELECT app, name FROM migration")}
        _refuse_newer(known, migrations)
        missing = [m for m in migrations if (m.app, m.name) not in known]
        for migration in missing:
            await migration.forwards(tx)
            replaced = [(migration.app, name) for name in migration.replaces]
            await tx.many("DELETE FROM migration WHERE app = ? AND name = ?", replaced)
            await tx.run(
                "INSERT INTO migration (app, name, applied_at) VALUES (?, ?, ?)",
                migration.app,
                migration.name,
                clock.now(),
            )
        return [f"{m.app}.{m.name}" for m in missing]

    return await database.write(work, name="migrate")


async def lock(tx: Tx) -> None:
    """One process at a time changes what tables there are, until the transaction ends. SQLite's write transaction is a
    lock already."""
    if tx.dialect == "postgresql":
        await tx.one("SELECT pg_advisory_xact_lock(?::bigint)", LOCK)


def _refuse_newer(known: set[tuple[str, str]], migrations: Sequence[Migration]) -> None:
    ours = {(m.app, name) for m in migrations for name in (m.name, *m.replaces)}
    apps = {m.app for m in migrations}
    if newer := sorted(f"{app}.{name}" for app, name in known - ours if app in apps):
        raise StartRefused(
            f"the database was written by a newer version of Trainyard: it holds {', '.join(newer)}",
            fix="install that version, or start on another data directory",
        )
