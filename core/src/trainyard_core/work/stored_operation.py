"""The operation of a run as it was stored when the run was made, as the request that would make it again."""

from __future__ import annotations

from typing import Any

import msgspec

from trainyard.client.models import CloneRun, CreateRun
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Conflict, NotFound

__all__ = ["body_of", "operation_of", "stored"]

_decode = msgspec.json.decode
_NOTHING = CloneRun()


async def stored(tx: Tx, run: str) -> Row:
    """What is stored of a run's operation: `spec` and `given`. Raises NotFound for a run that is gone, Conflict for one
    without an operation."""
    row = await operation_of(tx, run)
    if row is None:
        raise Conflict(f"the operation of run {run} is not stored", fix="create it again from its file")
    return row


async def operation_of(tx: Tx, run: str) -> Row | None:
    """The same; None for a run without an operation. Raises NotFound for a run that is gone."""
    row = await tx.one(
        "SELECT o.spec, o.compile_options FROM run r LEFT JOIN operation o ON o.run = r.id WHERE r.id = ?", run
    )
    if row is None:
        raise NotFound(f"no run '{run}'", fix="it has been deleted; see yard ls")
    return None if row["spec"] in (None, "null") else row


def body_of(operation: Row, changes: CloneRun = _NOTHING, description: str = "") -> CreateRun:
    """The request that made a run, with what is wished anew."""
    spec: dict[str, Any] = _decode(operation["spec"])
    given = _decode(operation["compile_options"], type=CreateRun)
    as_text = {"content", "file"}.issuperset(spec)
    return msgspec.structs.replace(
        given,
        content=spec["content"] if as_text else "",
        file=spec.get("file", "") if as_text else "",
        operation=None if as_text else spec,
        params={**given.params, **changes.params},
        name=changes.name or given.name,
        queue=changes.queue or given.queue,
        description=description or given.description,
    )
