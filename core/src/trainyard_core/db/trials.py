"""Trials as they are read, in SQL: pages by number or by value, counts, and what a front is made of. What directors
read and write is in `planned_trials`.

Runs of a tuner are no trials and are left out. A trial's run may have been deleted: then its `status` is NULL.
"""

from __future__ import annotations

from typing import NamedTuple

from trainyard_core.db.engine import Row, Tx

__all__ = ["TrialCounts", "TrialCursor", "by_key", "by_number", "by_value", "counts", "logged", "oldest_open", "values"]

_SELECT = (
    'SELECT t.key, t.number, t.run, t.phase, t.params, t."values", t.value, t.reason, t.message, t.note, t.created_at,'
    " t.ended_at, r.status, r.reason AS run_reason, r.message AS run_message, r.started_at, r.finished_at"
    " FROM trial t LEFT JOIN run r ON r.id = t.run WHERE t.sweep = ? AND t.tuner = 0"
)


class TrialCursor(NamedTuple):
    """The place of a trial in an order; without a value it is among those that have none."""

    value: float | None
    number: int


class TrialCounts(NamedTuple):
    """Trials whose runs have not ended, those of them that still wait in their queue, and trials without a run."""

    running: int
    queued: int
    prepared: int


async def counts(tx: Tx, sweep: str) -> TrialCounts:
    """The trials that have not ended, counted."""
    row = await tx.one(
        "SELECT COALESCE(SUM(CASE WHEN t.phase = 'open' THEN 1 ELSE 0 END), 0) AS running,"
        " COALESCE(SUM(CASE WHEN t.phase = 'prepared' THEN 1 ELSE 0 END), 0) AS prepared,"
        " COALESCE(SUM(CASE WHEN r.status IN ('created', 'compiled', 'queued', 'retrying') THEN 1 ELSE 0 END), 0)"
        " AS queued FROM trial t LEFT JOIN run r ON r.id = t.run"
        " WHERE t.sweep = ? AND t.tuner = 0 AND t.phase IN ('prepared', 'open')",
        sweep,
    )
    assert row is not None
    return TrialCounts(int(row["running"]), int(row["queued"]), int(row["prepared"]))


async def oldest_open(tx: Tx, sweep: str) -> Row | None:
    """The run of the trial that goes on with the lowest number."""
    return await tx.one(
        "SELECT r.* FROM trial t JOIN run r ON r.id = t.run WHERE t.sweep = ? AND t.phase = 'open' AND t.tuner = 0"
        " ORDER BY t.number LIMIT 1",
        sweep,
    )


async def by_number(
    tx: Tx, sweep: str, *, newest: bool = False, phase: str = "", after: int | None = None, limit: int
) -> list[Row]:
    """Trials by number, of one phase if it is given."""
    where, args = _only(phase)
    if after is not None:
        where, args = f"{where} AND t.number {'<' if newest else '>'} ?", (*args, after)
    order = "t.number DESC" if newest else "t.number"
    return await tx.all(f"{_SELECT}{where} ORDER BY {order} LIMIT ?", sweep, *args, limit)


async def by_value(
    tx: Tx, sweep: str, *, highest: bool, phase: str = "", after: TrialCursor | None = None, limit: int
) -> list[Row]:
    """Trials by value, the best first, equals by number; then those that have none, by number."""
    found: list[Row] = []
    if after is None or after.value is not None:
        found = await _valued(tx, sweep, highest, phase, after, limit)
        after = None
    if len(found) < limit:
        where, args = _only(phase)
        beyond = 0 if after is None else after.number
        found += await tx.all(
            f"{_SELECT} AND t.value IS NULL{where} AND t.number > ? ORDER BY t.number LIMIT ?",
            sweep, *args, beyond, limit - len(found),
        )  # fmt: skip
    return found


async def _valued(tx: Tx, sweep: str, highest: bool, phase: str, after: TrialCursor | None, limit: int) -> list[Row]:
    where, args = _only(phase)
    order, beyond = ("t.value DESC", "<") if highest else ("t.value", ">")
    if after is not None:
        where += f" AND t.value {beyond}= ? AND (t.value {beyond} ? OR t.number > ?)"
        args = (*args, after.value, after.value, after.number)
    return await tx.all(
        f"{_SELECT} AND t.value IS NOT NULL{where} ORDER BY {order}, t.number LIMIT ?", sweep, *args, limit
    )


async def values(tx: Tx, sweep: str) -> list[Row]:
    """Key and values of every trial that succeeded, by number."""
    return await tx.all(
        """SELECT key, "values" FROM trial WHERE sweep = ? AND phase = 'succeeded' AND tuner = 0 ORDER BY number""",
        sweep,
    )


async def by_key(tx: Tx, sweep: str, keys: list[str]) -> list[Row]:
    """These trials, by number."""
    if not keys:
        return []
    marks = ", ".join("?" * len(keys))
    return await tx.all(f"{_SELECT} AND t.key IN ({marks}) ORDER BY t.number", sweep, *keys)


async def logged(tx: Tx, runs: list[str], names: list[str]) -> list[Row]:
    """The last values of these metrics in these runs, as far as they are numbers: run, name, last."""
    if not runs or not names:
        return []
    of, among = ", ".join("?" * len(runs)), ", ".join("?" * len(names))
    return await tx.all(
        f"SELECT run, name, last FROM metric WHERE run IN ({of}) AND name IN ({among}) AND last IS NOT NULL",
        *runs, *names,
    )  # fmt: skip


def _only(phase: str) -> tuple[str, tuple[object, ...]]:
    return (" AND t.phase = ?", (phase,)) if phase else ("", ())
