"""Reads what a plan is made from: one parent, its children that have not ended or have just done so, and what its
planner reads of the plugin's tables, all of one moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from trainyard_core.contracts.director import (
    Child,
    ChildCounts,
    MetricSummary,
    Parent,
    Planner,
    Progress,
    Request,
    View,
)
from trainyard_core.db import directors
from trainyard_core.db.engine import Row, Tx
from trainyard_core.lifecycle import Intent, Status
from trainyard_core.plugin_host.tables import ConfinedTx, Enqueue

__all__ = ["Snapshot", "children_of", "load", "parent_of"]

_decode: Any = msgspec.json.Decoder().decode
_progress = msgspec.json.Decoder(Progress)


class Snapshot(NamedTuple):
    """A view, and what its plan is written under."""

    view: View
    plugin: str
    version: int
    wake_at: int | None
    wake_seq: int


async def load(
    tx: Tx, run: str, planner: Planner, enqueue: Enqueue, *, request: Request | None = None
) -> Snapshot | None:
    """The view of a parent; None when there is no such one."""
    row = await directors.get(tx, run)
    if row is None:
        return None
    parent = parent_of(row)
    rows, metrics = await directors.unplanned(tx, run), await directors.open_metrics(tx, run)
    children = {child.key: child for child in children_of(rows, metrics)}
    if row["plugin"]:
        await tx.confine(row["plugin"])
    data = await planner.load(ConfinedTx(tx, row["plugin"], enqueue), parent)
    view = View(parent=parent, children=children, data=data, request=request)
    return Snapshot(view, row["plugin"], row["version"], row["wake_at"], row["wake_seq"])


def parent_of(row: Row) -> Parent:
    """A row of `directors.get`."""
    return Parent(
        run=row["run"],
        kind=row["kind"],
        project=row["project"],
        name=row["name"],
        owner=row["created_by"],
        status=Status(row["status"]),
        untrusted=bool(row["untrusted"]),
        intent=Intent(row["intent"]),
        stop_reason=row["intent_reason"],
        stop_message=row["intent_message"],
        state=bytes(row["state"]),
        counts=ChildCounts(row["created"], row["succeeded"], row["failed"], row["stopped"], row["skipped"]),
        watches=frozenset(_decode(row["watches"])),
        progress=_progress.decode(row["progress"]),
    )


def children_of(rows: Sequence[Row], metrics: Iterable[Row]) -> list[Child]:
    """Rows of `directors.children`, with rows of `directors.metrics`."""
    logged: dict[str, dict[str, MetricSummary]] = {}
    for each in metrics:
        logged.setdefault(each["run"], {})[each["name"]] = MetricSummary(
            each["last"], each["min"], each["max"], each["value_count"], each["attempt"]
        )
    return [_child(row, logged.get(row["id"], {})) for row in rows]


_STATUS = {status.value: status for status in Status}
"""A parent may have hundreds of live children, and reading one of these takes a tenth of calling `Status`."""


def _child(row: Row, metrics: dict[str, MetricSummary]) -> Child:
    outputs = row["outputs"]
    return Child(
        key=row["key"] or "",
        run=row["id"],
        status=_STATUS[row["status"]],
        name=row["name"],
        reason=row["reason"],
        message=row["message"],
        params=_decode(row["params"]),
        outputs={} if outputs == "{}" else _decode(outputs),
        stopping=row["intent"] == Intent.STOP,
        metrics=metrics,
        reported_status=row["reported_status"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )
