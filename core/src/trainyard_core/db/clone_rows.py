"""What a run begins with when it was made from another, in SQL: its metrics in brief, and artifacts by reference."""

from __future__ import annotations

from typing import Any

import msgspec

from trainyard.track.frames import Summary
from trainyard_core.db import tracking
from trainyard_core.db.batch import batches, marks
from trainyard_core.db.engine import Row, Tx

__all__ = ["heirs", "heirs_of_children", "holder", "pass_on", "summaries", "take_artifacts"]


async def summaries(tx: Tx, run: str) -> list[Summary]:
    """A run's metrics as columns in brief, ready to be merged into another's."""
    return [tracking.summary_of(row) for row in await tracking.metrics(tx, run)]


async def take_artifacts(tx: Tx, *, source: str, run: str, until: int | None) -> None:
    """Give `run` the artifacts of `source` by reference, all of them or those logged up to a step. Idempotent; what
    `run` has itself stays."""
    rows = await tx.all("SELECT name, data FROM artifact WHERE run = ?", source)
    for names in batches([row["name"] for row in rows if until is None or _step(row) <= until]):
        await tx.run(
            "INSERT INTO artifact (run, name, kind, size, digest, data, at, source)"
            " SELECT CAST(? AS TEXT), name, kind, size, digest, data, at, COALESCE(source, run) FROM artifact"
            f" WHERE run = ? AND name IN ({marks(names)}) ON CONFLICT (run, name) DO NOTHING",
            run, source, *names,
        )  # fmt: skip


async def holder(tx: Tx, run: str, name: str) -> str:
    """The run that holds an artifact's bytes: the run itself, or the one that it took them from."""
    row = await tx.one("SELECT source FROM artifact WHERE run = ? AND name = ?", run, name)
    return row["source"] if row is not None and row["source"] else run


async def pass_on(tx: Tx, run: str) -> None:
    """Give artifacts that came late also to the runs that were made from this one in the meantime, and on to those
    that were made from them. Idempotent."""
    waiting, seen = [run], {run}
    while waiting:
        source = waiting.pop()
        for heir in await tx.all(_HEIRS, source):
            until = heir["fork_step"] if heir["clone_kind"] == "resume" else None
            await take_artifacts(tx, source=source, run=heir["id"], until=until)
            if heir["id"] not in seen:
                seen.add(heir["id"])
                waiting.append(heir["id"])


_HEIRS = """SELECT r.id, r.clone_kind, r.fork_step FROM edge e JOIN run r ON r.id = e.run
    WHERE e.source = ? AND e.kind = 'cloned' AND r.clone_kind IN ('resume', 'copy')"""


async def heirs(tx: Tx, run: str) -> list[str]:
    """Runs that use what this one holds: those that continue it and those that took its artifacts; a few of them."""
    rows = await tx.all(
        "SELECT r.id FROM edge e JOIN run r ON r.id = e.run WHERE e.source = ? AND e.kind = 'cloned'"
        " AND r.clone_kind IN ('resume', 'copy')"
        " UNION SELECT a.run FROM artifact a WHERE a.source = ? ORDER BY 1 LIMIT 5",
        run, run,
    )  # fmt: skip
    return [row["id"] for row in rows]


async def heirs_of_children(tx: Tx, parent: Row) -> list[tuple[str, str]]:
    """Runs that use what a child of this one holds and are no children of it themselves, each with that child; a few
    of them."""
    rows = await tx.all(
        "SELECT r.id AS heir, c.id AS child FROM run c JOIN edge e ON e.source = c.id JOIN run r ON r.id = e.run"
        " WHERE c.project = ? AND c.parent = ? AND e.kind = 'cloned' AND r.clone_kind IN ('resume', 'copy')"
        " AND COALESCE(r.parent, '') <> ?"
        " UNION SELECT r.id, c.id FROM run c JOIN artifact a ON a.source = c.id JOIN run r ON r.id = a.run"
        " WHERE c.project = ? AND c.parent = ? AND COALESCE(r.parent, '') <> ? ORDER BY 1 LIMIT 5",
        *(parent["project"], parent["id"], parent["id"]) * 2,
    )
    return [(row["heir"], row["child"]) for row in rows]


def _step(row: Row) -> int:
    """The step at which an artifact was logged; one that names none counts as the first."""
    data: dict[str, Any] = msgspec.json.decode(row["data"])
    step = data.get("step")
    return step if isinstance(step, int) else 0
