"""Brings the tables of plugins up to date, each plugin by itself: one whose step fails keeps the tables that it had and
is left out, and the server starts without it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import NoReturn

import structlog

from trainyard_core.clock import Clock
from trainyard_core.db.engine import Database, Tx, schema_of
from trainyard_core.db.migrate import Migration, lock, migrate, migrations_in
from trainyard_core.errors import Unavailable
from trainyard_core.plugin_host.tables import ConfinedTx
from trainyard_core.registry import Registry

__all__ = ["migrate_plugins"]

NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
"""What a plugin with tables is called: a part of the names of its tables."""
log = structlog.get_logger("trainyard.plugins")


async def migrate_plugins(database: Database, registry: Registry, clock: Clock) -> None:
    """Apply what is missing for every plugin that has migrations. Raises what is the database's fault: that it cannot
    be used now, and that a newer version of a plugin wrote it."""
    for plugin, offer in [*registry.migrations]:
        try:
            if not NAME.fullmatch(plugin):
                raise ValueError(f"a plugin with tables is named with small letters, digits and `_`, not '{plugin}'")
            steps = [_confined(plugin, step) for step in migrations_in(plugin, offer.package)]
            await database.write(partial(_make_schema, plugin=plugin), name="migrate")
            applied = await migrate(database, steps, clock)
        except Unavailable:
            raise
        except Exception as error:
            registry.leave_out(plugin, "migrations", error)
        else:
            if applied:
                log.info("the tables of a plugin were brought up to date", plugin=plugin, migrations=applied)


def _confined(plugin: str, step: Migration) -> Migration:
    """The step with a transaction that reaches the plugin's tables only; its record is core's."""

    async def forwards(tx: Tx) -> None:
        await tx.confine(plugin)
        await step.forwards(ConfinedTx(tx, plugin, _no_jobs))
        await tx.confine("")

    return step._replace(forwards=forwards)


async def _make_schema(tx: Tx, *, plugin: str) -> None:
    """Under the lock: of two processes that make the same schema at once, PostgreSQL has one fail."""
    if tx.dialect == "postgresql":
        await lock(tx)
        await tx.run(f'CREATE SCHEMA IF NOT EXISTS "{schema_of(plugin)}"')


async def _no_jobs(tx: Tx, plugin: str, job: str, key: str, args: Mapping[str, object] | None, *, at: int) -> NoReturn:
    raise RuntimeError("a migration enqueues no jobs")
