"""What an optimizer is told: each trial that has changed since its state was written. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trainyard_core.contracts.director import Status
from trainyard_core.contracts.optimizer import IntermediateValue, Trial, TrialPhase
from trainyard_sweeps.planned_trials import TrialResult, TrialSync
from trainyard_sweeps.view import ActiveTrial, FinishedTrial, SweepView

__all__ = ["changed", "syncs"]

Since = Callable[[str, int], tuple[IntermediateValue, ...]]
"""What a run has logged of the objectives after a step."""
_ENDS = (TrialPhase.SUCCEEDED, TrialPhase.FAILED, TrialPhase.STOPPED)


def changed(view: SweepView, settled: Mapping[str, TrialResult], since: Since) -> list[Trial]:
    """The trials that it does not know of, or not as they are now."""
    found = [_ended(news, since) for news in view.unsynced]
    for trial in view.unfinished:
        if trial.ended:
            found.append(_tuned(trial) if trial.tuner else _settled(trial, settled[trial.key], since))
        elif not trial.tuner and (news := _going(trial, since)) is not None:
            found.append(news)
    return found


def syncs(trials: list[Trial], before: Mapping[str, int]) -> list[TrialSync]:
    """What its state has of these trials then; `before` is up to which step it knew each."""
    return [
        TrialSync(t.key, t.phase in _ENDS, max((each.step for each in t.intermediate), default=before.get(t.key, -1)))
        for t in trials
    ]


def _ended(news: FinishedTrial, since: Since) -> Trial:
    return Trial(
        key=news.key,
        params=news.params,
        phase=TrialPhase(news.phase),
        values=news.values,
        intermediate=since(news.run, news.synced_step) if news.run else (),
        reason=news.reason,
        outputs=news.outputs,
    )


def _tuned(trial: ActiveTrial) -> Trial:
    """The end of a tuner's run."""
    well = trial.status is Status.SUCCEEDED
    said = "" if well else trial.message or trial.reason or "its run failed"
    phase = TrialPhase.SUCCEEDED if well else TrialPhase.FAILED
    return Trial(key=trial.key, params=trial.params, phase=phase, reason=said, outputs=trial.outputs)


def _settled(trial: ActiveTrial, end: TrialResult, since: Since) -> Trial:
    return Trial(
        key=trial.key,
        params=trial.params,
        phase=TrialPhase(end.phase),
        values=end.values,
        intermediate=since(trial.run, trial.synced_step) if trial.run else (),
        reason=end.reason,
    )


def _going(trial: ActiveTrial, since: Since) -> Trial | None:
    points = since(trial.run, trial.synced_step) if trial.run else ()
    if trial.synced and not points:
        return None
    phase = TrialPhase.RUNNING if trial.status is Status.RUNNING else TrialPhase.PENDING
    return Trial(key=trial.key, params=trial.params, phase=phase, intermediate=points)
