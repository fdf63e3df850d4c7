"""Watches the trials of one sweep while they run: what they have logged, and which of them the file's rules end."""

from __future__ import annotations

from trainyard.matrix.stopping import TrialRule
from trainyard_core.contracts.optimizer import Measured, StopTrial
from trainyard_core.contracts.tracker import Tracker
from trainyard_core.db import sweeps
from trainyard_core.db.engine import Database
from trainyard_core.lifecycle import Reason, Status, Step
from trainyard_core.sweeps import rules
from trainyard_core.sweeps.histories import Histories
from trainyard_core.sweeps.view import Open, View

__all__ = ["Watcher", "stop_of"]

MOST_BEFORE = 500
"""Trials that had ended before this process came to the sweep, whose metrics are read for the rules."""


class Watcher:
    """Knows the watched metrics of one sweep's trials. `judged`: the optimizer judges running trials itself."""

    def __init__(self, database: Database, tracker: Tracker | None, view: View, *, judged: bool) -> None:
        self._database = database
        self._rules = [rule for rule in view.sweep.rules if isinstance(rule, TrialRule)]
        names = [rule.metric for rule in self._rules] + [o.name for o in view.sweep.objectives if judged]
        self._names = frozenset(names)
        self._histories = Histories(tracker, view.project, [*dict.fromkeys(names)])
        self._numbers: dict[str, int] = {}
        self._caught_up = False

    async def refresh(self, view: View) -> None:
        """Read what has come since."""
        if not self._names:
            return
        if self._rules and not self._caught_up:
            ended = await self._database.read(lambda tx: sweeps.succeeded_runs(tx, view.run, limit=MOST_BEFORE))
            await self._histories.refresh((row["run"], row["total"]) for row in ended)
            self._caught_up = True
        await self._histories.refresh((trial.run, self._total(trial)) for trial in view.going if trial.run)

    def since(self, run: str, step: int) -> tuple[Measured, ...]:
        """What a run has logged after a step."""
        return self._histories.since(run, step)

    def stops(self, view: View) -> list[tuple[str, Step]]:
        """The runs to stop now, with the reason."""
        if not self._rules:
            return []
        going = {trial.run: trial for trial in view.going if trial.run and not trial.tuner}
        standings = [_standing(trial, self._histories) for trial in going.values()]
        standings += [
            rules.Standing(key=run, running=False, succeeded=True, history=self._histories.of(run))
            for run in self._histories
            if run not in going
        ]
        found = {stop.key: stop for stop in rules.ends_trials(self._rules, standings)}
        return [stop_of(trial, found[trial.key]) for trial in going.values() if trial.key in found]

    def _total(self, trial: Open) -> int:
        return sum(metric.total for name, metric in trial.metrics.items() if name in self._names)


def stop_of(trial: Open, stop: StopTrial) -> tuple[str, Step]:
    """The run to stop and why, in words that hold rule, value and what it was held against."""
    assert trial.run is not None
    said = f"{stop.rule}: {stop.value:.6g} against {stop.against:.6g}"
    return trial.run, Step(Status.STOPPED, Reason.EARLY_STOPPED, said)


def _standing(trial: Open, histories: Histories) -> rules.Standing:
    assert trial.run is not None
    return rules.Standing(
        key=trial.key,
        running=not trial.ended and not trial.stopping,
        succeeded=trial.status is Status.SUCCEEDED,
        history=histories.of(trial.run),
    )
