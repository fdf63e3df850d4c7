"""What a sweep is planned from: the sweep, its trials that have not ended with what core knows of their runs, and those
that its optimizer does not know of yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from trainyard.matrix.sweep import SweepSpec
from trainyard_core.contracts.database import PluginRow, PluginTx
from trainyard_core.contracts.director import FINAL, Child, Intent, MetricSummary, Status, View
from trainyard_sweeps import planned_trials, sweeps
from trainyard_sweeps.outcome import SweepOutcome

__all__ = ["ActiveTrial", "FinishedTrial", "SweepRows", "SweepView", "load", "view_of"]

_decode: Any = msgspec.json.decode
_sweep = msgspec.json.Decoder(SweepSpec)
_outcome = msgspec.json.Decoder(SweepOutcome)


class ActiveTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A trial that is prepared (without a run) or open. `status` is None when its run has been deleted; `ended`:
    its run has, or was."""

    key: str
    number: int
    run: str | None
    tuner: bool
    params: dict[str, object]
    note: str
    continues: str
    synced: int
    synced_step: int
    status: Status | None = None
    reason: str = ""
    message: str = ""
    outputs: dict[str, object] = {}
    stopping: bool = False
    metrics: dict[str, MetricSummary] = {}
    ended: bool = False


class FinishedTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A trial that has ended and that the optimizer's state has not as ended. `outputs` are those of a tuner's run."""

    key: str
    run: str | None
    phase: str
    params: dict[str, object]
    values: dict[str, float]
    reason: str
    synced_step: int
    outputs: dict[str, object]


class SweepView(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep as it is now. `unfinished` are its trials that are prepared (they wait for a slot) or open (also runs of
    a tuner); a plan takes the end of those that have just `ended`. `unscored` are the failed trials whose runs were
    well but brought nothing to judge them by."""

    run: str
    project: str
    name: str
    intent: Intent
    stop: SweepOutcome
    sweep: SweepSpec
    seed: int
    max_trials: int | None
    concurrency: int
    prefetch: int
    external: bool
    state: bytes
    created: int
    exhausted: bool
    outcome: SweepOutcome | None
    unfinished: tuple[ActiveTrial, ...]
    prepared: tuple[ActiveTrial, ...]
    open: tuple[ActiveTrial, ...]
    ended: tuple[ActiveTrial, ...]
    unsynced: tuple[FinishedTrial, ...]
    succeeded: int
    failed: int
    stopped: int
    unscored: int


class SweepRows(NamedTuple):
    """What is read of a sweep's own tables."""

    sweep: PluginRow
    unfinished: Sequence[PluginRow]
    unsynced: Sequence[PluginRow]


async def load(tx: PluginTx, run: str, *, whole: bool = True) -> SweepRows:
    """Read a sweep's own tables; not `whole`, without what never changes and may list thousands of values."""
    row = await (sweeps.load if whole else sweeps.load_state)(tx, run)
    assert row is not None, f"run {run} is no sweep"
    return SweepRows(row, *await planned_trials.planned_for(tx, run))


def view_of(view: View, sweep: SweepSpec | None = None) -> SweepView:
    """The sweep of a view. `sweep` is what an earlier view had: it never changes, and may list thousands of values."""
    parent, rows = view.parent, view.data
    row = rows.sweep
    unfinished = tuple([_active(each, view.children.get(each["key"])) for each in rows.unfinished])
    return SweepView(
        run=parent.run,
        project=parent.project,
        name=parent.name,
        intent=parent.intent,
        stop=SweepOutcome(status=Status.STOPPED, reason=parent.stop_reason, message=parent.stop_message),
        sweep=sweep or _sweep.decode(row["study"]),
        seed=row["seed"],
        max_trials=row["max_trials"],
        concurrency=row["concurrency"],
        prefetch=row["prefetch"],
        external=bool(row["external"]),
        state=parent.state,
        created=row["created"],
        exhausted=bool(row["exhausted"]),
        outcome=_outcome.decode(row["outcome"]) if row["outcome"] else None,
        unfinished=unfinished,
        prepared=tuple([trial for trial in unfinished if trial.run is None]),
        open=tuple([trial for trial in unfinished if trial.run is not None and not trial.ended]),
        ended=tuple([trial for trial in unfinished if trial.ended]),
        unsynced=tuple(_finished(each) for each in rows.unsynced),
        succeeded=row["succeeded"],
        failed=row["failed"],
        stopped=row["stopped"],
        unscored=row["unscored"],
    )


def _active(row: PluginRow, child: Child | None) -> ActiveTrial:
    found = child or _DELETED
    return ActiveTrial(
        key=row["key"],
        number=row["number"],
        run=row["run"],
        tuner=bool(row["tuner"]),
        params=_decode(row["params"]),
        note=row["note"],
        continues=row["continues"],
        synced=row["synced"],
        synced_step=row["synced_step"],
        status=found.status,
        reason=found.reason,
        message=found.message,
        outputs=found.outputs,
        stopping=found.stopping,
        metrics=found.metrics,
        ended=row["run"] is not None and (found.status is None or found.status in FINAL),
    )


_DELETED = ActiveTrial(
    key="", number=0, run=None, tuner=False, params={}, note="", continues="", synced=0, synced_step=0
)
"""What is known of a run that is not there."""


def _finished(row: PluginRow) -> FinishedTrial:
    values = _decode(row["values"])
    return FinishedTrial(
        key=row["key"],
        run=row["run"],
        phase=row["phase"],
        params=_decode(row["params"]),
        values={} if row["tuner"] else values,
        reason=row["reason"],
        synced_step=row["synced_step"],
        outputs=values if row["tuner"] else {},
    )
