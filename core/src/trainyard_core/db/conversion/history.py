"""The migrations before the baseline, and the conversion of a database that has applied them.

A database is converted from `m0009_sweeps` on. The migrations after it, m0010 to m0019, are applied where they are
missing; m0020 is always applied. What comes out is the schema of the baseline, but for the order of columns.
"""

from __future__ import annotations

from collections.abc import Set

from trainyard_core.db import conversion
from trainyard_core.db.engine import Tx
from trainyard_core.db.migrate import migrations_in
from trainyard_core.errors import StartRefused

__all__ = ["EARLIEST", "FORMER", "convert"]

EARLIEST = (
    "m0001_spine",
    "m0002_access",
    "m0003_search",
    "m0004_queues",
    "m0005_agents",
    "m0006_runs",
    "m0007_components",
    "m0008_uploads",
    "m0009_sweeps",
)
"""Migrations that are gone: a database must have applied all of them."""
FORMER = (
    *EARLIEST,
    "m0010_attempts",
    "m0011_hearing",
    "m0012_token_parents",
    "m0013_reading",
    "m0014_endings",
    "m0015_names",
    "m0016_jobs",
    "m0017_observers",
    "m0018_references",
    "m0019_directors",
)
"""Every migration that the baseline replaces."""


async def convert(tx: Tx, applied: Set[str]) -> None:
    """Bring the tables of a database that has applied these migrations to the baseline. Raises StartRefused when one of
    the earliest is missing."""
    if not set(EARLIEST) <= applied:
        raise StartRefused(
            f"the database is older than this version can convert: it has applied {', '.join(sorted(applied))}, and"
            f" {EARLIEST[0]} to {EARLIEST[-1]} are needed",
            fix=f"open it once with a version of Trainyard whose last migration is one of {EARLIEST[-1]} to"
            f" {FORMER[-1]}, then with this one; or start on another data directory",
        )
    for step in migrations_in("core", conversion):
        if step.name not in applied:
            await step.forwards(tx)
