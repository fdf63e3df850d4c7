"""A run as the API answers it, read whole: with its metrics, attempts and operation."""

from __future__ import annotations

from trainyard.client import models
from trainyard_core.db import attempts, runs, tracking
from trainyard_core.db.engine import Database, Tx
from trainyard_core.errors import NotFound
from trainyard_core.work import serializers

__all__ = ["whole", "whole_run"]


async def whole(tx: Tx, run: str) -> models.RunRecord:
    """A run in this transaction. Raises NotFound."""
    row = await runs.get(tx, run)
    if row is None:
        raise NotFound(f"no run '{run}'", fix="it has been deleted; see yard ls")
    return serializers.run(
        row,
        metrics=await tracking.metrics(tx, run),
        attempts=await attempts.of_run(tx, run),
        resolved=await runs.resolved(tx, run),
        dropped=await tracking.dropped(tx, run),
    )


async def whole_run(database: Database, run: str) -> models.RunRecord:
    """A run as it is now. Raises NotFound."""
    return await database.read(lambda tx: whole(tx, run))
