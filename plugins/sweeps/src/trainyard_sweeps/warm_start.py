"""A warm start: what a sweep learns from before its own first trial, the trials of earlier sweeps or single runs of its
project, as its file names them in `warmStart`.

Only what lies in the space is learned; the objectives are judged as those of its own trials are.
"""

from __future__ import annotations

from typing import Any

import msgspec

from trainyard.matrix.space import misfit
from trainyard_core.contracts.database import PluginRow, PluginTx
from trainyard_core.contracts.director import Child, PlanTools
from trainyard_core.contracts.optimizer import Trial, TrialPhase
from trainyard_sweeps import planned_trials, sweeps
from trainyard_sweeps.trial_result import judge
from trainyard_sweeps.view import SweepView

__all__ = ["earlier_trials"]

MOST = 10_000
"""Trials that are learned from, at most."""
_decode: Any = msgspec.json.decode


async def earlier_trials(view: SweepView, tools: PlanTools) -> list[Trial]:
    """The trials to learn from, before there are any of its own. Raises Invalid for a run that is gone."""
    found: list[Trial] = []
    for name in dict.fromkeys(sweeps.warm_start(view.sweep.options)):
        run = await tools.find_run(name)
        rows = await tools.read(lambda tx, run=run.run: _ended(tx, run))  # type: ignore[misc] # bound at once
        if rows is not None:
            found += [_of_trial(view, run.run, row) for row in rows]
        elif run.ended:
            found.append(_of_run(view, run))
    return [trial for trial in found if not misfit(view.sweep.space, trial.params)][:MOST]


async def _ended(tx: PluginTx, run: str) -> list[PluginRow] | None:
    """The trials of a sweep that have ended; None for a run that is no sweep."""
    return await planned_trials.ended(tx, run, limit=MOST) if await sweeps.exists(tx, run) else None


def _of_trial(view: SweepView, sweep: str, row: PluginRow) -> Trial:
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


def _of_run(view: SweepView, run: Child) -> Trial:
    settled = judge(
        run.run[-8:],
        status=run.status,
        reason=run.reason,
        message=run.message,
        outputs=run.outputs,
        metrics={name: metric.last for name, metric in run.metrics.items()},
        objectives=view.sweep.objectives,
        limits=view.sweep.limits,
    )
    params = _in_space(view, run.params)
    phase = TrialPhase(settled.phase)
    return Trial(key=f"run/{settled.key}", params=params, phase=phase, values=settled.values, reason=settled.reason)


def _in_space(view: SweepView, params: dict[str, object]) -> dict[str, object]:
    """Without what this sweep does not search."""
    return {name: value for name, value in params.items() if name in view.sweep.space.params}
