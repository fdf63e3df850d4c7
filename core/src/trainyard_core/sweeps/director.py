"""The director of one sweep: it looks at what has become of the trials and plans the next ones.

One look is: read the view; judge the trials that have ended; decide what is to be stopped; ask the optimizer, outside
of any transaction; then write all of it in one, with the optimizer's new state, the new trials and their runs, and what
was consumed. A look may be cut off anywhere and made again by anybody: until the commit nothing has happened, and of
two who planned on the same view one writes (`db.sweeps.claim_version`).
"""

from __future__ import annotations

from typing import NamedTuple

from trainyard.matrix.sweep import SweepSpec
from trainyard_core.contracts.optimizer import SupportsEarlyStopping
from trainyard_core.db import planned_trials, sweeps
from trainyard_core.lifecycle import FINAL, Reason, Status
from trainyard_core.sweeps import concurrency, decision, trial_update
from trainyard_core.sweeps.dependencies import Dependencies
from trainyard_core.sweeps.intermediate import IntermediateResults, stop_of
from trainyard_core.sweeps.lease import SweepLease
from trainyard_core.sweeps.outcome import SweepOutcome, natural
from trainyard_core.sweeps.plan import SweepPlan, TrialRequest, WriteResult, write
from trainyard_core.sweeps.suggest import Suggester
from trainyard_core.sweeps.view import SweepView, load
from trainyard_core.sweeps.warm_start import learned

__all__ = ["Director", "PlanningResult"]


class PlanningResult(NamedTuple):
    """What came of a look: whether the sweep is over, and whether anything was written. `busy`: another process is
    about it."""

    over: bool
    wrote: bool
    busy: bool = False


class Director:
    """Plans one sweep; its looks come one after the other."""

    def __init__(self, run: str, means: Dependencies) -> None:
        self.run, self._means = run, means
        self._proposer, self._turn = Suggester(means), SweepLease(means)
        self._watcher: IntermediateResults | None = None
        self._sweep: SweepSpec | None = None

    async def look(self, asking: TrialRequest | None = None) -> PlanningResult:
        """Look and plan until there is nothing more to do now; with trials for a program outside that asks. Raises what
        the database and the optimizer raise; nothing is lost by it."""
        wrote = False
        while True:
            view = await self._means.database.read(lambda tx: load(tx, self.run, self._sweep))
            if view is None or view.status in FINAL:
                return PlanningResult(True, wrote)
            self._sweep = view.sweep
            if view.status not in (Status.RUNNING, Status.STOPPING):
                return PlanningResult(False, wrote)
            plan = await self._plan(view, asking)
            if plan is None or plan.is_empty(view):
                await self._rest(view, until=view.lease_until if plan is None else None)
                if plan is not None and plan.state is not None:
                    await self._turn.done(view.run)
                return PlanningResult(False, wrote, busy=plan is None)
            written = await self._write(view, plan)
            wrote, asking = wrote or written.done, None if written.done else asking
            if written.rests:
                return PlanningResult(False, wrote)

    async def _rest(self, view: SweepView, *, until: int | None) -> None:
        """There is nothing to do until somebody wakes the sweep again, or until another process has thought enough."""
        if view.wake_at != until:
            await self._means.database.write(
                lambda tx: sweeps.rested(tx, view.run, seen=view.wake_seq, until=until), name="rest"
            )

    async def _write(self, view: SweepView, plan: SweepPlan) -> WriteResult:
        at, policy = self._means.clock.now(), self._means.policy
        written = await self._means.database.write(lambda tx: write(tx, view, plan, policy=policy, at=at), name="plan")
        if written.done and (plan.stops or plan.started):
            self._means.call()
        return written

    async def _plan(self, view: SweepView, asking: TrialRequest | None) -> SweepPlan | None:
        """What to write now; None when another process is about it."""
        ended = [trial for trial in view.going if trial.ended]
        settled = [decision.judged(view, trial) for trial in ended if not trial.tuner]
        plan = SweepPlan(
            settled=settled,
            tuned=[decision.tuned(trial) for trial in ended if trial.tuner],
            exhausted=view.exhausted,
            outcome=view.outcome or decision.ending(view, settled),
            asking=asking,
        )
        if plan.outcome is None and not await self._go_on(view, plan):
            return None
        if plan.outcome is not None:
            decision.wind_up(view, plan, plan.outcome)
        elif decision.has_run_out(view, plan):
            plan.outcome = plan.final = await self._natural(view, plan)
        return plan

    async def _go_on(self, view: SweepView, plan: SweepPlan) -> bool:
        """What is stopped, started and suggested while the sweep goes on. False when another process is about it."""
        watcher = await self._watched(view)
        plan.stops = watcher.stops(view)
        free = view.concurrency - sum(not trial.tuner for trial in view.open)
        await self._proposer.start_prepared(view, plan, free)
        free -= len(plan.started)
        changed = trial_update.changed(view, {each.key: each for each in plan.settled}, watcher.since)
        count = concurrency.wanted(view, plan, free)
        plan.complete = concurrency.can_wait(view, plan, changed, count)
        if plan.complete or (plan.started and concurrency.comes_first(view, quick=self._proposer.is_quick)):
            return True  # the slot is taken at once; what comes next is thought about afterwards
        if not view.state and not view.created:
            changed = [*await self._means.database.read(lambda tx: learned(tx, view)), *changed]
        if not await self._turn.may(view.run):
            return False
        try:
            async with self._turn.aloud(view.run):
                answer, stops = await self._proposer.ask(view, changed, count)
        except Exception:
            await self._turn.done(view.run)
            raise
        going = {trial.key: trial for trial in view.open if not trial.stopping}
        plan.stops += [stop_of(going[stop.key], stop) for stop in stops if stop.key in going]
        plan.state, plan.exhausted = answer.state, plan.exhausted or answer.exhausted
        plan.synced = trial_update.told(changed, {trial.key: trial.synced_step for trial in view.going})
        plan.complete = answer.exhausted or len(answer.suggestions) >= count
        if answer.failure:
            plan.outcome = SweepOutcome(status=Status.FAILED, reason=Reason.OPTIMIZER, message=answer.failure)
        else:
            await self._proposer.take(view, plan, answer, free=free)
        return True

    async def _watched(self, view: SweepView) -> IntermediateResults:
        if self._watcher is None:
            judged = isinstance(self._proposer.optimizer(view), SupportsEarlyStopping)
            self._watcher = IntermediateResults(self._means.database, self._means.tracker, view, judged=judged)
        await self._watcher.refresh(view)
        return self._watcher

    async def _natural(self, view: SweepView, plan: SweepPlan) -> SweepOutcome:
        succeeded = view.succeeded + plan.count("succeeded")
        last = next((each.message or each.reason for each in reversed(plan.settled) if each.phase == "failed"), "")
        if not last and not succeeded:
            last = await self._means.database.read(lambda tx: planned_trials.last_failure(tx, view.run))
        return natural(succeeded=succeeded, total=view.created + plan.created, last_failure=last)
