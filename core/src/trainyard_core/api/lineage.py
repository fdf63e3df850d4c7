"""The routes of a run's lineage: where it comes from and what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TypeVar

from litestar import Controller, get
from litestar.params import FromPath

from trainyard.client import models
from trainyard_core.api.access import ApiRequest, find_run, runtime_of
from trainyard_core.auth import READ
from trainyard_core.db import edges
from trainyard_core.db.engine import Row, Tx
from trainyard_core.work import serializers

__all__ = ["Lineage"]

T = TypeVar("T")
MOST = 500
"""Items of each list."""


class Lineage(Controller):
    """`/lineage` of a run."""

    path = "/projects/{project:str}/runs/{ref:str}/lineage"
    tags = ("runs",)

    @get()
    async def lineage(self, request: ApiRequest, project: FromPath[str], ref: FromPath[str]) -> models.Lineage:
        """Return the runs that a run is related to, and the artifacts that it took and made."""
        row = await find_run(request, project, ref, READ)
        return await runtime_of(request).database.read(lambda tx: _lineage(tx, row))


async def _lineage(tx: Tx, row: Row) -> models.Lineage:
    run, cut = row["id"], _Truncation()
    return models.Lineage(
        run=run,
        original=await _original(tx, row),
        parent=await _one(tx, row["parent"]),
        clones=await cut.runs("clones", edges.to_run(tx, run, edges.CLONED, limit=MOST + 1)),
        children=await cut.runs("children", _children(tx, row)),
        upstream=await cut.runs("upstream", edges.of_run(tx, run, edges.UPSTREAM, limit=MOST + 1)),
        downstream=await cut.runs("downstream", edges.to_run(tx, run, edges.UPSTREAM, limit=MOST + 1)),
        taken=await cut.artifacts("taken", _artifacts(tx, run, "source IS NOT NULL")),
        made=await cut.artifacts("made", _artifacts(tx, run, "source IS NULL")),
        most=MOST,
        cut=cut.names,
    )


class _Truncation:
    """Presents at most MOST items of each list; `names` are the lists that had more."""

    def __init__(self) -> None:
        self.names: list[str] = []

    async def runs(self, name: str, found: Awaitable[Sequence[Row]]) -> list[models.RelatedRun]:
        return [_related(row) for row in self._most(name, await found)]

    async def artifacts(self, name: str, found: Awaitable[Sequence[Row]]) -> list[models.Artifact]:
        return [serializers.artifact(row) for row in self._most(name, await found)]

    def _most(self, name: str, rows: Sequence[T]) -> Sequence[T]:
        if len(rows) > MOST:
            self.names.append(name)
        return rows[:MOST]


def _related(row: Row) -> models.RelatedRun:
    return models.RelatedRun(id=row["id"], status=row["status"] or "deleted", name=row["name"] or "", how=row["how"])


async def _original(tx: Tx, row: Row) -> models.RelatedRun | None:
    found = await _one(tx, row["cloned_from"])
    return found and models.RelatedRun(id=found.id, status=found.status, name=found.name, how=row["clone_kind"])


async def _one(tx: Tx, run: str | None) -> models.RelatedRun | None:
    if not run:
        return None
    row = await tx.one("SELECT status, name FROM run WHERE id = ?", run)
    return (
        models.RelatedRun(id=run, status=row["status"], name=row["name"])
        if row
        else models.RelatedRun(id=run, status="deleted")
    )


async def _children(tx: Tx, row: Row) -> list[Row]:
    return await tx.all(
        "SELECT id, status, name, '' AS how FROM run WHERE project = ? AND parent = ? ORDER BY id LIMIT ?",
        row["project"], row["id"], MOST + 1,
    )  # fmt: skip


async def _artifacts(tx: Tx, run: str, which: str) -> list[Row]:
    return await tx.all(f"SELECT * FROM artifact WHERE run = ? AND {which} ORDER BY name LIMIT ?", run, MOST + 1)
