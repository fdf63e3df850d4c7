"""What `reconcile` looks at: one run, its current attempt and whether its writers have been ingested, read in one
go."""

from __future__ import annotations

import msgspec

from trainyard_core.contracts.workload import Exit
from trainyard_core.db import runs, tracking
from trainyard_core.db.engine import Row, Tx
from trainyard_core.lifecycle import Hold, Intent, Status
from trainyard_core.uptime import NEVER_UP, Uptime
from trainyard_core.work.model import Attempt, View

__all__ = ["load"]

_exit = msgspec.json.Decoder(Exit)


_SQL = """SELECT r.*, a.agent AS attempt_agent, a.state, a.started_at AS attempt_started, a.exit,
    a.drain_until, a.lost_by, a.message AS attempt_message, g.seen_at, h.since, h.until,
    d.run AS director FROM run r LEFT JOIN director d ON d.run = r.id
    LEFT JOIN attempt a ON a.run = r.id AND a.number = r.attempt
    LEFT JOIN agent g ON g.name = a.agent LEFT JOIN uptime h ON h.id = 1 WHERE r.id = ?"""


async def load(tx: Tx, run: str) -> View | None:
    """The view of a run; None when there is no such run. On PostgreSQL the run's row is locked until the
    transaction ends."""
    await runs.lock(tx, run)
    row = await tx.one(_SQL, run)
    if row is None:
        return None
    attempt = await _attempt(tx, row) if row["attempt_agent"] is not None else None
    return View(
        run=run,
        directs=row["director"] is not None,
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
        reported_status=row["reported_status"],
        reported_reason=row["reported_reason"],
        reported_message=row["reported_message"],
        reported_end_at=row["reported_end_at"],
        started_at=row["started_at"],
        unfinished_writers=await _unfinished(tx, run) if row["reported_status"] else 0,
        dropped=await tracking.dropped(tx, run, attempt=row["attempt"]) if row["reported_status"] or row["exit"] else 0,
        heard_at=0 if row["managed"] else await _heard(tx, row),
        uptime=NEVER_UP if row["since"] is None else Uptime(row["since"], row["until"]),
        attempt=attempt,
    )


async def _attempt(tx: Tx, row: Row) -> Attempt:
    end = _exit.decode(row["exit"]) if row["exit"] else None
    drained = end is None or await tracking.ingested(tx, row["id"], end.writers)
    return Attempt(
        number=row["attempt"],
        agent=row["attempt_agent"],
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
