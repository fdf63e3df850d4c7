"""What admission reads of runs, in SQL: what live ones use, and those that wait, lane by lane.

It is in two partial indexes, `run_waiting_resources` of those that wait and `run_live_resources` of live ones; the
conditions below are written in the very words of those indexes, else SQLite would not use them.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from trainyard_core.admission import ProjectState, QueueState, Snapshot, WaitingQuery, WaitingRun, total
from trainyard_core.db.engine import Row, Tx
from trainyard_core.lifecycle import LIVE

__all__ = ["ask", "heads", "held", "resources_text", "waiting_in", "waiting_run", "world"]

_LIVE = ", ".join(f"'{status}'" for status in sorted(LIVE))
_NEED = "id, queue, project, priority, cpu, memory, gpu, resources, largest_copy, agent"
_FIRST = "SELECT id FROM run WHERE status = 'queued' AND queue = q.name ORDER BY priority DESC, id LIMIT 1"
_BY_LANE = "project, agent, resources, largest_copy, priority DESC, id"
_LANES = f"""WITH RECURSIVE lane AS (
        SELECT * FROM (
            SELECT {_NEED} FROM run WHERE status = 'queued' AND queue = ? ORDER BY {_BY_LANE} LIMIT 1) AS first
        UNION ALL
        SELECT {", ".join(f"r.{name}" for name in _NEED.split(", "))} FROM lane l JOIN run r ON r.%KEY% = (
            SELECT %KEY% FROM run WHERE status = 'queued' AND queue = l.queue
            AND (project, agent, resources, largest_copy) > (l.project, l.agent, l.resources, l.largest_copy)
            ORDER BY {_BY_LANE} LIMIT 1))
    SELECT * FROM lane"""
"""The first run of each lane of a queue, by one look into the index for each lane."""
_ALL_LANES = f"""WITH RECURSIVE lane AS (
        SELECT * FROM (SELECT {_NEED} FROM run WHERE status = 'queued' ORDER BY queue, {_BY_LANE} LIMIT 1) AS first
        UNION ALL
        SELECT {", ".join(f"r.{name}" for name in _NEED.split(", "))} FROM lane l JOIN run r ON r.id = (
            SELECT id FROM run WHERE status = 'queued'
            AND (queue, project, agent, resources, largest_copy)
            > (l.queue, l.project, l.agent, l.resources, l.largest_copy)
            ORDER BY queue, {_BY_LANE} LIMIT 1))
    SELECT * FROM lane"""
_HEADS = {"sqlite": _LANES.replace("%KEY%", "rowid"), "postgresql": _LANES.replace("%KEY%", "id")}
_MORE = (
    f"SELECT {_NEED} FROM run WHERE status = 'queued' AND queue = ? AND project = ? AND agent = ? AND resources = ?"
    " AND largest_copy = ? AND priority <= ? AND (priority < ? OR id > ?) AND cpu <= ? AND memory <= ? AND gpu <= ?"
    " ORDER BY priority DESC, id LIMIT ?"
)
_decode_amounts = msgspec.json.Decoder(dict[str, float]).decode
_decode_labels = msgspec.json.Decoder(dict[str, str]).decode
_decode_names = msgspec.json.Decoder(tuple[str, ...]).decode
_encode = msgspec.json.Encoder(order="sorted").encode


async def world(tx: Tx, *, capacity: dict[str, float]) -> Snapshot:
    """All queues and the projects that have limits, with what their live runs use."""
    used = await _used(tx)
    found = await tx.all(f"SELECT q.*, ({_FIRST}) AS first FROM queue q")
    return Snapshot(
        queues={row["name"]: _state(row, used) for row in found},
        projects=await _projects(tx, used),
        capacity=capacity,
    )


async def held(tx: Tx, *only: str) -> dict[str, tuple[int, dict[str, float]]]:
    """How many runs of each of these queues are live, and what they use together."""
    used = await _used(tx)
    return {name: (used.live(name), total(used.by_project(name).values())) for name in only}


async def ask(tx: Tx, asked: WaitingQuery) -> list[WaitingRun]:
    """Answer a walk of admission."""
    if asked.lane is None or asked.after is None:
        return [waiting_run(row) for row in await tx.all(_HEADS[tx.dialect], asked.queue)]
    lane, after = asked.lane, asked.after
    found = await tx.all(
        _MORE, lane.queue, lane.project, lane.agent, resources_text(lane.resources),
        resources_text(lane.largest_copy), after.priority, after.priority, after.run, *_bounds(asked.upto), asked.most,
    )  # fmt: skip
    return [waiting_run(row) for row in found]


async def heads(tx: Tx) -> dict[str, list[WaitingRun]]:
    """The first run of each lane of every queue: one hop instead of one for each queue."""
    found: dict[str, list[WaitingRun]] = {}
    for row in await tx.all(_ALL_LANES):
        found.setdefault(row["queue"], []).append(waiting_run(row))
    return found


async def waiting_in(tx: Tx, queue: str) -> list[WaitingRun]:
    """All runs that wait in a queue."""
    found = await tx.all(f"SELECT {_NEED} FROM run WHERE status = 'queued' AND queue = ?", queue)
    return [waiting_run(row) for row in found]


def waiting_run(row: Row) -> WaitingRun:
    """What a run asks for."""
    resources, copy = row["resources"], row["largest_copy"]
    return WaitingRun(
        run=row["id"],
        queue=row["queue"],
        project=row["project"],
        priority=row["priority"],
        cpu=row["cpu"],
        memory=row["memory"],
        gpu=row["gpu"],
        resources={} if resources == "{}" else _decode_amounts(resources),
        largest_copy={} if copy == "{}" else _decode_amounts(copy),
        agent=row["agent"],
    )


def resources_text(resources: dict[str, float]) -> str:
    """Amounts as they are stored: one text for one meaning."""
    return _encode({name: float(amount) for name, amount in resources.items()}).decode() if resources else "{}"


def _bounds(upto: Iterable[float]) -> tuple[float, int, int]:
    """Bounds that columns can be held against."""
    cpu, memory, gpu = (min(bound, 2.0**60) for bound in upto)
    return cpu, int(memory), int(min(gpu, 2.0**31 - 1))


class _Used:
    """What live runs use, by queue and project."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._live: dict[str, int] = {}
        self._parts: dict[str, dict[str, list[dict[str, float]]]] = {}
        for row in rows:
            queue = row["queue"]
            self._live[queue] = self._live.get(queue, 0) + row["n"]
            self._parts.setdefault(queue, {}).setdefault(row["project"], []).append(_amounts(row))

    def live(self, queue: str) -> int:
        """How many runs of a queue are live."""
        return self._live.get(queue, 0)

    def by_project(self, queue: str) -> dict[str, dict[str, float]]:
        """What each project uses in a queue."""
        found = self._parts.get(queue, {})
        return {project: parts[0] if len(parts) == 1 else total(parts) for project, parts in found.items()}

    def of_project(self, name: str) -> dict[str, float]:
        """What a project uses in all queues."""
        return total(part for projects in self._parts.values() for part in projects.get(name, ()))


