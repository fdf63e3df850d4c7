"""What a director decides from its view alone, before anybody is asked: how trials went, whether the sweep is to end,
and what an end does. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trainyard_core.contracts.director import ChildStop, Intent, Status
from trainyard_sweeps import rules
from trainyard_sweeps.outcome import SweepOutcome, blind
from trainyard_sweeps.plan import SweepPlan
from trainyard_sweeps.planned_trials import TrialResult
from trainyard_sweeps.reason import SweepReason
from trainyard_sweeps.trial_result import judge, number
from trainyard_sweeps.view import ActiveTrial, SweepView

__all__ = ["has_run_out", "outcome", "trial_result", "tuner_result", "wind_up"]


def trial_result(view: SweepView, trial: ActiveTrial) -> TrialResult:
    """How a trial went whose run has ended."""
    if trial.status is None:
        return TrialResult(key=trial.key, phase="failed", reason=SweepReason.DELETED, message="its run was deleted")
    return judge(
        trial.key,
        status=trial.status,
        reason=trial.reason,
        message=trial.message,
        outputs=trial.outputs,
        metrics={name: metric.last for name, metric in trial.metrics.items()},
        objectives=view.sweep.objectives,
        limits=view.sweep.limits,
    )


def tuner_result(trial: ActiveTrial) -> TrialResult:
    """How a run of a tuner went."""
    phase = "succeeded" if trial.status is Status.SUCCEEDED else "failed"
    return TrialResult(key=trial.key, phase=phase, outputs=trial.outputs, reason=trial.reason, message=trial.message)


def outcome(view: SweepView, settled: Sequence[TrialResult]) -> SweepOutcome | None:
    """How the sweep will end, when that is decided by what has happened so far."""
    if view.intent is Intent.STOP:
        return view.stop
    succeeded = view.succeeded + sum(each.phase == "succeeded" for each in settled)
    failed = view.failed + sum(each.phase == "failed" for each in settled)
    unjudged = [each.message for each in settled if each.reason == SweepReason.NO_OBJECTIVE]
    if unjudged:
        found = blind(succeeded=succeeded, unjudged=view.unscored + len(unjudged), message=unjudged[-1])
        if found is not None:
            return found
    if not view.sweep.rules:
        return None
    best = {trial.number: _extremes(trial) for trial in view.unfinished if not trial.tuner}
    total = view.max_trials if view.max_trials is not None else view.created
    return rules.ends_sweep(view.sweep.rules, failed=failed, total=total, best=best)


def _extremes(trial: ActiveTrial) -> dict[str, tuple[float | None, float | None]]:
    """The lowest and the highest of what it has logged and written so far."""
    found = {name: (metric.min, metric.max) for name, metric in trial.metrics.items()}
    for name, written in trial.outputs.items():
        value = number(written)
        if value is not None and math.isfinite(value):
            low, high = found.get(name, (None, None))
            found[name] = (value if low is None else min(low, value), value if high is None else max(high, value))
    return found


def wind_up(view: SweepView, plan: SweepPlan, end: SweepOutcome) -> None:
    """Nothing new begins; what runs is stopped, but for the trial that the end spares unless a person stops the
    sweep; when nothing runs any more, that is the end."""
    plan.started.clear()
    plan.prepared.clear()
    plan.drops = len(view.prepared)
    spares = 0 if view.intent is Intent.STOP else end.spares
    stopped = [trial for trial in view.open if not trial.stopping and (trial.tuner or trial.number != spares)]
    plan.stops = [ChildStop(trial.key, end.reason, end.message) for trial in stopped]
    if not view.open:
        plan.final = end


def has_run_out(view: SweepView, plan: SweepPlan) -> bool:
    """Whether nothing goes on, and nothing will ever come."""
    if view.open or plan.started or plan.prepared or view.prepared:
        return False
    return plan.exhausted or (view.max_trials is not None and view.created + plan.created >= view.max_trials)
