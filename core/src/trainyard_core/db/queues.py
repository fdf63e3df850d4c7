"""Queues in SQL: their limits, what their live runs use, and who waits in them.

What admission reads of runs is in two partial indexes, `run_lane` of those that wait and `run_held` of live ones; the
conditions below are written in the very words of those indexes, else SQLite would not use them.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from trainyard_core.admission import Ask, ProjectState, QueueState, Waiting, World, total
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.tables import Queue, rows
from trainyard_core.lifecycle import LIVE

__all__ = [
    "DEFAULT",
    "ask",
    "delete",
    "ensure",
    "get",
    "heads",
    "held",
    "in_use",
    "lock",
    "names",
    "page",
    "put",
    "resources_text",
    "waiting_counts",
    "waiting_in",
    "waiting_most",
    "waiting_run",
    "world",
]

DEFAULT = "default"
_LIVE = ", ".join(f"'{status}'" for status in sorted(LIVE))
_EARLY = "'compiled', 'created', 'retrying'"
_NEED = "id, queue, project, priority, cpu, memory, gpu, resources, agent"
_FIRST = "SELECT id FROM run WHERE status = 'queued' AND queue = q.name ORDER BY priority DESC, id LIMIT 1"
_BY_LANE = "project, agent, resources, priority DESC, id"
_LANES = f"""WITH RECURSIVE lane AS (
        SELECT * FROM (
            SELECT {_NEED} FROM run WHERE status = 'queued' AND queue = ? ORDER BY {_BY_LANE} LIMIT 1) AS first
        UNION ALL
        SELECT {", ".join(f"r.{name}" for name in _NEED.split(", "))} FROM lane l JOIN run r ON r.%KEY% = (
            SELECT %KEY% FROM run WHERE status = 'queued' AND queue = l.queue
            AND (project, agent, resources) > (l.project, l.agent, l.resources) ORDER BY {_BY_LANE} LIMIT 1))
    SELECT * FROM lane"""
"""The first run of each lane of a queue, by one look into the index for each lane."""
_ALL_LANES = f"""WITH RECURSIVE lane AS (
        SELECT * FROM (SELECT {_NEED} FROM run WHERE status = 'queued' ORDER BY queue, {_BY_LANE} LIMIT 1) AS first
        UNION ALL
        SELECT {", ".join(f"r.{name}" for name in _NEED.split(", "))} FROM lane l JOIN run r ON r.id = (
            SELECT id FROM run WHERE status = 'queued'
            AND (queue, project, agent, resources) > (l.queue, l.project, l.agent, l.resources)
            ORDER BY queue, {_BY_LANE} LIMIT 1))
    SELECT * FROM lane"""
_HEADS = {"sqlite": _LANES.replace("%KEY%", "rowid"), "postgresql": _LANES.replace("%KEY%", "id")}
_MORE = (
    f"SELECT {_NEED} FROM run WHERE status = 'queued' AND queue = ? AND project = ? AND agent = ? AND resources = ?"
    " AND priority <= ? AND (priority < ? OR id > ?) AND cpu <= ? AND memory <= ? AND gpu <= ?"
    " ORDER BY priority DESC, id LIMIT ?"
)
_decode_amounts = msgspec.json.Decoder(dict[str, float]).decode
_decode_labels = msgspec.json.Decoder(dict[str, str]).decode
_decode_names = msgspec.json.Decoder(tuple[str, ...]).decode
_encode = msgspec.json.Encoder(order="sorted").encode


async def ensure(tx: Tx, name: str, *, at: int) -> None:
    """Make sure that a queue exists."""
    await tx.run(
        "INSERT INTO queue (name, created_at, updated_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING", name, at, at
    )


async def put(
    tx: Tx,
    name: str,
    *,
    concurrency: int | None,
    paused: bool,
    at: int,
    priority: int = 0,
    quota: dict[str, float] | None = None,
    selector: dict[str, str] | None = None,
) -> None:
    """Create a queue or change its limits, all of them."""
    await tx.run(
        "INSERT INTO queue (name, concurrency, paused, priority, quota, selector, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET concurrency = excluded.concurrency,"
        " paused = excluded.paused, priority = excluded.priority, quota = excluded.quota,"
        " selector = excluded.selector, updated_at = excluded.updated_at",
        name, concurrency, int(paused), priority, _encode(quota or {}).decode(), _encode(selector or {}).decode(),
        at, at,
    )  # fmt: skip


async def delete(tx: Tx, name: str) -> None:
    """Remove a queue."""
    await tx.run("DELETE FROM queue WHERE name = ?", name)


async def in_use(tx: Tx, name: str) -> bool:
    """Whether a run that has not ended is in it."""
    row = await tx.one(
        f"SELECT EXISTS (SELECT 1 FROM run WHERE status IN ({_EARLY}) AND queue = ?)"
        " OR EXISTS (SELECT 1 FROM run WHERE status = 'queued' AND queue = ?)"
        f" OR EXISTS (SELECT 1 FROM run WHERE status IN ({_LIVE}) AND queue = ?) AS used",
        name, name, name,
    )  # fmt: skip
    return row is not None and bool(row["used"])


async def get(tx: Tx, name: str) -> Row | None:
    """One queue's row."""
    return await tx.one("SELECT * FROM queue WHERE name = ?", name)


