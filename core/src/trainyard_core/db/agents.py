"""Agents and the attempts they hold, in SQL.

An agent has one session at a time. Each start of an agent begins a new one, whose number (the epoch) goes with
every call; a call of an older session is refused, so two processes of one name never work side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf

import msgspec

from trainyard_core.admission import ANY_QUEUE, UNLIMITED, AgentOffer, FreeResources, HeldRun, total
from trainyard_core.agent.model import Registration
from trainyard_core.clock import SECOND
from trainyard_core.contracts.capacity import Capacity
from trainyard_core.contracts.scheduler import Facts
from trainyard_core.contracts.workload import AttemptRef
from trainyard_core.db import deletions
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import NotFound, Superseded
from trainyard_core.lifecycle import LIVE

__all__ = [
    "capacity",
    "change",
    "delete",
    "enrol",
    "fence",
    "get",
    "held",
    "held_count",
    "held_refs",
    "holdings",
    "leave",
    "live_of",
    "mark_enrolled",
    "not_ready",
    "offers",
    "own",
    "page",
    "register",
    "seen",
    "serves",
    "slots",
    "state_capacity",
]

_LIVE = ", ".join(f"'{status}'" for status in sorted(LIVE))
_CHANGED = (
    " AND (a.state IN ('assigned', 'exited') OR r.attempt <> a.number"
    " OR r.status NOT IN ('scheduled', 'starting', 'running')"
    " OR (a.diagnosis_asked_at IS NOT NULL AND COALESCE(a.diagnosed_at, 0) < a.diagnosis_asked_at))"
)
"""Of attempts that are to be more than observed, or may be: see `work.assignment.GOING`."""
_decode = msgspec.json.decode
_capacity = msgspec.json.Decoder(Capacity).decode
_encode = msgspec.json.Encoder().encode


async def register(tx: Tx, agent: Registration, *, at: int) -> int:
    """Begin a session: add the agent, or renew what it says of itself. The session's epoch; older ones are fenced
    from here on. What an admin set (the queues it may serve, labels, draining) stays. One that is not ready takes no
    work in this session, and what it had before is still believed."""
    before = await get(tx, agent.name)
    if agent.not_ready:
        agent = _as_before(agent, before)
    labels = {**agent.labels, **(_decode(before["admin_labels"]) if before else {})}
    row = await tx.one(
        "INSERT INTO agent (name, scheduler, queues, capacity, labels, version, seen_at,"
        " shutting_down, not_ready, facts, epoch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
        " ON CONFLICT (name) DO UPDATE SET scheduler = excluded.scheduler, queues = excluded.queues,"
        " capacity = excluded.capacity, labels = excluded.labels, version = excluded.version,"
        " seen_at = excluded.seen_at,"
        " shutting_down = excluded.shutting_down, not_ready = excluded.not_ready,"
        " facts = excluded.facts, epoch = agent.epoch + 1"
        " RETURNING epoch",
        agent.name, agent.scheduler, _text(agent.queues), _text(agent.capacity), _text(labels), agent.version, at,
        int(bool(agent.not_ready)),
        agent.not_ready, _text(agent.facts),
    )  # fmt: skip
    assert row is not None
    return int(row["epoch"])


def _as_before(agent: Registration, before: Row | None) -> Registration:
    """The agent with what it had when it was last ready, or nothing of it known."""
    if before is None:
        return msgspec.structs.replace(agent, capacity=Capacity())
    facts = _decode(before["facts"], type=Facts)
    return msgspec.structs.replace(agent, capacity=_capacity(before["capacity"]), facts=facts)


async def not_ready(tx: Tx) -> dict[str, str]:
    """Why agents are not ready, by name: those whose last session began so."""
    return {row["name"]: row["not_ready"] for row in await tx.all("SELECT * FROM agent WHERE not_ready <> ''")}


async def enrol(tx: Tx, name: str, *, queues: Sequence[str], labels: Mapping[str, str]) -> bool:
    """Make an agent known before it was ever seen. False when the name is taken."""
    changed = await tx.run(
        "INSERT INTO agent (name, scheduler, queues, labels, admin_labels, allowed_queues,"
        " enrolled, seen_at) VALUES (?, '', '[]', ?, ?, ?, 1, 0) ON CONFLICT (name) DO NOTHING",
        name, _text(labels), _text(labels), _text(queues),
    )  # fmt: skip
    return changed > 0


async def change(
    tx: Tx, row: Row, *, queues: Sequence[str] | None, labels: Mapping[str, str] | None, draining: bool | None
) -> None:
    """Set what an admin decides of an agent; what is None stays. `labels` replace those that an admin gave it before;
    its own stay."""
    before = _decode(row["admin_labels"])
    granted = before if labels is None else labels
    own = {key: value for key, value in _decode(row["labels"]).items() if before.get(key) != value}
    await tx.run(
        "UPDATE agent SET allowed_queues = ?, admin_labels = ?, labels = ?, draining = ? WHERE name = ?",
        row["allowed_queues"] if queues is None else _text(queues), _text(granted), _text({**own, **granted}),
        row["draining"] if draining is None else int(draining), row["name"],
    )  # fmt: skip


async def mark_enrolled(tx: Tx, name: str) -> None:
    """It has a token of its own."""
    await tx.run("UPDATE agent SET enrolled = 1 WHERE name = ?", name)


async def delete(tx: Tx, name: str) -> None:
    """Forget an agent; what it still held of ended and deleted runs is let go of."""
    await tx.run("UPDATE attempt SET released = 1 WHERE agent = ? AND released = 0", name)
    await tx.run("DELETE FROM orphan WHERE agent = ?", name)
    await tx.run("DELETE FROM agent WHERE name = ?", name)


async def get(tx: Tx, name: str) -> Row | None:
    """One agent."""
    return await tx.one("SELECT * FROM agent WHERE name = ?", name)


async def page(tx: Tx, *, after: str = "", limit: int = 50) -> list[Row]:
    """Agents by name, after one."""
    return await tx.all("SELECT * FROM agent WHERE name > ? ORDER BY name LIMIT ?", after, limit)


async def fence(tx: Tx, agent: str, epoch: int) -> Row:
    """The agent, if this is its session. Raises Superseded when a newer one has begun, NotFound when the agent was
    removed."""
    row = await get(tx, agent)
    if row is None:
        raise NotFound(f"no agent '{agent}'", fix="an admin removed it; add it again: yard agents add")
    if row["epoch"] != epoch:
        raise Superseded(
            f"session {epoch} of agent '{agent}' is over: session {row['epoch']} has taken its place",
            fix="give each agent its own name, or stop this one",
        )
    return row


async def state_capacity(tx: Tx, agent: str, capacity: Capacity) -> None:
    """What it has now, after it has registered."""
    await tx.run("UPDATE agent SET capacity = ? WHERE name = ?", _text(capacity), agent)


async def seen(tx: Tx, agent: str, *, at: int) -> bool:
    """It was heard of. False when it is not registered."""
    return await tx.run("UPDATE agent SET seen_at = ? WHERE name = ?", at, agent) > 0


async def leave(tx: Tx, agent: str) -> None:
    """It says that it takes no more work in this session."""
    await tx.run("UPDATE agent SET shutting_down = 1 WHERE name = ?", agent)


async def held(tx: Tx, agent: str, *, all_of_them: bool = True) -> list[Row]:
    """The attempts that an agent has not released, with where their runs are: all of them, or those only that do not
    simply go on, or that somebody waits for a diagnosis of."""
    return await tx.all(
        "SELECT a.run, a.number, a.state, a.exit, a.finished_at, a.drain_until,"
        " a.diagnosis_asked_at, a.diagnosed_at,"
        " r.status, r.attempt AS current, r.intent_reason"
        " FROM attempt a JOIN run r ON r.id = a.run WHERE a.agent = ? AND a.released = 0"
        f"{'' if all_of_them else _CHANGED} ORDER BY a.run",
        agent,
    )


async def held_count(tx: Tx, agent: str) -> int:
    """How many attempts an agent has not released, but for those of deleted runs."""
    row = await tx.one("SELECT COUNT(*) AS n FROM attempt WHERE agent = ? AND released = 0", agent)
    assert row is not None
    return int(row["n"])


async def held_refs(tx: Tx, agent: str) -> list[AttemptRef]:
    """The attempts that an agent has not released, also those of runs that have been deleted."""
    rows = await tx.all("SELECT run, number FROM attempt WHERE agent = ? AND released = 0", agent)
    rows += await deletions.orphans(tx, agent)
    return [AttemptRef(row["run"], row["number"]) for row in rows]


async def own(tx: Tx, agent: str, refs: Sequence[AttemptRef]) -> list[AttemptRef]:
    """Those of these attempts that the agent holds, also those of runs that have been deleted."""
    if not refs:
        return []
    mine = set(await held_refs(tx, agent))
    return [ref for ref in refs if ref in mine]


async def live_of(tx: Tx, agent: str) -> list[str]:
    """The live runs whose current attempt an agent holds."""
    rows = await tx.all(
        "SELECT r.id FROM attempt a JOIN run r ON r.id = a.run AND r.attempt = a.number"
        f" WHERE a.agent = ? AND a.released = 0 AND r.status IN ({_LIVE}) ORDER BY r.id",
        agent,
    )
    return [row["id"] for row in rows]


async def slots(tx: Tx, agent: str) -> int:
    """How many attempts hold slots of an agent."""
    row = await tx.one(
        "SELECT COUNT(*) AS n FROM attempt WHERE agent = ? AND released = 0 AND state <> 'exited'", agent
    )
    assert row is not None
    return int(row["n"])


def serves(row: Row) -> tuple[str, ...]:
    """The queues that an agent wants to serve and may."""
    wanted, allowed = tuple(_decode(row["queues"])), tuple(_decode(row["allowed_queues"]))
    if ANY_QUEUE in allowed:
        return wanted
    return allowed if ANY_QUEUE in wanted else tuple(queue for queue in wanted if queue in allowed)


async def offers(tx: Tx, *, at: int, silence: float, agent: str | None = None) -> list[AgentOffer]:
    """What agents offer: all of them, or one."""
    only, args = (" AND agent = ?", (agent,)) if agent else ("", ())
    rows = await tx.all(f"SELECT * FROM agent{' WHERE name = ?' if agent else ''} ORDER BY name", *args)
    live = await tx.all(
        "SELECT agent, gpus, resources, COUNT(*) AS n, SUM(cpu) AS cpu, SUM(memory) AS memory, SUM(gpu) AS gpu"
        " FROM attempt"
        f" WHERE released = 0 AND state <> 'exited'{only} GROUP BY agent, gpus, resources",
        *args,
    )
    return [_offer(row, [each for each in live if each["agent"] == row["name"]], at, silence) for row in rows]


def capacity(offers: Iterable[AgentOffer]) -> dict[str, float]:
    """What the agents that are alive have in whole, all together."""
    return total(offer.whole() for offer in offers if offer.alive)


async def holdings(tx: Tx, *, most: int = 200) -> list[HeldRun]:
    """What live runs hold, those that began first first; at most so many."""
    rows = await tx.all(
        "SELECT a.run, a.agent, a.cpu, a.memory, a.gpu, a.gpus, a.resources, r.queue, r.project FROM attempt a"
        " JOIN run r ON r.id = a.run WHERE a.released = 0 AND a.state <> 'exited' ORDER BY a.created_at LIMIT ?",
        most,
    )
    return [
        HeldRun(
            run=row["run"],
            queue=row["queue"],
            project=row["project"],
            agent=row["agent"],
            cpu=row["cpu"],
            memory=row["memory"],
            gpu=row["gpu"],
            devices=tuple(_decode(row["gpus"]) or ()),
            resources=_decode(row["resources"]),
        )
        for row in rows
    ]


def _offer(row: Row, live: Sequence[Row], at: int, silence: float) -> AgentOffer:
    """`live` are its attempts that have not ended, those that hold the same devices and resources as one."""
    taken = {device for group in live for device in _decode(group["gpus"]) or ()}
    has = _capacity(row["capacity"])
    cpu, memory, gpu = (UNLIMITED[name] if (amount := getattr(has, name)) is None else amount for name in UNLIMITED)
    resources = has.other or {}
    used = total({n: v * group["n"] for n, v in _decode(group["resources"]).items()} for group in live)
    indexed = has.devices == "indexed"
    devices = tuple(device for device in range(has.gpu or 0) if device not in taken) if indexed else ()
    free = FreeResources(
        cpu=cpu - sum(float(group["cpu"]) for group in live),
        memory=memory - sum(int(group["memory"]) for group in live),
        gpu=len(devices) if indexed else gpu - sum(int(group["gpu"]) for group in live),
        devices=devices,
        resources={name: amount - used.get(name, 0) for name, amount in resources.items()},
    )
    return AgentOffer(
        agent=row["name"],
        queues=serves(row),
        cpu=cpu,
        memory=memory,
        gpu=gpu,
        free=free,
        resources=resources,
        rest=inf if has.other is None else 0.0,
        largest=has.largest,
        indexed=indexed,
        labels=_decode(row["labels"]),
        alive=at - row["seen_at"] <= silence * SECOND,
        draining=bool(row["draining"] or row["shutting_down"]),
    )


def _text(value: object) -> str:
    return _encode(value).decode()