async def _used(tx: Tx) -> _Used:
    return _Used(
        await tx.all(
            "SELECT queue, project, resources, COUNT(*) AS n, SUM(cpu) AS cpu, SUM(memory) AS memory, SUM(gpu) AS gpu"
            f" FROM run WHERE status IN ({_LIVE}) AND managed = 1 GROUP BY queue, project, resources"
        )
    )


def _state(row: Row, used: _Used) -> QueueState:
    return QueueState(
        name=row["name"],
        priority=row["priority"],
        concurrency=row["concurrency"],
        quota=_decode_amounts(row["quota"]),
        paused=bool(row["paused"]),
        selector=_decode_labels(row["selector"]),
        live=used.live(row["name"]),
        used=used.by_project(row["name"]),
        first=row["first"] or "",
    )


async def _projects(tx: Tx, used: _Used) -> dict[str, ProjectState]:
    """Those that are not as all others are."""
    found = await tx.all(
        "SELECT name, weight, quota, queues FROM project WHERE weight <> 1 OR quota <> '{}' OR queues <> '[\"*\"]'"
    )
    return {
        row["name"]: ProjectState(
            name=row["name"],
            weight=row["weight"],
            quota=_decode_amounts(row["quota"]),
            used=used.of_project(row["name"]),
            queues=_decode_names(row["queues"]),
        )
        for row in found
    }


def _amounts(row: Row) -> dict[str, float]:
    found = {"cpu": float(row["cpu"]), "memory": float(row["memory"]), "gpu": float(row["gpu"])}
    if row["resources"] == "{}":
        return found
    return found | {name: amount * row["n"] for name, amount in _decode_amounts(row["resources"]).items()}
