"""What `reconcile` looks at: one run, its current attempt and whether its writers have been ingested, read in one
go."""

from __future__ import annotations

import msgspec

from trainyard_core.contracts.workload import Exit
from trainyard_core.db import runs, tracking
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.uptime import DEAF, Hearing
from trainyard_core.lifecycle import Hold, Intent, Status

__all__ = ["DIRECTORS", "Attempt", "View", "load"]

DIRECTORS = frozenset({"sweep"})
"""Kinds of runs that plan child runs."""

_exit = msgspec.json.Decoder(Exit)


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """The current attempt. `agent_seen_at` is when its agent was last heard of (0: never), `started_at` when its start
    was heard of, by this side's clock; `lost_by` who declared it lost, in the words of `message`. `sent_at` is when the
    last frame or part of a file came of one that has ended and is not `drained`."""

    number: int
    agent: str
    state: str
    agent_seen_at: int = 0
    lost_by: str = ""
    message: str = ""
    started_at: int | None = None
    exit: Exit | None = None
    drain_until: int | None = None
    drained: bool = True
    sent_at: int = 0


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One run as the rules see it. Times are microseconds since 1970 UTC; `heard_at` is when a run that is only
    tracked last sent a frame, or was told of (0: it is told of now), `hearing` since when anybody could be heard,
    `ended` how its program said that it ended, with the reason, the message and the time. `dropped` is how many records
    the current attempt had to drop, once it has ended."""

    run: str
    status: Status
    kind: str = "job"
    reason: str = ""
    intent: Intent = Intent.RUN
    intent_reason: str = ""
    intent_message: str = ""
    hold: Hold = Hold.NONE
    managed: bool = True
    resolved: bool = True
    user_failures: int = 0
    platform_failures: int = 0
    max_retries: int = 0
    timeout_us: int | None = None
    wake_at: int | None = None
    wake_seq: int = 0
    ended: str = ""
    ended_reason: str = ""
    ended_message: str = ""
    ended_at: int | None = None
    started_at: int | None = None
    unfinished_writers: int = 0
    dropped: int = 0
    heard_at: int = 0
    hearing: Hearing = DEAF
    attempt: Attempt | None = None

    @property
    def directs(self) -> bool:
        """Whether it runs nothing itself, but plans child runs."""
        return self.kind in DIRECTORS


_SQL = """SELECT r.*, a.agent, a.state, a.started_at AS attempt_started, a.exit,
    a.drain_until, a.lost_by, a.message AS attempt_message, g.seen_at, h.since, h.until FROM run r
    LEFT JOIN attempt a ON a.run = r.id AND a.number = r.attempt
    LEFT JOIN agent g ON g.name = a.agent LEFT JOIN hearing h ON h.id = 1 WHERE r.id = ?"""


async def load(tx: Tx, run: str) -> View | None:
    """The view of a run; None when there is no such run. On PostgreSQL the run's row is locked until the
    transaction ends."""
    await runs.lock(tx, run)
    row = await tx.one(_SQL, run)
    if row is None:
        return None
    attempt = await _attempt(tx, row) if row["agent"] is not None else None
    return View(
        run=run,
        kind=row["kind"],
        status=Status(row["status"]),
        reason=row["reason"],
        intent=Intent(row["intent"]),
        intent_reason=row["intent_reason"],
        intent_message=row["intent_message"],
        hold=Hold(row["hold"]),
        managed=bool(row["managed"]),
        resolved=bool(row["compiled"]),
        user_failures=row["user_failures"],
        platform_failures=row["platform_failures"],
        max_retries=row["max_retries"],
        timeout_us=row["timeout_us"],
        wake_at=row["wake_at"],
        wake_seq=row["wake_seq"],
        ended=row["ended"],
        ended_reason=row["ended_reason"],
        ended_message=row["ended_message"],
        ended_at=row["ended_at"],
        started_at=row["started_at"],
        unfinished_writers=await _unfinished(tx, run) if row["ended"] else 0,
        dropped=await tracking.dropped(tx, run, attempt=row["attempt"]) if row["ended"] or row["exit"] else 0,
        heard_at=0 if row["managed"] else await _heard(tx, row),
        hearing=DEAF if row["since"] is None else Hearing(row["since"], row["until"]),
        attempt=attempt,
    )


async def _attempt(tx: Tx, row: Row) -> Attempt:
    end = _exit.decode(row["exit"]) if row["exit"] else None
    drained = end is None or await tracking.ingested(tx, row["id"], end.writers)
    return Attempt(
        number=row["attempt"],
        agent=row["agent"],
        state=row["state"],
        agent_seen_at=row["seen_at"] or 0,
        lost_by=row["lost_by"],
        message=row["attempt_message"],
        started_at=row["attempt_started"],
        exit=end,
        drain_until=row["drain_until"],
        drained=drained,
        sent_at=0 if drained else await tracking.last_sent(tx, row["id"], row["attempt"]),
    )


async def _heard(tx: Tx, row: Row) -> int:
    """When its last frame came, or it was told of, by this clock: it may have begun long before that."""
    last = await tx.one(
        "SELECT COALESCE((SELECT MAX(updated_at) FROM writer WHERE run = ?),"
        " (SELECT MIN(at) FROM activity WHERE run = ?)) AS at",
        row["id"],
        row["id"],
    )
    assert last is not None
    return int(last["at"] or row["created_at"])


async def _unfinished(tx: Tx, run: str) -> int:
    row = await tx.one("SELECT COUNT(*) AS n FROM writer WHERE run = ? AND final = 0", run)
    assert row is not None
    return int(row["n"])
