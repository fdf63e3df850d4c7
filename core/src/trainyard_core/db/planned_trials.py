"""The trials of a sweep as its director reads and writes them.

What is written is written in the transaction of a plan, after `sweeps.claim_version` has let it through.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from trainyard_core.db.engine import Row, Tx

__all__ = [
    "NewTrial",
    "TrialResult",
    "drop_prepared",
    "ended",
    "ended_runs",
    "going",
    "insert",
    "last_failure",
    "metrics",
    "news",
    "next_tuner",
    "run_of",
    "settle",
    "start",
    "tell",
]

_encode = msgspec.json.Encoder().encode


class NewTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A trial to be inserted: prepared, or open with its run."""

    key: str
    number: int
    params: dict[str, object]
    run: str | None = None
    tuner: bool = False
    note: str = ""
    continues: str = ""


class TrialResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a trial went: its phase, the final values by name, and why, in words."""

    key: str
    phase: str
    values: dict[str, float] = {}
    value: float | None = None
    reason: str = ""
    message: str = ""


async def going(tx: Tx, sweep: str) -> list[Row]:
    """Its trials that are prepared or open, by number, each with where its run is."""
    return await tx.all(
        "SELECT t.key, t.number, t.run, t.tuner, t.phase, t.params, t.note, t.continues, t.synced, t.synced_step,"
        " r.status, r.reason, r.message, r.outputs, r.intent FROM trial t LEFT JOIN run r ON r.id = t.run"
        " WHERE t.sweep = ? AND t.phase IN ('prepared', 'open') ORDER BY t.number",
        sweep,
    )


async def news(tx: Tx, sweep: str) -> list[Row]:
    """Its trials that have ended and are not in the optimizer's state yet, by number, with their run's outputs."""
    return await tx.all(
        'SELECT t.key, t.number, t.run, t.tuner, t.phase, t.params, t."values", t.reason, t.synced_step, r.outputs'
        " FROM trial t LEFT JOIN run r ON r.id = t.run WHERE t.sweep = ? AND t.synced < 2"
        " AND t.phase IN ('succeeded', 'failed', 'stopped') ORDER BY t.number",
        sweep,
    )


async def metrics(tx: Tx, sweep: str) -> list[Row]:
    """The metrics of its open trials in brief, by run and name: `last` and, as NULL what is no number, `min` and
    `max`."""
    return await tx.all(
        "SELECT m.run, m.name, m.last, m.min, m.max, m.value_count, m.attempt FROM metric m WHERE m.run IN"
        " (SELECT t.run FROM trial t WHERE t.sweep = ? AND t.phase IN ('prepared', 'open')) ORDER BY m.run, m.name",
        sweep,
    )


async def last_failure(tx: Tx, sweep: str) -> str:
    """What was said of the trial that failed last; empty when none did."""
    row = await tx.one(
        "SELECT reason, message FROM trial WHERE sweep = ? AND phase = 'failed' AND tuner = 0"
        " ORDER BY ended_at DESC, number DESC LIMIT 1",
        sweep,
    )
    return "" if row is None else row["message"] or row["reason"]


async def insert(tx: Tx, sweep: str, trials: Iterable[NewTrial], *, at: int) -> None:
    """New trials."""
    await tx.many(
        "INSERT INTO trial (sweep, key, number, run, tuner, phase, params, note, continues, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (sweep, t.key, t.number, t.run, int(t.tuner), "open" if t.run else "prepared", _text(t.params), t.note,
             t.continues, at)
            for t in trials
        ],
    )  # fmt: skip


async def start(tx: Tx, sweep: str, started: Iterable[tuple[str, str]]) -> None:
    """Prepared trials (by key) have their runs now."""
    await tx.many(
        "UPDATE trial SET run = ?, phase = 'open' WHERE sweep = ? AND key = ? AND phase = 'prepared'",
        [(run, sweep, key) for key, run in started],
    )


async def settle(tx: Tx, sweep: str, settled: Iterable[TrialResult], *, at: int) -> None:
    """Open trials have ended."""
    await tx.many(
        'UPDATE trial SET phase = ?, "values" = ?, value = ?, reason = ?, message = ?, ended_at = ?'
        " WHERE sweep = ? AND key = ? AND phase = 'open'",
        [(s.phase, _text(s.values), s.value, s.reason, s.message, at, sweep, s.key) for s in settled],
    )


async def tell(tx: Tx, sweep: str, told: Iterable[tuple[str, bool, int]]) -> None:
    """The optimizer's state has these trials in it: by key, whether it knows of their end, and up to which step."""
    await tx.many(
        "UPDATE trial SET synced = ?, synced_step = ? WHERE sweep = ? AND key = ?",
        [(2 if ended else 1, step, sweep, key) for key, ended, step in told],
    )


async def drop_prepared(tx: Tx, sweep: str) -> None:
    """Trials that have no run yet will have none."""
    await tx.run("DELETE FROM trial WHERE sweep = ? AND phase = 'prepared'", sweep)


async def next_tuner(tx: Tx, sweep: str) -> int:
    """A number for another run of a tuner: below 0, so that the numbers of trials have no holes."""
    row = await tx.one("SELECT COALESCE(MIN(number), 0) AS n FROM trial WHERE sweep = ?", sweep)
    assert row is not None
    return min(0, int(row["n"])) - 1


async def ended_runs(tx: Tx, sweep: str, *, limit: int) -> list[Row]:
    """The runs of its newest trials that have ended, the newest first: how each run ended, how many points it has
    logged, and the latest attempt that holds a metric. Those whose run is deleted are left out."""
    return await tx.all(
        "SELECT t.run, r.status, (SELECT COALESCE(SUM(m.value_count), 0) FROM metric m WHERE m.run = t.run) AS total,"
        " (SELECT COALESCE(MAX(m.attempt), 0) FROM metric m WHERE m.run = t.run) AS attempt"
        " FROM trial t JOIN run r ON r.id = t.run WHERE t.sweep = ? AND t.tuner = 0"
        " AND t.phase IN ('succeeded', 'failed', 'stopped') ORDER BY t.number DESC LIMIT ?",
        sweep,
        limit,
    )


async def run_of(tx: Tx, sweep: str, key: str) -> str:
    """The run of a trial; empty when there is none."""
    row = await tx.one("SELECT run FROM trial WHERE sweep = ? AND key = ?", sweep, key)
    return "" if row is None else row["run"] or ""


async def ended(tx: Tx, sweep: str, *, limit: int) -> list[Row]:
    """Its trials that have ended, by number."""
    return await tx.all(
        'SELECT key, phase, params, "values", reason FROM trial WHERE sweep = ? AND tuner = 0'
        " AND phase IN ('succeeded', 'failed', 'stopped') ORDER BY number LIMIT ?",
        sweep,
        limit,
    )


def _text(value: object) -> str:
    return _encode(value).decode()
