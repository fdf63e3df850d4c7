"""Runs the statements that a plugin has handed over as data, in a transaction of core's, on the plugin's own tables."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard_core.contracts.director import Write
from trainyard_core.db.engine import Tx
from trainyard_core.errors import TrainyardError

__all__ = ["RowCountMismatch", "apply"]


class RowCountMismatch(TrainyardError):
    """A statement changed another number of rows than it must."""

    code, status, title = "row_count", 409, "Something has changed meanwhile"


async def apply(tx: Tx, plugin: str, writes: Sequence[Write]) -> None:
    """Run them in order. Raises RowCountMismatch, ForeignTable."""
    if not writes:
        return
    if plugin:
        await tx.confine(plugin)
    for each in writes:
        await _run(tx, plugin, each)
    if plugin:
        await tx.confine("")


async def _run(tx: Tx, plugin: str, write: Write) -> None:
    if write.changes is None:
        await tx.many(write.sql, write.rows)
        return
    for row in write.rows:
        if (changed := await tx.run(write.sql, *row)) != write.changes:
            raise RowCountMismatch(
                f"a statement of plugin '{plugin}' changed {changed} rows instead of {write.changes}: {write.sql}"
            )
