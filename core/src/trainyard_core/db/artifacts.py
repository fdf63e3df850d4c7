"""Artifacts' rows in SQL: pages by name, folders among the names, and the guarded writes that keep a row in step with
what the tracker has. When those writes happen is decided by `work.artifacts`.

Names are ordered by code point on both databases, whatever the database's own order of text is.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trainyard_core.contracts.tracker import ArtifactInfo
from trainyard_core.db import activities, runs
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import AttemptSuperseded, NotFound

__all__ = [
    "ArtifactActor",
    "check_attempt",
    "check_current",
    "entries",
    "fence",
    "forget",
    "get",
    "page",
    "record",
    "takers",
]

STORED: Final = "artifact_stored"
REMOVED: Final = "artifact_removed"
_COLLATE = {"sqlite": "BINARY", "postgresql": '"C"'}
_FIND = {"sqlite": "instr", "postgresql": "strpos"}


class ArtifactActor(msgspec.Struct, frozen=True, kw_only=True):
    """Of which run, by whom and when: what every activity tells. `attempt` is that of the program which does it; 0 for
    a person, who stands for the current one."""

    project: str
    run: str
    actor: str
    at: int
    attempt: int = 0


async def fence(tx: Tx, told: ArtifactActor) -> None:
    """Hold the run until the transaction ends. Raises as `check_current`."""
    await runs.lock(tx, told.run)
    await check_current(tx, told)


async def check_current(tx: Tx, told: ArtifactActor) -> None:
    """Raises NotFound when the run is gone, AttemptSuperseded for an attempt after another one has taken its place."""
    row = await runs.get(tx, told.run)
    if row is None:
        raise NotFound(f"no run '{told.run}'")
    check_attempt(row, told.attempt)


def check_attempt(row: Row, attempt: int) -> None:
    """Raises AttemptSuperseded for an attempt after another one has taken its place in the run of `row`."""
    if attempt and attempt < row["attempt"]:
        raise AttemptSuperseded(row["id"], attempt, row["attempt"])


async def get(tx: Tx, run: str, name: str) -> Row | None:
    """One artifact's row."""
    return await tx.one("SELECT * FROM artifact WHERE run = ? AND name = ?", run, name)


async def page(tx: Tx, run: str, *, prefix: str = "", after: str = "", limit: int) -> list[Row]:
    """Artifacts whose names start with `prefix`, by name, after a name."""
    order = f"name COLLATE {_COLLATE[tx.dialect]}"
    return await tx.all(
        f"SELECT * FROM artifact WHERE run = ? AND {order} > ? AND substr(name, 1, ?) = ? ORDER BY {order} LIMIT ?",
        run, after, len(prefix), prefix, limit,
    )  # fmt: skip


async def entries(tx: Tx, run: str, *, prefix: str, after: str, limit: int) -> list[Row]:
    """What lies directly below `prefix`, by name: `entry` is an artifact's name or, ending with `/`, a folder's, of
    which `files`, `size` and `at` tell the number, the bytes and the newest."""
    collate, find = _COLLATE[tx.dialect], _FIND[tx.dialect]
    slash = f"{find}(substr(name, ?), '/')"
    return await tx.all(
        f"SELECT * FROM (SELECT entry, COUNT(*) AS files, CAST(SUM(size) AS BIGINT) AS size, MAX(at) AS at FROM"
        f" (SELECT CASE WHEN {slash} > 0 THEN substr(name, 1, ? + {slash}) ELSE name END AS entry, size, at"
        "   FROM artifact WHERE run = ? AND substr(name, 1, ?) = ?) AS named GROUP BY entry) AS grouped"
        f" WHERE entry COLLATE {collate} > ? ORDER BY entry COLLATE {collate} LIMIT ?",
        len(prefix) + 1, len(prefix), len(prefix) + 1, run, len(prefix), prefix, after, limit,
    )  # fmt: skip


async def record(tx: Tx, told: ArtifactActor, info: ArtifactInfo, *, kind: str) -> bool:
    """Write what the tracker has; what was known of the same bytes beyond that stays. False when the row said so
    already."""
    row = await get(tx, told.run, info.name)
    if (
        row is not None
        and not row["source"]
        and (row["digest"], row["size"], row["kind"])
        == (
            info.digest,
            info.size,
            kind,
        )
    ):
        return False
    await tx.run(
        "INSERT INTO artifact (run, name, kind, size, digest, data, at, source) VALUES (?, ?, ?, ?, ?, '{}', ?, NULL)"
        " ON CONFLICT (run, name) DO UPDATE SET kind = excluded.kind, size = excluded.size, digest = excluded.digest,"
        " data = CASE WHEN artifact.digest = excluded.digest THEN artifact.data ELSE excluded.data END,"
        " at = excluded.at, source = NULL",
        told.run, info.name, kind, info.size, info.digest, told.at,
    )  # fmt: skip
    await _tell(tx, told, STORED, {"name": info.name, "size": info.size, "digest": info.digest, "kind": kind})
    return True


async def forget(tx: Tx, told: ArtifactActor, name: str) -> bool:
    """Take the row out. False when there was none."""
    row = await tx.one("DELETE FROM artifact WHERE run = ? AND name = ? RETURNING digest", told.run, name)
    if row is None:
        return False
    await _tell(tx, told, REMOVED, {"name": name, "digest": row["digest"]})
    return True


async def takers(tx: Tx, run: str, name: str) -> list[str]:
    """Runs that have this artifact by reference; a few of them."""
    rows = await tx.all("SELECT run FROM artifact WHERE source = ? AND name = ? ORDER BY run LIMIT 3", run, name)
    return [row["run"] for row in rows]


async def _tell(tx: Tx, told: ArtifactActor, kind: str, data: dict[str, str | int]) -> None:
    new = activities.NewActivity(project=told.project, run=told.run, kind=kind, actor=told.actor, at=told.at, data=data)
    await activities.append(tx, new)
