"""Watches the trials of one sweep while they run: what they have logged, and which of them the file's rules end.

The rules hold running trials against those that have ended, each with how it ended; a process that comes to a sweep
later reads both, so it decides like the one before.
"""

from __future__ import annotations

from collections.abc import Mapping

from trainyard.matrix.stopping import TrialRule
from trainyard_core.contracts.director import FINAL, ChildStop, MetricSummary, PlanTools, Reason, Status
from trainyard_core.contracts.optimizer import IntermediateValue, StopTrial
from trainyard_sweeps import planned_trials, rules
from trainyard_sweeps.histories import Histories, LoggedPoints
from trainyard_sweeps.installed_policies import InstalledPolicies, PolicyFailed
from trainyard_sweeps.reason import SweepReason
from trainyard_sweeps.view import ActiveTrial, SweepView

__all__ = ["IntermediateResults", "stop_of"]

MOST_BEFORE = 500
"""Trials that had ended before this process came to the sweep, whose metrics are read for the rules."""


class IntermediateResults:
    """Knows the watched metrics of one sweep's trials. `judges`: the optimizer judges running trials itself. `trouble`
    says which policies could not be asked the last time, and why."""

    def __init__(self, view: SweepView, policies: InstalledPolicies, *, judges: bool) -> None:
        self._policies = policies
        self.trouble: tuple[str, ...] = ()
        self._rules = [rule for rule in view.sweep.rules if isinstance(rule, TrialRule)]
        names = [rule.metric for rule in self._rules] + [o.name for o in view.sweep.objectives if judges]
        self._names = frozenset(names)
        self._histories = Histories([*dict.fromkeys(names)])
        self._objectives = frozenset(objective.name for objective in view.sweep.objectives)
        self._ended: dict[str, Status] = {}
        self._caught_up = False

    async def refresh(self, view: SweepView, tools: PlanTools) -> None:
        """Read what has come since."""
        if not self._names:
            return
        if not self._caught_up:
            await self._catch_up(view, tools)
        grown = [self._grown(trial.run, trial.metrics) for trial in view.unfinished if trial.run]
        await self._histories.refresh(grown, tools)
        self._ended |= {trial.run: trial.status for trial in view.unfinished if trial.run and trial.status in FINAL}

    async def _catch_up(self, view: SweepView, tools: PlanTools) -> None:
        """Trials that had ended before: for the rules, and for an optimizer that has not been told of their end."""
        ended = await tools.read(lambda tx: planned_trials.ended_runs(tx, view.run, limit=MOST_BEFORE))
        unsynced = {news.run for news in view.unsynced}
        wanted = [run for run in reversed(ended) if self._rules or run in unsynced]
        children = await tools.children(wanted) if wanted else {}
        found = [children[run] for run in wanted if run in children]
        await self._histories.refresh([self._grown(child.run, child.metrics) for child in found], tools)
        self._ended |= {child.run: child.status for child in found}
        self._caught_up = True

    def since(self, run: str, step: int) -> tuple[IntermediateValue, ...]:
        """What a run has logged of the objectives after a step."""
        if not self._names:
            return ()
        return tuple(each for each in self._histories.since(run, step) if each.name in self._objectives)

    async def stops(self, view: SweepView) -> list[ChildStop]:
        """The trials to stop now, with the reason."""
        if not self._rules:
            return []
        going = {trial.run: trial for trial in view.unfinished if trial.run and not trial.tuner}
        standings = [_standing(trial, self._histories) for trial in going.values()]
        standings += [
            rules.TrialProgress(
                key=run,
                running=False,
                succeeded=self._ended.get(run) is Status.SUCCEEDED,
                history=self._histories.of(run),
            )
            for run in self._histories
            if run not in going
        ]
        found: dict[str, StopTrial] = {}
        trouble: list[str] = []
        for rule in self._rules:
            try:
                found = {stop.key: stop for stop in await self._policies.ends(rule, standings)} | found
            except PolicyFailed as error:
                trouble.append(str(error))
        self.trouble = tuple(trouble)
        return [stop_of(trial, found[run]) for run, trial in going.items() if run in found]

    def _grown(self, run: str, metrics: Mapping[str, MetricSummary]) -> LoggedPoints:
        found = [metric for name, metric in metrics.items() if name in self._names]
        return LoggedPoints(run, sum(each.count for each in found), max((each.attempt for each in found), default=0))


def stop_of(trial: ActiveTrial, stop: StopTrial) -> ChildStop:
    """The trial to stop and why, in words that hold rule, value and what it was held against."""
    value, against = f"{stop.value:.6g}", f"{stop.against:.6g}"
    if value == against:  # the difference is in a later digit
        value, against = repr(stop.value), repr(stop.against)
    return ChildStop(trial.key, SweepReason.EARLY_STOPPED, f"{stop.rule}: {value} against {against}")


def _standing(trial: ActiveTrial, histories: Histories) -> rules.TrialProgress:
    """Of one whose program has ended and whose last frames are awaited, nothing is left to stop."""
    assert trial.run is not None
    return rules.TrialProgress(
        key=trial.run,
        running=not trial.ended and not trial.stopping and trial.reason != Reason.DRAINING,
        succeeded=trial.status is Status.SUCCEEDED,
        history=histories.of(trial.run),
    )
