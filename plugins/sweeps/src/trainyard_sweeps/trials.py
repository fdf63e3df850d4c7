"""Trials as they are read, in SQL: pages by number or by value, counts, and what a front is made of. What plans read
and write is in `planned_trials`. Runs of a tuner are no trials and are left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from trainyard_core.contracts.database import PluginRow, PluginTx

__all__ = [
    "TrialCounts",
    "TrialCursor",
    "by_key",
    "by_number",
    "by_value",
    "counts",
    "of_runs",
    "open_runs",
    "values",
]

_SELECT = (
    'SELECT key, number, run, phase, params, "values", value, reason, message, note, continues, created_at, ended_at'
    " FROM sweeps_trial WHERE sweep = ? AND tuner = 0"
)


class TrialCursor(NamedTuple):
    """The place of a trial in an order; without a value it is among those that have none."""

    value: float | None
    number: int


class TrialCounts(NamedTuple):
    """Trials whose runs have not ended, and trials without a run."""

    running: int
    prepared: int


async def counts(tx: PluginTx, sweep: str) -> TrialCounts:
    """The trials that have not ended, counted."""
    row = await tx.one(
        "SELECT COALESCE(SUM(CASE WHEN phase = 'open' THEN 1 ELSE 0 END), 0) AS running,"
        " COALESCE(SUM(CASE WHEN phase = 'prepared' THEN 1 ELSE 0 END), 0) AS prepared"
        " FROM sweeps_trial WHERE sweep = ? AND tuner = 0 AND phase IN ('prepared', 'open')",
        sweep,
    )
    assert row is not None
    return TrialCounts(int(row["running"]), int(row["prepared"]))


async def by_number(
    tx: PluginTx, sweep: str, *, newest: bool = False, phase: str = "", after: int | None = None, limit: int
) -> list[PluginRow]:
    """Trials by number, of one phase if it is given."""
    where, args = _only(phase)
    if after is not None:
        where, args = f"{where} AND number {'<' if newest else '>'} ?", (*args, after)
    order = "number DESC" if newest else "number"
    return await tx.all(f"{_SELECT}{where} ORDER BY {order} LIMIT ?", sweep, *args, limit)


async def by_value(
    tx: PluginTx, sweep: str, *, highest: bool, phase: str = "", after: TrialCursor | None = None, limit: int
) -> list[PluginRow]:
    """Trials by value, the best first, equals by number; then those that have none, by number."""
    found: list[PluginRow] = []
    if after is None or after.value is not None:
        found = await _valued(tx, sweep, highest, phase, after, limit)
        after = None
    if len(found) < limit:
        where, args = _only(phase)
        beyond = 0 if after is None else after.number
        found += await tx.all(
            f"{_SELECT} AND value IS NULL{where} AND number > ? ORDER BY number LIMIT ?",
            sweep, *args, beyond, limit - len(found),
        )  # fmt: skip
    return found


async def _valued(
    tx: PluginTx, sweep: str, highest: bool, phase: str, after: TrialCursor | None, limit: int
) -> list[PluginRow]:
    where, args = _only(phase)
    order, beyond = ("value DESC", "<") if highest else ("value", ">")
    if after is not None:
        where += f" AND value {beyond}= ? AND (value {beyond} ? OR number > ?)"
        args = (*args, after.value, after.value, after.number)
    return await tx.all(f"{_SELECT} AND value IS NOT NULL{where} ORDER BY {order}, number LIMIT ?", sweep, *args, limit)


async def values(tx: PluginTx, sweep: str) -> list[PluginRow]:
    """Key and values of every trial that succeeded, by number."""
    return await tx.all(
        'SELECT key, "values" FROM sweeps_trial'
        " WHERE sweep = ? AND phase = 'succeeded' AND tuner = 0 ORDER BY number",
        sweep,
    )


async def by_key(tx: PluginTx, sweep: str, keys: list[str]) -> list[PluginRow]:
    """These trials, by number."""
    if not keys:
        return []
    marks = ", ".join("?" * len(keys))
    return await tx.all(f"{_SELECT} AND key IN ({marks}) ORDER BY number", sweep, *keys)


async def of_runs(tx: PluginTx, sweep: str, runs: Sequence[str]) -> list[PluginRow]:
    """Trials by their runs, by number."""
    if not runs:
        return []
    marks = ", ".join("?" * len(runs))
    return await tx.all(f"{_SELECT} AND run IN ({marks}) ORDER BY number", sweep, *runs)


async def open_runs(tx: PluginTx, sweep: str) -> list[PluginRow]:
    """Its trials with a run that are not known to have ended, by number: key, run, asker."""
    return await tx.all(
        "SELECT key, run, asker FROM sweeps_trial WHERE sweep = ? AND tuner = 0 AND phase = 'open' ORDER BY number",
        sweep,
    )


def _only(phase: str) -> tuple[str, tuple[object, ...]]:
    return (" AND phase = ?", (phase,)) if phase else ("", ())