async def page(tx: Tx, *, after: str = "", limit: int = 50) -> list[Row]:
    """Queues by name, after one."""
    return await tx.all("SELECT * FROM queue WHERE name > ? ORDER BY name LIMIT ?", after, limit)


async def names(tx: Tx) -> list[str]:
    """All queues' names."""
    return [row["name"] for row in await rows(tx, Queue.select(Queue.name).order_by(Queue.name))]


async def lock(tx: Tx) -> bool:
    """Have agents that lease at the same time take turns until the transaction ends. True when that may have taken a
    while, so that what was read before is old; SQLite has one writer anyway."""
    if tx.dialect == "sqlite":
        return False
    await tx.run("SELECT 1 FROM queue ORDER BY name FOR UPDATE")
    return True


async def waiting_counts(tx: Tx, *only: str) -> dict[str, int]:
    """How many runs wait in each queue (of these, if there are any); queues without any are left out."""
    where = f" AND queue IN ({', '.join('?' * len(only))})" if only else ""
    found = await tx.all(f"SELECT queue, COUNT(*) AS n FROM run WHERE status = 'queued'{where} GROUP BY queue", *only)
    return {row["queue"]: row["n"] for row in found}


async def waiting_most(tx: Tx, most: int, *, above: int) -> dict[str, int]:
    """How many runs wait in each queue: all of them in queues of a priority above this one, in those of this priority
    no more than `most` are counted, in the others none. Queues without any may be left out."""
    found = await tx.all(
        "SELECT q.name, CASE WHEN q.priority > ?"
        " THEN (SELECT COUNT(*) FROM run WHERE status = 'queued' AND queue = q.name)"
        " ELSE (SELECT COUNT(*) FROM (SELECT 1 FROM run WHERE status = 'queued' AND queue = q.name LIMIT ?) AS counted)"
        " END AS n FROM queue q WHERE q.priority >= ?",
        above, most, above,
    )  # fmt: skip
    return {row["name"]: row["n"] for row in found}


async def held(tx: Tx, *only: str) -> dict[str, tuple[int, dict[str, float]]]:
    """How many runs of each of these queues are live, and what they use together."""
    used = await _used(tx)
    return {name: (used.live(name), total(used.by_project(name).values())) for name in only}


async def world(tx: Tx, *, capacity: dict[str, float]) -> World:
    """All queues and the projects that have limits, with what their live runs use."""
    used = await _used(tx)
    found = await tx.all(f"SELECT q.*, ({_FIRST}) AS first FROM queue q")
    return World(
        queues={row["name"]: _state(row, used) for row in found},
        projects=await _projects(tx, used),
        capacity=capacity,
    )


async def ask(tx: Tx, asked: Ask) -> list[Waiting]:
    """Answer a walk of admission."""
    if asked.lane is None or asked.after is None:
        return [waiting_run(row) for row in await tx.all(_HEADS[tx.dialect], asked.queue)]
    lane, after = asked.lane, asked.after
    found = await tx.all(
        _MORE, lane.queue, lane.project, lane.agent, resources_text(lane.resources), after.priority, after.priority,
        after.run, *_bounds(asked.upto), asked.most,
    )  # fmt: skip
    return [waiting_run(row) for row in found]


async def heads(tx: Tx) -> dict[str, list[Waiting]]:
    """The first run of each lane of every queue: one hop instead of one for each queue."""
    found: dict[str, list[Waiting]] = {}
    for row in await tx.all(_ALL_LANES):
        found.setdefault(row["queue"], []).append(waiting_run(row))
    return found


async def waiting_in(tx: Tx, queue: str) -> list[Waiting]:
    """All runs that wait in a queue."""
    found = await tx.all(f"SELECT {_NEED} FROM run WHERE status = 'queued' AND queue = ?", queue)
    return [waiting_run(row) for row in found]


def waiting_run(row: Row) -> Waiting:
    """What a run asks for."""
    resources = row["resources"]
    return Waiting(
        run=row["id"],
        queue=row["queue"],
        project=row["project"],
        priority=row["priority"],
        cpu=row["cpu"],
        memory=row["memory"],
        gpu=row["gpu"],
        resources={} if resources == "{}" else _decode_amounts(resources),
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
        return {project: total(parts) for project, parts in self._parts.get(queue, {}).items()}

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
    resources = {} if row["resources"] == "{}" else _decode_amounts(row["resources"])
    found = {"cpu": float(row["cpu"]), "memory": float(row["memory"]), "gpu": float(row["gpu"])}
    return found | {name: amount * row["n"] for name, amount in resources.items()}
