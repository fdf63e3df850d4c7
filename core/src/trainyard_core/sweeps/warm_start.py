"""A warm start: what a sweep learns from before its own first trial, the trials of earlier sweeps or single runs of its
project, as its file names them in `warmStart`.

Only what lies in the space is learned; the objectives are judged as those of its own trials are.
"""

from __future__ import annotations

from typing import Any

import msgspec

from trainyard.matrix.space import misfit
from trainyard_core.contracts.optimizer import Trial, TrialPhase
from trainyard_core.db import planned_trials, runs, sweeps, tracking
from trainyard_core.db.engine import Row, Tx
from trainyard_core.lifecycle import FINAL, Status
from trainyard_core.sweeps.trial_result import judge
from trainyard_core.sweeps.view import SweepView

__all__ = ["learned"]

MOST = 10_000
"""Trials that are learned from, at most."""
_decode: Any = msgspec.json.decode


async def learned(tx: Tx, view: SweepView) -> list[Trial]:
    """The trials to learn from, before there are any of its own."""
    found: list[Trial] = []
    for run in await sweeps.sources(tx, view.project, sweeps.warm_start(view.sweep.options)):
        if await sweeps.exists(tx, run):
            rows = await planned_trials.ended(tx, run, limit=MOST)
            found += [_of_trial(view, run, row) for row in rows]
        elif (row := await runs.get(tx, run)) is not None and row["status"] in FINAL:
            found.append(await _of_run(tx, view, row))
    return [trial for trial in found if not misfit(view.sweep.space, trial.params)][:MOST]


def _of_trial(view: SweepView, sweep: str, row: Row) -> Trial:
    values: dict[str, float] = _decode(row["values"])
    missing = any(objective.name not in values for objective in view.sweep.objectives)
    phase = TrialPhase.FAILED if missing else TrialPhase(row["phase"])
    return Trial(
        key=f"{sweep[-8:]}/{row['key']}",
        params=_in_space(view, _decode(row["params"])),
        phase=phase,
        values=values,
        reason=row["reason"],
    )


async def _of_run(tx: Tx, view: SweepView, row: Row) -> Trial:
    metrics = {each["name"]: each["last"] for each in await tracking.metrics(tx, row["id"])}
    settled = judge(
        row["id"][-8:],
        status=Status(row["status"]),
        reason=row["reason"],
        message=row["message"],
        outputs=_decode(row["outputs"]),
        metrics=metrics,
        objectives=view.sweep.objectives,
        limits=view.sweep.limits,
    )
    params = _in_space(view, _decode(row["params"]))
    phase = TrialPhase(settled.phase)
    return Trial(key=f"run/{settled.key}", params=params, phase=phase, values=settled.values, reason=settled.reason)


def _in_space(view: SweepView, params: dict[str, object]) -> dict[str, object]:
    """Without what this sweep does not search."""
    return {name: value for name, value in params.items() if name in view.sweep.space.params}
