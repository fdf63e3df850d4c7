"""The trials of a sweep as its plans read and write them. What is written is data, which core writes with the plan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from trainyard_core.contracts.database import PluginRow, PluginTx
from trainyard_core.contracts.director import Write

__all__ = [
    "NewTrial",
    "TrialResult",
    "TrialSync",
    "drop_prepared",
    "ended",
    "ended_runs",
    "insertion",
    "last_failure",
    "next_tuner",
    "planned_for",
    "results",
    "run_of",
    "start",
    "synced",
]

_encode = msgspec.json.Encoder().encode


class NewTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A trial to be inserted: prepared, or open with its run. `asker` is the program that runs an external one."""

    key: str
    number: int
    params: dict[str, object]
    run: str | None = None
    asker: str = ""
    tuner: bool = False
    note: str = ""
    continues: str = ""


class TrialResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a trial went: its phase, the final values by name, and why, in words. `outputs` are those of a tuner's run,
    which has no values."""

    key: str
    phase: str
    values: dict[str, float] = {}
    outputs: dict[str, object] = {}
    value: float | None = None
    reason: str = ""
    message: str = ""


class TrialSync(NamedTuple):
    """What the optimizer's new state has of a trial: whether its end, and its objectives up to which step."""

    key: str
    ended: bool
    step: int


async def planned_for(tx: PluginTx, sweep: str) -> tuple[list[PluginRow], list[PluginRow]]:
    """Its trials that are prepared or open, and those that have ended and are not in the optimizer's state yet, both by
    number."""
    found = await tx.all(f"{_TRIALS} {_UNFINISHED} UNION ALL {_TRIALS} {_UNSYNCED} ORDER BY number", sweep, sweep)
    unfinished = [row for row in found if row["phase"] in UNFINISHED]
    return unfinished, [row for row in found if row["phase"] not in UNFINISHED]


UNFINISHED = ("prepared", "open")
_TRIALS = (
    'SELECT key, number, run, tuner, phase, params, "values", reason, note, continues, synced, synced_step'
    " FROM sweeps_trial"
)
_UNFINISHED = "WHERE sweep = ? AND phase IN ('prepared', 'open')"
_UNSYNCED = "WHERE sweep = ? AND synced < 2 AND phase IN ('succeeded', 'failed', 'stopped')"
"""One query of each index: two statements cost half as much again."""


async def last_failure(tx: PluginTx, sweep: str) -> str:
    """What was said of the trial that failed last; empty when none did."""
    row = await tx.one(
        "SELECT reason, message FROM sweeps_trial WHERE sweep = ? AND phase = 'failed' AND tuner = 0"
        " ORDER BY ended_at DESC, number DESC LIMIT 1",
        sweep,
    )
    return "" if row is None else row["message"] or row["reason"]


async def next_tuner(tx: PluginTx, sweep: str) -> int:
    """A number for another run of a tuner: below 0, so that the numbers of trials have no holes."""
    row = await tx.one("SELECT COALESCE(MIN(number), 0) AS n FROM sweeps_trial WHERE sweep = ?", sweep)
    assert row is not None
    return min(0, int(row["n"])) - 1


async def ended_runs(tx: PluginTx, sweep: str, *, limit: int) -> list[str]:
    """The runs of its newest trials that have ended, the newest first."""
    rows = await tx.all(
        "SELECT run FROM sweeps_trial WHERE sweep = ? AND tuner = 0 AND phase IN ('succeeded', 'failed', 'stopped')"
        " AND run IS NOT NULL ORDER BY number DESC LIMIT ?",
        sweep,
        limit,
    )
    return [row["run"] for row in rows]


async def run_of(tx: PluginTx, sweep: str, key: str) -> str:
    """The run of a trial; empty when there is none."""
    row = await tx.one("SELECT run FROM sweeps_trial WHERE sweep = ? AND key = ?", sweep, key)
    return "" if row is None else row["run"] or ""


async def ended(tx: PluginTx, sweep: str, *, limit: int) -> list[PluginRow]:
    """Its trials that have ended, by number."""
    return await tx.all(
        'SELECT key, phase, params, "values", reason FROM sweeps_trial WHERE sweep = ? AND tuner = 0'
        " AND phase IN ('succeeded', 'failed', 'stopped') ORDER BY number LIMIT ?",
        sweep,
        limit,
    )


def insertion(sweep: str, trials: Iterable[NewTrial], *, at: int) -> Write:
    """New trials."""
    return Write(
        "INSERT INTO sweeps_trial (sweep, key, number, run, asker, tuner, phase, params, note, continues, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (sweep, t.key, t.number, t.run, t.asker, int(t.tuner), "open" if t.run else "prepared", _text(t.params),
             t.note, t.continues, at)
            for t in trials
        ],
    )  # fmt: skip


def start(sweep: str, started: Iterable[tuple[str, str, TrialSync | None]]) -> Write:
    """Prepared trials (by key) have their runs now, and what the optimizer's state has of them."""
    return Write(
        f"UPDATE sweeps_trial SET run = ?, phase = 'open', {_SYNCED}"
        " WHERE sweep = ? AND key = ? AND phase = 'prepared'",
        [(run, *_synced(sync), sweep, key) for key, run, sync in started],
        changes=1,
    )


def results(sweep: str, found: Iterable[tuple[TrialResult, TrialSync | None]], *, at: int) -> Write:
    """Open trials have ended, and what the optimizer's state has of them."""
    return Write(
        f'UPDATE sweeps_trial SET phase = ?, "values" = ?, value = ?, reason = ?, message = ?, ended_at = ?, {_SYNCED}'
        " WHERE sweep = ? AND key = ? AND phase = 'open'",
        [
            (s.phase, _text(s.outputs or s.values), s.value, s.reason, s.message, at, *_synced(sync), sweep, s.key)
            for s, sync in found
        ],
        changes=1,
    )


def synced(sweep: str, trials: Iterable[TrialSync]) -> Write:
    """The optimizer's state has these trials in it."""
    return Write(
        f"UPDATE sweeps_trial SET {_SYNCED} WHERE sweep = ? AND key = ?",
        [(*_synced(each), sweep, each.key) for each in trials],
    )


_SYNCED = "synced = COALESCE(?, synced), synced_step = COALESCE(?, synced_step)"
"""One statement changes all that a plan changes of a trial: each costs as much as the next."""


def _synced(sync: TrialSync | None) -> tuple[int | None, int | None]:
    return (None, None) if sync is None else (2 if sync.ended else 1, sync.step)


def drop_prepared(sweep: str) -> Write:
    """Trials that have no run yet will have none."""
    return Write("DELETE FROM sweeps_trial WHERE sweep = ? AND phase = 'prepared'", [(sweep,)])


def _text(value: object) -> str:
    return _encode(value).decode()
